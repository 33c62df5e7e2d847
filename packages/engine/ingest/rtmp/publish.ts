import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { RTMP_LIMITS } from '@bandstand/media/protocols/rtmp/limits.ts'
import {
  createRtmpPublishSession,
  type RtmpPublishEvent,
  type RtmpPublishSession,
} from '@bandstand/media/protocols/rtmp/session/publish.ts'
import type { RtmpOutput } from '@bandstand/media/protocols/rtmp/session/server-types.ts'
import type { Clip } from './clip.ts'
import { ClipPlayer } from './clip-player.ts'
import { nodeCrypto } from './node-crypto.ts'

/** Tags are sent in batches this far apart, ms: a timer per tag would cost more than the sending. */
const BATCH_MS = 10
/** Bytes waiting in the socket above which tags are held back. */
const SEND_BYTES = 4 * 1024 * 1024
const CHUNK_BYTES = 65_536
/** How long a server has to close after we did, ms. */
const END_MS = 2_000

export interface PublishFlvOptions {
  readonly host: string
  readonly port: number
  /** Application, usually `live`. */
  readonly app: string
  readonly key: string
  /** From `readClip`; one clip may serve many publishers. */
  readonly clip: Clip
  /** At the clip's own pace; `false` sends as fast as the server takes it. */
  readonly realtime: boolean
  readonly loop: boolean
  /** What the publisher calls itself. */
  readonly encoder?: string
  readonly handshake?: 'plain' | 'digest'
  /** Tries again this long after a connection was lost or refused, ms; without it the publisher ends then. */
  readonly reconnectMs?: number
  /** RTMPS in place of RTMP. `rejectUnauthorized: false` takes whatever certificate. */
  readonly tls?: { readonly rejectUnauthorized?: boolean; readonly ca?: string | Buffer }
  /** Says that it speaks Enhanced RTMP, which a clip of anything but H.264 and AAC does. */
  readonly enhanced?: boolean
  /** Address of this machine to connect from. */
  readonly localAddress?: string
  /** Where in the clip a connection starts, ms; asked at each connection. */
  readonly startAt?: () => number
}

/** How publishing ended: `code` and `text` as the server said, empty where it did not. `reconnect`: it asked to be connected to again. */
export interface PublishEnd {
  readonly how: 'stopped' | 'finished' | 'refused' | 'lost' | 'reconnect'
  readonly code: string
  readonly text: string
}

export interface FlvPublisher {
  /** `true` once media is accepted for the first time, `false` when it ended before that. */
  readonly publishing: Promise<boolean>
  readonly ended: Promise<PublishEnd>
  /** Tags sent over all connections. */
  readonly sent: number
  /** Connections that were accepted. */
  readonly accepted: number
  /** Says goodbye (FCUnpublish, deleteStream) and ends. */
  stop(): Promise<void>
  /** Cuts the connection as a lost network would. With `reconnectMs` it comes back. */
  disconnect(): void
  /** Sends nothing for `ms`, then everything that was due at once, as an encoder behind a stalled link does. */
  stall(ms: number): void
  /** Shifts all timestamps from now on by `ms`, forth or back. */
  jump(ms: number): void
}

/** Publishes a clip over RTMP or RTMPS: the demo's encoder, and that of benches and fault tests. */
export function publishFlv(options: PublishFlvOptions): FlvPublisher {
  return new Publisher(options)
}

class Publisher implements FlvPublisher {
  readonly #options: PublishFlvOptions
  readonly publishing: Promise<boolean>
  readonly ended: Promise<PublishEnd>
  readonly #stopping = new AbortController()
  #accept: (accepted: boolean) => void
  #socket: Socket | undefined
  #session: RtmpPublishSession | undefined
  #stalledUntil = 0
  #shift = 0
  sent = 0
  accepted = 0

