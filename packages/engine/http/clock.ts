import { cacheControl, headerSet } from './headers.ts'
import type { HttpRequest, HttpResponse } from './message.ts'

const headers = headerSet('text/plain; charset=utf-8', cacheControl.none, 'Content-Length', '24')

/** Answers with the time, for players that ask because of a manifest's `UTCTiming` (ISO/IEC 23009-1 5.8.5.7, `http-xsdate`). */
export function sendClock(req: HttpRequest, res: HttpResponse): void {
  res.writeHead(200, headers as string[])
  res.end(req.method === 'HEAD' ? undefined : Buffer.from(new Date().toISOString()))
}
