import { REJECTION, type Rejection } from '@bandstand/media/protocols/srt/rejection.ts'
import type { SrtEnd } from '@bandstand/media/protocols/srt/session/session.ts'
import { shortStreamId } from '@bandstand/media/protocols/srt/stream-id.ts'
import type { Log, Publisher, PublishPort, PublishRefusal } from '../../ports.ts'
import type { RefusalLog } from '../../remote/refusals.ts'
import type { SrtListenerLimits } from '../../srt/limits.ts'
import type { SrtCaller, SrtConnection, SrtRefused, SrtServed } from '../../srt/port.ts'
import { createTsToStream, type TsToStream } from '../mpegts/to-stream.ts'
import { createLineWindow, type LineWindow } from './line.ts'

export interface SrtPublishingOptions {
  readonly publishPort: PublishPort
  readonly log: Log
  /** A flood of equal refusals is few lines. */
  readonly refusals: RefusalLog
  readonly limits: Pick<SrtListenerLimits, 'bitrate' | 'bitrateWindowMs'>
}

/** What a caller is told of each refusal; the text is in the log, for SRT carries none. */
const REJECTIONS: Readonly<Record<PublishRefusal['code'], Rejection>> = {
  'wrong-key': REJECTION.unauthorized,
  expired: REJECTION.forbidden,
  forbidden: REJECTION.forbidden,
  'in-use': REJECTION.conflict,
  'taken-over': REJECTION.conflict,
  limit: REJECTION.overload,
  stopped: REJECTION.down,
  restarting: REJECTION.down,
  unavailable: REJECTION.down,
}

/** Encoders that call by SRT: asks the publish port, then reads MPEG-TS into the stream. */
export interface SrtPublishing {
  /** @param key exactly as sent */
  open(caller: SrtCaller, key: string): ReturnType<Opening>
}

type Opening = () => Promise<
  { readonly serve: (connection: SrtConnection) => Required<SrtServed>; readonly forget: () => void } | SrtRefused
>

export function createSrtPublishing(options: SrtPublishingOptions): SrtPublishing {
  const { publishPort } = options
  return {
    async open(caller, key) {
      if (key === '') {
        const text =
          'The encoder names no key: give it the stream id publish:KEY (srt://HOST:PORT?streamid=publish:KEY).'
        return { refusal: { rejection: REJECTION.badRequest, text } }
      }
      const encoder = new Encoder(options, caller)
      const { remote, library } = caller
      const answer = await publishPort.publish(
        { protocol: 'srt', remote, key, encoder: library, line: () => encoder.report() },
        (why) => encoder.stop(why),
      )
      if ('refusal' in answer) {
        return { refusal: { rejection: REJECTIONS[answer.refusal.code], text: answer.refusal.reason } }
      }
      encoder.admitted(answer.publisher)
      return { serve: (connection) => encoder.serve(connection), forget: () => encoder.ended('lost') }
    },
  }
}

const NOTHING = { roundTrip: 0, latency: 0, buffered: 0, packets: 0, lost: 0, retransmitted: 0, dropped: 0 }

class Encoder implements SrtServed {
  readonly #options: SrtPublishingOptions
  readonly #caller: SrtCaller
  #publisher: Publisher | undefined
  #connection: SrtConnection | undefined
  #media: TsToStream | undefined
  #line: LineWindow | undefined
  /** The lease was lost before there was a connection to end. */
  #isStopped = false
  #windowBytes = 0
  #windowSince = 0

  constructor(options: SrtPublishingOptions, caller: SrtCaller) {
    this.#options = options
    this.#caller = caller
  }

  report() {
    return this.#line?.report() ?? NOTHING
  }

  admitted(publisher: Publisher): void {
    if (!this.#isStopped) this.#publisher = publisher
  }

  serve(connection: SrtConnection): Required<SrtServed> {
    const now = performance.now()
    this.#connection = connection
    this.#line = createLineWindow(() => connection.statistics(), now)
    this.#windowSince = now
    if (this.#publisher !== undefined) {
      this.#media = createTsToStream({ publisher: this.#publisher, now })
      const { latency } = connection.statistics()
      this.#options.log.info({ ...this.#fields(), encoder: this.#caller.library, latency }, 'srt: encoder publishing')
    }
    return this
  }

  payload(data: Uint8Array): void {
    this.#windowBytes += data.byteLength
    const complaint = this.#media?.receive(data, performance.now())
    if (complaint !== undefined) this.#close('unreadable', complaint)
  }

  pass(now: number): void {
    // Told to go before there was anything to end.
    if (this.#isStopped) this.#connection?.close()
    this.#line?.pass(now)
    const { bitrate, bitrateWindowMs } = this.#options.limits
    if (this.#windowBytes * 8 > (bitrate / 1000) * bitrateWindowMs) {
      this.#close('limit', `The encoder sends more than ${bitrate / 1e6} Mbit/s: lower its bitrate.`)
    }
    if (now - this.#windowSince < bitrateWindowMs) return
    this.#windowSince = now
    this.#windowBytes = 0
  }

  /** The lease is lost. */
  stop(why: PublishRefusal): void {
    this.#isStopped = true
    // The lease is gone already: nothing more may be said to this publisher.
    this.#publisher = undefined
    this.#media = undefined
    this.#complain(why.code, why.reason)
    this.#connection?.close()
  }

  ended(how: SrtEnd): void {
    const publisher = this.#publisher
    this.#publisher = undefined
    const media = this.#media
    this.#media = undefined
    if (publisher === undefined) return
    if (how === 'shutdown') media?.flush(performance.now())
    const isOver = how === 'shutdown'
    const { received, roundTrip = 0 } = this.#connection?.statistics() ?? {}
    const line = received && {
      lost: received.lost,
      tooLate: received.dropped,
      roundTrip: Math.round(roundTrip * 10) / 10,
    }
    const counts = { ...media?.dropped, ...line }
    this.#options.log.info(
      { ...this.#fields(publisher.channel), ...counts },
      `srt: encoder ${isOver ? 'unpublished' : 'disconnected'}`,
    )
    publisher.end(isOver ? 'unpublished' : 'disconnected')
  }

  #close(kind: string, text: string): void {
    this.#complain(kind, text)
    this.#connection?.close()
  }

  #complain(kind: string, text: string): void {
    const channel = this.#publisher?.channel ?? ''
    this.#options.refusals.refused(
      'warn',
      { ...this.#fields(), reason: kind, text },
      'srt: encoder closed',
      `${kind} ${channel}`,
    )
  }

  #fields(channel = this.#publisher?.channel) {
    const { remote, streamId } = this.#caller
    return { remote, streamId: shortStreamId(streamId), ...(channel !== undefined && { channel }) }
  }
}