  constructor(options: PublishFlvOptions) {
    this.#options = options
    const { promise, resolve } = Promise.withResolvers<boolean>()
    this.publishing = promise
    this.#accept = resolve
    this.ended = this.#run().finally(() => resolve(false))
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    const socket = this.#socket
    if (socket !== undefined && !socket.destroyed) {
      write(socket, this.#session?.unpublish() ?? [])
      endSoon(socket)
    }
    await this.ended
  }

  disconnect(): void {
    // A socket of TLS cannot be reset.
    if (this.#options.tls === undefined) this.#socket?.resetAndDestroy()
    else this.#socket?.destroy()
  }

  stall(ms: number): void {
    this.#stalledUntil = performance.now() + ms
  }

  jump(ms: number): void {
    this.#shift += ms
  }

  async #run(): Promise<PublishEnd> {
    const { signal } = this.#stopping
    for (;;) {
      const end = await this.#connection()
      if (signal.aborted) return { how: 'stopped', code: '', text: '' }
      if (end.how === 'finished' || this.#options.reconnectMs === undefined) return end
      try {
        await sleep(this.#options.reconnectMs, undefined, { signal })
      } catch {
        return { how: 'stopped', code: '', text: '' }
      }
    }
  }

  #connection(): Promise<PublishEnd> {
    const { host, port, app, key, tls, enhanced = false } = this.#options
    const { promise, resolve } = Promise.withResolvers<PublishEnd>()
    const socket = this.#open()
    const session = createRtmpPublishSession({
      crypto: nodeCrypto,
      limits: RTMP_LIMITS,
      app,
      tcUrl: `${tls === undefined ? 'rtmp' : 'rtmps'}://${host}:${port}/${app}`,
      key,
      encoder: this.#options.encoder ?? 'FMLE/3.0 (compatible; Bandstand)',
      handshake: this.#options.handshake ?? 'plain',
      enhanced,
      chunkBytes: CHUNK_BYTES,
      now: performance.now(),
    })
    this.#socket = socket
    this.#session = session
    let end: PublishEnd = { how: 'lost', code: '', text: 'the connection was lost' }
    let timer: NodeJS.Timeout | undefined
    const onOutput = (output: RtmpOutput<RtmpPublishEvent>): void => {
      write(socket, output.send)
      for (const event of output.events) {
        if (event.type === 'publishing') {
          clearTimeout(timer)
          this.accepted++
          this.#accept(true)
          timer = this.#play(socket, session, () => {
            end = { how: 'finished', code: '', text: '' }
          })
        } else if (event.type === 'reconnect') {
          end = { how: 'reconnect', code: 'NetConnection.Connect.ReconnectRequest', text: event.text }
          endSoon(socket)
        } else {
          end = { how: 'refused', code: event.code, text: event.text }
          endSoon(socket)
        }
      }
    }
    timer = setInterval(() => onOutput(session.wake(performance.now())), 1000)
    socket.on(tls === undefined ? 'connect' : 'secureConnect', () => onOutput(session.start()))
    socket.on('data', (bytes: Buffer) => onOutput(session.receive(bytes, performance.now())))
    socket.on('error', (error) => {
      if (end.how === 'lost') end = { ...end, text: error.message }
    })
    socket.on('close', () => {
      clearInterval(timer)
      resolve(end)
    })
    return promise
  }

  #open(): Socket {
    const { host, port, tls, localAddress } = this.#options
    const to = { host, port, ...(localAddress !== undefined && { localAddress }) }
    if (tls === undefined) return connect({ ...to, noDelay: true })
    return connectTls({ ...to, ...tls }).setNoDelay()
  }

  #play(socket: Socket, session: RtmpPublishSession, onFinished: () => void): NodeJS.Timeout {
    const { clip, loop, realtime } = this.#options
    const player = new ClipPlayer(clip, loop, this.#options.startAt?.() ?? 0)
    if (clip.metadata !== undefined) write(socket, session.metadata(clip.metadata))
    for (const track of clip.tracks) write(socket, session.media(track.kind, Math.max(0, this.#shift), track.header))
    const start = performance.now() - player.lead
    const timer = setInterval(() => {
      const now = performance.now()
      if (now < this.#stalledUntil || socket.writableLength > SEND_BYTES || socket.writableEnded) return
      const until = realtime ? now - start : Number.POSITIVE_INFINITY
      socket.cork()
      // As fast as possible still means: until the socket is full.
      while (socket.writableLength <= SEND_BYTES) {
        const tag = player.next(until)
        if (tag === undefined) break
        this.sent++
        for (const piece of session.media(tag.kind, tag.timestamp + this.#shift, tag.body)) socket.write(piece)
      }
      socket.uncork()
      if (player.due === Number.POSITIVE_INFINITY) {
        onFinished()
        write(socket, session.unpublish())
        endSoon(socket)
      }
    }, BATCH_MS)
    return timer
  }
}

/** Ends our side; a server that does not end its own in time is left. */
function endSoon(socket: Socket): void {
  if (socket.connecting) socket.destroy()
  else socket.end()
  setTimeout(() => socket.destroy(), END_MS).unref()
}

function write(socket: Socket, pieces: readonly Uint8Array[]): void {
  if (pieces.length === 0 || socket.destroyed || socket.writableEnded) return
  socket.cork()
  for (const piece of pieces) socket.write(piece)
  socket.uncork()
}
