import { AUDIO_TRACK, VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { carriageOf } from '@bandstand/media/containers/mpegts/carriage.ts'
import { createTsMuxer, type MuxedTrack } from '@bandstand/media/containers/mpegts/muxer.ts'
import { MediaError } from '@bandstand/media/error.ts'
import { REJECTION } from '@bandstand/media/protocols/srt/rejection.ts'
import type { SrtEnd } from '@bandstand/media/protocols/srt/session/session.ts'
import { EngineError } from '../../error.ts'
import type { Log } from '../../ports.ts'
import type { SrtCaller, SrtConnection, SrtRefused, SrtServed } from '../../srt/port.ts'
import type { Hub, OpenEpoch } from '../../stream/hub.ts'
import type { HubReader } from '../../stream/reader.ts'
import { SRT_READER_LIMITS } from './limits.ts'
import { createPayloads, type Payloads } from './payloads.ts'

export interface SrtReadingOptions {
  /** The channel's running broadcast, by slug: of a former slug too. */
  readonly find: (slug: string) => Pick<Hub, 'read' | 'ended'> | undefined
  /** Its slug now, where there is such a channel, live or not: what else a reader names may be a key, and is in no log. */
  readonly channelNamed: (slug: string) => string | undefined
  /** Somebody reads the channel. */
  readonly seen: (slug: string, session: string) => void
  readonly log: Log
}

/** Players and servers that call by SRT to read a channel. */
export interface SrtReading {
  open(
    caller: SrtCaller,
    slug: string,
  ): { readonly serve: (connection: SrtConnection) => SrtServed; readonly forget: () => void } | SrtRefused
}

export function createSrtReading(options: SrtReadingOptions): SrtReading {
  let readers = 0
  return {
    open(caller, slug) {
      const hub = options.find(slug)
      if (hub === undefined || hub.ended) {
        const text = 'The channel that a reader asks for is not live: it may come again when the broadcast has begun.'
        const channel = options.channelNamed(slug)
        return { refusal: { rejection: REJECTION.notFound, text }, ...(channel !== undefined && { channel }) }
      }
      const name = `srt ${++readers}`
      return { serve: (connection) => new Reader(options, { caller, slug, name, hub, connection }), forget() {} }
    },
  }
}

interface ReaderFacts {
  readonly caller: SrtCaller
  readonly slug: string
  readonly name: string
  readonly hub: Pick<Hub, 'read'>
  readonly connection: SrtConnection
}

/** One reader: units of the hub ─► transport stream ─► payloads. */
class Reader implements SrtServed {
  readonly #options: SrtReadingOptions
  readonly #facts: ReaderFacts
  readonly #muxer = createTsMuxer()
  readonly #payloads: Payloads
  #reader: HubReader | undefined
  #isReady = false
  #seenAt = Number.NEGATIVE_INFINITY

  constructor(options: SrtReadingOptions, facts: ReaderFacts) {
    const { hub, name, connection } = facts
    this.#options = options
    this.#facts = facts
    this.#payloads = createPayloads(connection.payloadBytes, (payload) => connection.send(payload))
    try {
      this.#reader = hub.read({
        name,
        // Half a group at once would come too early for its own clock, and every player would stay behind by it.
        from: 'now',
        maxBytes: SRT_READER_LIMITS.queuedBytes,
        maxDuration: SRT_READER_LIMITS.queuedMs,
        isUrgent: () => false,
        onReady: () => {
          this.#isReady = true
        },
      })
      options.log.info(this.#fields(), 'srt: reader connected')
    } catch (error) {
      if (!(error instanceof EngineError) || error.code !== 'limit') throw error
      options.log.warn({ ...this.#fields(), reason: 'limit' }, 'srt: too many read this channel')
    }
  }

  pass(now: number): void {
    const { connection, slug, name } = this.#facts
    const reader = this.#reader
    if (reader === undefined) {
      connection.close()
      return
    }
    if (now - this.#seenAt >= SRT_READER_LIMITS.seenMs) {
      this.#seenAt = now
      this.#options.seen(slug, name)
    }
    if (!this.#isReady) return
    this.#take(reader)
    this.#payloads.flush()
    if (reader.ended) connection.close()
  }

  ended(how: SrtEnd): void {
    const reader = this.#reader
    this.#reader = undefined
    if (reader === undefined) return
    const { sent, roundTrip } = this.#facts.connection.statistics()
    const { groups } = reader.dropped
    reader.close()
    const counts = {
      roundTrip: Math.round(roundTrip),
      resent: sent.resent,
      tooLate: sent.dropped,
      droppedGroups: groups,
    }
    this.#options.log.info({ ...this.#fields(), how, ...counts }, 'srt: reader gone')
  }

  #take(reader: HubReader): void {
    const { connection } = this.#facts
    while (connection.waiting < SRT_READER_LIMITS.waitingPackets) {
      const event = reader.take()
      if (event === undefined) {
        this.#isReady = false
        return
      }
      if (event.kind === 'epoch-opened') this.#muxer.begin(carried(event))
      else if (event.kind === 'unit') this.#payloads.push(this.#muxer.write(event.unit))
    }
  }

  #fields() {
    const { caller, slug } = this.#facts
    return { remote: caller.remote, channel: slug, player: caller.library }
  }
}

/** Of an epoch's tracks, picture and sound, those that a transport stream carries: others are left out. */
function carried({ tracks }: OpenEpoch): MuxedTrack[] {
  return tracks.filter(({ track, config }) => {
    if (track !== VIDEO_TRACK && track !== AUDIO_TRACK) return false
    try {
      carriageOf(config)
      return true
    } catch (error) {
      if (error instanceof MediaError) return false
      throw error
    }
  })
}
