import { readFileSync } from 'node:fs'
import { readClip } from '@bandstand/engine/ingest/rtmp/clip.ts'
import { publishFlv } from '@bandstand/engine/ingest/rtmp/publish.ts'
import type { Log } from '@bandstand/engine/ports.ts'

/** Length of the clip in ms: a minute, so that started at the current second of the minute it shows the wall clock. */
const clipLength = 60_000
const reconnectMs = 2000

export interface DemoOptions {
  /** Where the server listens for RTMP. */
  readonly rtmp: { readonly host: string; readonly port: number }
  readonly key: string
  readonly log: Log
}

/**
 * Publishes the clip of this folder in a loop over RTMP, as any encoder would, until the process ends: without a goodbye,
 * for then the broadcast goes on when the server is started again.
 */
export function startDemo({ rtmp, key, log }: DemoOptions): void {
  const clip = readClip(readFileSync(new URL('clip.flv', import.meta.url)))
  const publisher = publishFlv({
    ...{ host: rtmp.host, port: rtmp.port, app: 'live', key, clip, reconnectMs },
    ...{ realtime: true, loop: true, encoder: 'Bandstand demo' },
    startAt: () => Date.now() % clipLength,
  })
  void publisher.ended.then(({ how, code, text }) => {
    log.warn({ how, code, text }, 'demo: publishing ended')
  })
}
