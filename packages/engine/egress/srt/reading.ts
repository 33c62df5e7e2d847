import { AUDIO_TRACK, VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { carriageOf } from '@bandstand/media/containers/mpegts/carriage.ts'
import { createTsMuxer, type MuxedTrack } from '@bandstand/media/containers/mpegts/muxer.ts'
import { MediaError } from '@bandstand/media/error.ts'
import { REJECTION, type Rejection } from '@bandstand/media/protocols/srt/rejection.ts'
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
  /** Readers of each broadcast, by its hub. */
  const crowds = new WeakMap<object, number>()

  function refuse(slug: string, rejection: Rejection, text: string): SrtRefused {
    const channel = options.channelNamed(slug)
    return { refusal: { rejection, text }, ...(channel !== undefined && { channel }) }
  }

  return {
    open(caller, slug) {
      const hub = options.find(slug)
      if (hub === undefined || hub.ended) {
        const text = 'The channel that a reader asks for is not live: it may come again when the broadcast has begun.'
        return refuse(slug, REJECTION.notFound, text)
      }
      const name = `srt ${++readers}`
      const crowd = crowds.get(hub) ?? 0
      const queue = crowd < SRT_READER_LIMITS.perChannel ? openQueue(hub, name) : undefined
      if (queue === undefined) {
        const text =
          'Too many read this channel by SRT: let them watch its page, or pass it on from a server of your own.'
        return refuse(slug, REJECTION.overload, text)
      }
      crowds.set(hub, crowd + 1)
      const leave = () => {
        queue.reader.close()
        crowds.set(hub, (crowds.get(hub) ?? 1) - 1)
      }
      return {
        serve: (connection) => new Reader(options, { caller, slug, name, queue, connection, leave }),
        forget: leave,
      }
    },
  }
}

/** What waits for a reader. */
interface Queue {
  readonly reader: HubReader
  /** There is something to take. */
  isReady: boolean
}

/** @returns nothing where too many others read the hub */
function openQueue(hub: Pick<Hub, 'read'>, name: string): Queue | undefined {
  try {
    const reader = hub.read({
      name,
      // Half a group at once would come too early for its own clock, and every player would stay behind by it.
      from: 'now',
      maxBytes: SRT_READER_LIMITS.queuedBytes,
      maxDuration: SRT_READER_LIMITS.queuedMs,
      isUrgent: () => false,
      onReady: () => {
        queue.isReady = true
      },
    })
    const queue: Queue = { reader, isReady: false }
    return queue
  } catch (error) {
    if (!(error instanceof EngineError) || error.code !== 'limit') throw error
    return undefined
  }
}

interface ReaderFacts {
  readonly caller: SrtCaller
  readonly slug: string
  readonly name: string
  readonly queue: Queue
  readonly connection: SrtConnection
  readonly leave: () => void
}

/** One reader: units of the hub ─► transport stream ─► payloads. */
class Reader implements SrtServed {
  readonly #options: SrtReadingOptions
  readonly #facts: ReaderFacts
  readonly #muxer = createTsMuxer()
  readonly #payloads: Payloads
  #seenAt = Number.NEGATIVE_INFINITY

  constructor(options: SrtReadingOptions, facts: ReaderFacts) {
    const { connection } = facts
    this.#options = options
    this.#facts = facts
    this.#payloads = createPayloads(connection.payloadBytes, (payload) => connection.send(payload))
    // Anybody may come and go, some hundred times a second.
    options.log.debug(this.#fields(), 'srt: reader connected')
  }

  pass(now: number): void {
    const { connection, slug, name, queue } = this.#facts
    if (now - this.#seenAt >= SRT_READER_LIMITS.seenMs) {
      this.#seenAt = now
      this.#options.seen(slug, name)
    }
    if (!queue.isReady) return
    this.#take(queue)
    this.#payloads.flush()
    if (queue.reader.ended) connection.close()
  }

  ended(how: SrtEnd): void {
    const { connection, queue, leave } = this.#facts
    const { sent, roundTrip } = connection.statistics()
    const { groups } = queue.reader.dropped
    leave()
    const counts = {
      roundTrip: Math.round(roundTrip),
      resent: sent.resent,
      tooLate: sent.dropped,
      droppedGroups: groups,
    }
    this.#options.log.debug({ ...this.#fields(), how, ...counts }, 'srt: reader gone')
  }

  #take(queue: Queue): void {
    const { connection } = this.#facts
    while (connection.waiting < SRT_READER_LIMITS.waitingPackets) {
      const event = queue.reader.take()
      if (event === undefined) {
        queue.isReady = false
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
