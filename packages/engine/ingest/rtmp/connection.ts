import type { Duplex } from 'node:stream'
import type { Amf0Object } from '@bandstand/media/protocols/rtmp/amf0/value.ts'
import { createRtmpServerSession } from '@bandstand/media/protocols/rtmp/session/server.ts'
import type {
  RtmpOutput,
  RtmpServerEvent,
  RtmpServerSession,
} from '@bandstand/media/protocols/rtmp/session/server-types.ts'
import { TrafficMeter } from '@bandstand/media/traffic.ts'
import type { Log, Publisher, PublishPort, PublishRefusal } from '../../ports.ts'
import type { RefusalLog } from '../../remote/refusals.ts'
import { announcedTracks, factsFromMetadata, trackBitrates } from './facts.ts'
import type { Gulps } from './gulps.ts'
import type { RtmpListenerLimits } from './limits.ts'
import { nodeCrypto } from './node-crypto.ts'
import { shortKey, statusOf } from './status.ts'
import { createFlvToStream, type FlvToStream } from './to-stream.ts'
import { HASTY } from './wording.ts'

export interface RtmpConnectionOptions {
  /** A TCP socket, or a TLS socket for RTMPS. Owned by the connection from here on. */
  readonly socket: Duplex
  readonly protocol: 'rtmp' | 'rtmps'
  /** Remote address without port. */
  readonly remote: string
  readonly publishPort: PublishPort
  readonly log: Log
  /** Of all connections: a flood of equal refusals is few lines. */
  readonly refusals: RefusalLog
  /** Of all connections: how media are read. */
  readonly gulps: Gulps
  readonly limits: RtmpListenerLimits
  /** Why the encoder is not let in. Whoever says so has logged it. */
  readonly rejection?: string
}

export interface RtmpConnection {
  /** Remote address without port. */
  readonly remote: string
  /** Its encoder was accepted and has not gone. */
  readonly isPublishing: boolean
  /** Ends it as a lost connection would: the encoder may return. */
  close(): void
  /** Ends it without waiting. */
  destroy(): void
  readonly closed: Promise<void>
}

/** Application that encoders publish to. */
const APP = 'live'

/** Runs one encoder's connection: socket ↔ session ↔ publish port. An error in it ends this connection only. */
export function serveRtmpConnection(options: RtmpConnectionOptions): RtmpConnection {
  return new Connection(options)
}

class Connection implements RtmpConnection {
  readonly #options: RtmpConnectionOptions
  readonly #session: RtmpServerSession
  readonly closed: Promise<void>
  #over = false
  #timer: NodeJS.Timeout | undefined
  #timerAt = Number.POSITIVE_INFINITY
  /** Counts publishes, so that an answer that comes too late is known. */
  #attempt = 0
  /** Publishes whose answer is still to come: nothing is read meanwhile. */
  #unanswered = 0
  #key = ''
  /** The newest metadata as text, to tell a change from a repetition. */
  #metadata = ''
  /** What it feeds, or has fed last. */
  #fed: Pick<Publisher, 'channel'> | undefined
  #publisher: Publisher | undefined
  #media: FlvToStream | undefined
  /** Why the encoder is told to go, where it is not the session that says so. */
  #refusal: PublishRefusal['code'] | undefined
  #acceptedAt = 0
  readonly #traffic: TrafficMeter
  /** Units of `#media` that `#traffic` knows of. */
  #counted = 0

