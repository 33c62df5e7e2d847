import { connect as connectTcp, type Socket } from 'node:net'
import { type Answer, type Client, textOf } from './client.ts'
import type { Figures } from './figures.ts'

/** What sockets read into: bytes are counted, and looked at where they are not a body. */
const shared = Buffer.allocUnsafe(256 * 1024)

/** One request after the other on one bare connection. */
export function createSocketClient(origin: URL, figures: Figures): Client {
  let socket: Socket | undefined
  let head = ''
  /** Bytes of the body still to come; -1 in the head. */
  let left = -1
  let size = 0
  let kept: Buffer[] = []
  let current: { resolve(a: Answer): void; reject(e: unknown): void; known: ((etag: string) => boolean) | undefined }
  let busy = false
  let keep = false
  let status = 0
  let etag = ''
  let encoding = ''

  const open = () => {
    const s = connectTcp({
      host: origin.hostname,
      port: Number(origin.port || 80),
      noDelay: true,
      onread: {
        buffer: shared,
        callback: (length) => {
          onData(length)
          return true
        },
      },
    })
    s.on('error', (e) => fail(e))
    s.on('close', () => fail(new Error('closed')))
    head = ''
    left = -1
    socket = s
    return s
  }
  const fail = (e: unknown) => {
    socket?.destroy()
    socket = undefined
    if (!busy) return
    busy = false
    current.reject(e)
  }
  const readHead = (length: number): number => {
    const before = head.length
    head += shared.toString('latin1', 0, Math.min(length, 2_000))
    const end = head.indexOf('\r\n\r\n')
    if (end < 0) return -1
    status = Number(head.slice(9, 12))
    size = left = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
    etag = current.known === undefined ? '' : (/etag: (\S+)/i.exec(head)?.[1] ?? '')
    keep = current.known !== undefined && (etag === '' || !current.known(etag))
    encoding = keep ? (/content-encoding: (\S+)/i.exec(head)?.[1] ?? '') : ''
    head = ''
    return end + 4 - before
  }
  const onData = (length: number) => {
    if (!busy) return fail(new Error('bytes that nobody asked for'))
    let from = 0
    if (left < 0) {
      from = readHead(length)
      if (from < 0) return
    }
    if (keep && length > from) kept.push(Buffer.from(shared.subarray(from, length)))
    left -= length - from
    figures.bytes += length - from
    if (left < 0) return fail(new Error('more bytes than announced'))
    if (left > 0) return
    left = -1
    busy = false
    const text = textOf(kept, encoding)
    kept = []
    current.resolve({ status, etag, size, text })
  }
  return {
    get: ({ bytes }, known) =>
      new Promise((resolve, reject) => {
        current = { resolve, reject, known }
        busy = true
        const s = socket ?? open()
        s.write(bytes)
      }),
    close: () => socket?.destroy(),
  }
}
