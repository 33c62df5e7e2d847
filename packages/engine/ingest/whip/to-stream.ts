import { AUDIO_TRACK } from '@bandstand/media/access-unit.ts'
import { audioConfigFromOpusChannels } from '@bandstand/media/codecs/opus/config.ts'
import { opusDuration } from '@bandstand/media/codecs/opus/packet.ts'
import type { Picture, PictureReader } from '@bandstand/media/codecs/pictures/model.ts'
import { createPictureReader } from '@bandstand/media/codecs/pictures/picture-reader.ts'
import { MediaError } from '@bandstand/media/error.ts'
import type { Publisher } from '../../ports.ts'
import { WHIP_LIMITS } from './limits.ts'
import { type FromDesk, type ReceivedVideo, SOUND } from './messages.ts'
import { createRenditions } from './renditions.ts'

export type Received = Extract<FromDesk, { kind: 'received' }>

export interface WhipToStream {
  /** @returns what to tell an encoder whose media cannot go on. */
  take(unit: Received): string | undefined
  /** Time passes. @param wokeAt when the process last woke from standing still, for what came meanwhile is taken after this @returns as `take` */
  tick(wokeAt: number): string | undefined
  /** Pictures and packets of sound that could not be read. */
  readonly malformed: number
}

export interface ToStreamOptions {
  readonly publisher: Publisher
  readonly video: readonly ReceivedVideo[]
  readonly hasSound: boolean
  /** Milliseconds of a steady clock. */
  readonly now: () => number
}

/** One stream of pictures. */
interface Source {
  readonly reader: PictureReader
  /** Parameter sets of the offer, until they are needed. */
  offered: Uint8Array | undefined
}

const RESTLESS =
  'The encoder changes its settings all the time: keep size, profile and sound as they are while it streams.'

const UNREADABLE =
  'Nothing of what the encoder sends can be read: set it to H.264, with a key frame every 2 seconds, and to Opus.'

/** What the process has received to configurations and access units. Never throws for bad media: it is counted. */
export function createWhipToStream({ publisher, video, hasSound, now }: ToStreamOptions): WhipToStream {
  const begun = now()
  /** When something could be read last. */
  let readAt = begun
  const sources = video.flatMap(({ codec, rids, parameterSets }) =>
    Array.from({ length: Math.max(1, rids.length) }, (): Source => {
      // Of several sizes nobody knows whose they are.
      return { reader: createPictureReader(codec), offered: rids.length > 1 ? undefined : parameterSets }
    }),
  )
  const renditions = createRenditions(publisher, sources.length, now)
  /** Newest decode time of each source: they only rise. */
  const newest = new Map<number, number>()
  let hasConfiguredSound = false
  let configurations = 0
  let malformed = 0
  publisher.announce({ video: sources.length > 0, audio: hasSound, brought: Math.max(0, sources.length - 1) })

  function rising(source: number, time: number): number {
    const dts = Math.max(time, (newest.get(source) ?? Number.NEGATIVE_INFINITY) + 1)
    // A source whose clock was set back goes on from there.
    newest.set(source, dts - time > 90_000 ? time : dts)
    return newest.get(source) ?? time
  }

  function picture({ source, time, data }: Received): void {
    const from = sources[source]
    if (from === undefined) return
    const { reader } = from
    const before = reader.config
    const read = readPicture(from, data)
    if (reader.config !== undefined && reader.config !== before) {
      configurations++
      renditions.configure(source, reader.config)
    }
    if (read === undefined || reader.config === undefined) return
    readAt = now()
    renditions.picture(source, { dts: rising(source, time), pts: time, ...read })
  }

  function sound({ time, data }: Received): void {
    const frameLength = opusDuration(data)
    if (!hasConfiguredSound) {
      hasConfiguredSound = true
      publisher.configure(AUDIO_TRACK, audioConfigFromOpusChannels(2, frameLength))
    }
    readAt = now()
    const dts = rising(SOUND, time)
    publisher.unit({ track: AUDIO_TRACK, dts, pts: dts, key: true, data })
  }

  return {
    take(unit) {
      try {
        if (unit.source === SOUND) sound(unit)
        else picture(unit)
      } catch (error) {
        if (!(error instanceof MediaError)) throw error
        malformed++
      }
      const over = configurations - WHIP_LIMITS.configurations
      return over > 0 && over > (now() - begun) / 1000 ? RESTLESS : undefined
    },
    tick(wokeAt) {
      renditions.tick()
      return now() - Math.max(readAt, wokeAt) > WHIP_LIMITS.unreadableMs ? UNREADABLE : undefined
    },
    get malformed() {
      return malformed
    },
  }
}

/** @throws MediaError as the reader */
function readPicture(from: Source, data: Uint8Array): Picture | undefined {
  const { reader, offered } = from
  const read = reader.read(data)
  if (read?.key !== true || reader.config !== undefined || offered === undefined) return read
  from.offered = undefined
  reader.read(offered)
  // Once more: of what the stream has itself the offer's may be an older state.
  return reader.read(data)
}