  constructor(options: RtmpConnectionOptions) {
    const { socket, limits, rejection } = options
    this.#options = options
    this.#traffic = new TrafficMeter(limits.bitrateWindowMs)
    this.#session = createRtmpServerSession({
      crypto: nodeCrypto,
      limits,
      app: APP,
      now: performance.now(),
      ...(rejection !== undefined && { rejection }),
    })
    const { promise, resolve } = Promise.withResolvers<void>()
    this.closed = promise
    socket.on('data', (chunk: Buffer) => {
      if (!this.#over) this.#run(() => this.#session.receive(chunk, performance.now()))
    })
    socket.on('error', (error) =>
      options.log.debug({ ...this.#fields(), error: error.message }, this.#line('socket error')),
    )
    socket.on('close', () => {
      this.#over = true
      clearTimeout(this.#timer)
      this.#end('disconnected')
      resolve()
    })
    this.#run(() => this.#session.wake(performance.now()))
  }

  get remote(): string {
    return this.#options.remote
  }

  get isPublishing(): boolean {
    return this.#publisher !== undefined
  }

  close(): void {
    this.#end('disconnected')
    this.#finish()
  }

  destroy(): void {
    this.#options.socket.destroy()
  }

  /** Does one thing with the session and what follows from it; whatever goes wrong stays in this connection. */
  #run(step: () => RtmpOutput<RtmpServerEvent>): void {
    try {
      const output = step()
      this.#write(output.send)
      for (const event of output.events) this.#onEvent(event)
      this.#schedule(output.wakeAt)
    } catch (error) {
      this.#options.refusals.refused('error', { ...this.#fields(), err: error }, this.#line('connection failed'))
      this.#options.socket.destroy()
    }
  }

  #write(pieces: readonly Uint8Array[]): void {
    const { socket, limits } = this.#options
    if (pieces.length === 0 || socket.destroyed || socket.writableEnded) return
    socket.cork()
    for (const piece of pieces) socket.write(piece)
    socket.uncork()
    if (socket.writableLength > limits.sendBytes) {
      this.#options.refusals.refused(
        'warn',
        this.#fields(),
        this.#line('encoder does not read what it is told, closed'),
      )
      socket.destroy()
    }
  }

  #onEvent(event: RtmpServerEvent): void {
    switch (event.type) {
      case 'video':
      case 'audio': {
        const complaint = this.#media?.[event.type](event.timestamp, event.data) ?? this.#restless()
        if (complaint !== undefined) this.#refuse({ code: 'unavailable', reason: complaint })
        else if (this.#isHasty()) this.#refuse({ code: 'limit', reason: HASTY })
        return
      }
      case 'metadata':
        this.#onMetadata(event.values)
        return
      case 'publish':
        this.#ask(event.key, event.encoder)
        return
      case 'unpublish':
        this.#end('unpublished')
        return
      case 'close':
        this.#onClose(event)
    }
  }

  /** What to tell an encoder whose configuration changes all the time. */
  #restless(): string | undefined {
    const over = (this.#media?.configurations ?? 0) - this.#options.limits.configurations
    if (over <= 0 || over <= (performance.now() - this.#acceptedAt) / 1000) return undefined
    return 'The encoder changes its settings all the time: keep size, profile and sound as they are while it streams.'
  }

  /** One message may hold many units: the session counts messages. */
  #isHasty(): boolean {
    if (this.#media === undefined) return false
    const units = this.#media.units - this.#counted
    this.#counted += units
    return this.#traffic.add(units, performance.now()) > this.#options.limits.unitsPerWindow
  }

  #onMetadata(values: Amf0Object): void {
    const facts = factsFromMetadata(values, this.#options.limits)
    const text = JSON.stringify(facts)
    // GStreamer repeats it ten times a second.
    if (text === this.#metadata) return
    this.#metadata = text
    if (this.#media !== undefined) this.#media.bitrates = trackBitrates(values)
    const announced = announcedTracks(values)
    if (announced !== undefined) this.#publisher?.announce(announced)
    this.#publisher?.describe(facts)
  }

  #ask(key: string, encoder: string): void {
    const { socket, protocol, publishPort, remote, gulps } = this.#options
    gulps.end(socket)
    const attempt = ++this.#attempt
    this.#key = key
    this.#fed = undefined
    this.#metadata = ''
    // Nothing is read until the answer is there, so little can pile up.
    this.#unanswered++
    socket.pause()
    const stop = (why: PublishRefusal): void => {
      if (this.#attempt !== attempt) return
      // The lease is gone already: nothing more may be said to this publisher.
      this.#attempt++
      this.#publisher = undefined
      this.#media = undefined
      this.#refuse(why)
    }
    const request = { protocol, remote, key, ...(encoder === '' ? {} : { encoder }) }
    publishPort.publish(request, stop).then(
      (answer) => {
        this.#answered(attempt, answer, { key, encoder })
        this.#readOn()
      },
      (error: unknown) => {
        this.#options.refusals.refused('error', { ...this.#fields(), err: error }, this.#line('publish failed'))
        if (this.#attempt === attempt && !this.#over) {
          this.#refuse({ code: 'unavailable', reason: 'The server failed to accept the stream: try again.' })
        }
        this.#readOn()
      },
    )
  }

  #answered(
    attempt: number,
    answer: Awaited<ReturnType<PublishPort['publish']>>,
    { key, encoder }: { readonly key: string; readonly encoder: string },
  ): void {
    const { log, remote, refusals, limits } = this.#options
    if (this.#attempt !== attempt || this.#over) {
      if ('publisher' in answer) answer.publisher.end('disconnected')
      else {
        // The encoder has gone on, so nobody is told; who tries keys in this way is seen all the same.
        const fields = { remote, key: shortKey(key), reason: 'refused', text: answer.refusal.reason }
        refusals.refused('warn', fields, this.#line('encoder refused'), kindOf(answer.refusal.code))
      }
      return
    }
    if ('refusal' in answer) {
      this.#refuse(answer.refusal)
      return
    }
    this.#publisher = answer.publisher
    this.#fed = answer.publisher
    this.#media = createFlvToStream(answer.publisher, limits)
    this.#counted = 0
    this.#acceptedAt = performance.now()
    log.info({ ...this.#fields(), encoder }, this.#line('encoder publishing'))
    if (encoder !== '') answer.publisher.describe({ flashVer: encoder })
    this.#run(() => this.#session.acceptPublish(performance.now()))
  }

  /** Also after a publish that was taken back meanwhile: the encoder may publish again. */
  #readOn(): void {
    const { socket, gulps } = this.#options
    if (--this.#unanswered > 0) return
    socket.resume()
    const publisher = this.#publisher
    if (publisher !== undefined) gulps.begin(socket, () => publisher.isUrgent)
  }

  /** Tells the encoder and closes. The one log line comes from the session's `close` event. */
  #refuse(why: PublishRefusal): void {
    this.#refusal = why.code
    this.#run(() =>
      why.code === 'restarting'
        ? this.#session.askToReconnect(why.reason, performance.now())
        : this.#session.refuse(statusOf(why.code), why.reason, performance.now()),
    )
  }

  #onClose(event: Extract<RtmpServerEvent, { type: 'close' }>): void {
    if (this.#options.rejection === undefined) this.#logClose(event)
    this.#end('disconnected')
    // An encoder that was asked to connect again closes by itself, behind its next key frame.
    this.#finish({ leave: event.reason === 'reconnect' })
  }

  #logClose({ reason, text }: Extract<RtmpServerEvent, { type: 'close' }>): void {
    const level = reason === 'refused' || reason === 'protocol' || reason === 'limit' ? 'warn' : 'info'
    const verb = reason === 'refused' ? 'refused' : reason === 'reconnect' ? 'asked to connect again' : 'closed'
    const kind = kindOf(this.#refusal ?? reason, this.#fed?.channel)
    this.#options.refusals.refused(level, { ...this.#fields(), reason, text }, this.#line(`encoder ${verb}`), kind)
  }

  #end(how: 'unpublished' | 'disconnected'): void {
    const publisher = this.#publisher
    this.#options.gulps.end(this.#options.socket)
    this.#attempt++
    if (publisher === undefined) return
    this.#options.log.info({ ...this.#fields(), ...this.#media?.dropped }, this.#line(`encoder ${how}`))
    this.#publisher = undefined
    this.#media = undefined
    publisher.end(how)
  }

  /**
   * Ends our side and goes on reading into nothing for a moment: closing with unread bytes in the socket would send a reset,
   * and the encoder would lose what it was just told.
   *
   * @param leave our side stays open for that moment too
   */
  #finish({ leave = false } = {}): void {
    const { socket, limits } = this.#options
    if (this.#over) return
    this.#over = true
    clearTimeout(this.#timer)
    if (!leave) socket.end()
    socket.resume()
    this.#timer = setTimeout(() => socket.destroy(), limits.lingerMs)
    this.#timer.unref()
  }

  /** One timer, moved only when it must ring earlier: media moves the deadlines forward all the time. */
  #schedule(wakeAt: number): void {
    if (this.#over || wakeAt >= this.#timerAt || wakeAt === Number.POSITIVE_INFINITY) return
    clearTimeout(this.#timer)
    this.#timerAt = wakeAt
    const delay = Math.max(1, Math.ceil(wakeAt - performance.now()))
    this.#timer = setTimeout(() => {
      this.#timerAt = Number.POSITIVE_INFINITY
      this.#run(() => this.#session.wake(performance.now()))
    }, delay)
    this.#timer.unref()
  }

  /** A line of the log: how the encoder came in is its first word. */
  #line(text: string): string {
    return `${this.#options.protocol}: ${text}`
  }

  #fields(): { readonly remote: string } {
    return {
      remote: this.#options.remote,
      ...(this.#fed === undefined ? {} : { channel: this.#fed.channel }),
      ...(this.#key === '' ? {} : { key: shortKey(this.#key) }),
    }
  }
}

/** Tells refusals apart in the log. Not by their text: it may have values that the peer has sent, ever other ones. */
function kindOf(reason: string, channel = ''): string {
  return `${reason} ${channel}`
}
