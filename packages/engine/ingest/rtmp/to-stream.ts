import {
  AUDIO_TRACK,
  BROUGHT_TRACKS,
  FURTHER_SOUNDS,
  isBroughtTrack,
  type TrackId,
  VIDEO_TRACK,
} from '@bandstand/media/access-unit.ts'
import { sameBytes } from '@bandstand/media/bytes/bytes.ts'
import type { PictureReader } from '@bandstand/media/codecs/pictures/model.ts'
import { createPictureReader } from '@bandstand/media/codecs/pictures/picture-reader.ts'
import { type AudioTag, parseAudioTag } from '@bandstand/media/containers/flv/audio-tag.ts'
import { parseColorInfo } from '@bandstand/media/containers/flv/color-info.ts'
import { parseVideoTag, type VideoTag } from '@bandstand/media/containers/flv/video-tag.ts'
import { MediaError } from '@bandstand/media/error.ts'
import type { AudioCodec, TrackConfig } from '@bandstand/media/track.ts'
import type { Publisher } from '../../ports.ts'
import { factsFromColorInfo } from './facts.ts'
import type { RtmpListenerLimits } from './limits.ts'
import { createSoundReader, type SoundReader } from './sound-reader.ts'
import { numberTracks, type TrackNumbers } from './tracks.ts'
import { ADVICE, UNREADABLE } from './wording.ts'

/** Ticks of the source clock (90 kHz) in one millisecond of RTMP time, and nanoseconds in a tick. */
const TICKS = 90
const TICK_NANOS = 100_000 / 9

/** What was left out so far. */
export interface DroppedCounts {
  /** Units that came before their track's configuration. */
  unconfigured: number
  /** Tags and access units that contradict their specification. */
  malformed: number
}

export interface FlvToStream {
  /**
   * @param timestamp decode time in ms, unwrapped.
   * @returns a text for the encoder when its codec is not spoken here, or nothing of the first track can be read.
   */
  video(timestamp: number, body: Uint8Array): string | undefined
  audio(timestamp: number, body: Uint8Array): string | undefined
  /** Bits a second of further tracks of pictures, by the encoder's number: what its metadata say. */
  bitrates: ReadonlyMap<number, number>
  readonly dropped: Readonly<DroppedCounts>
  /** Configurations so far, of all tracks; the same one again does not count. */
  readonly configurations: number
  /** Pictures, frames of sound and other tags so far, whatever came of them. */
  readonly units: number
}

type Limits = Pick<RtmpListenerLimits, 'malformedUnits' | 'framesPerTag'>

/** FLV tag bodies to track configurations and access units on the source clock. Never throws for bad media: it is counted. */
export function createFlvToStream(publisher: Publisher, limits: Limits): FlvToStream {
  return new ToStream(publisher, limits)
}

/** One of the encoder's tracks. */
interface Track<Reader> {
  readonly number: number
  codec: string
  reader: Reader
  config: TrackConfig | undefined
  /** The publisher knows `config`. */
  isTold: boolean
  /** Malformed units since the last that was good. */
  inARow: number
}

type Kind = 'video' | 'audio'

class ToStream implements FlvToStream {
  readonly #publisher: Publisher
  readonly #limits: Limits
  readonly dropped: DroppedCounts = { unconfigured: 0, malformed: 0 }
  configurations = 0
  units = 0
  bitrates: ReadonlyMap<number, number> = new Map()
  readonly #numbers: Readonly<Record<Kind, TrackNumbers>> = {
    video: numberTracks(VIDEO_TRACK, BROUGHT_TRACKS),
    audio: numberTracks(AUDIO_TRACK, FURTHER_SOUNDS),
  }
  readonly #pictures = new Map<number, Track<PictureReader>>()
  readonly #sounds = new Map<number, Track<SoundReader>>()
  /** Tags in a row of which not even the header can be read. */
  readonly #unparsed = { video: 0, audio: 0 }

  constructor(publisher: Publisher, limits: Limits) {
    this.#publisher = publisher
    this.#limits = limits
  }

  video(timestamp: number, body: Uint8Array): string | undefined {
    return this.#each(
      'video',
      () => parseVideoTag(body),
      (tag) => this.#picture(timestamp, tag),
    )
  }

  audio(timestamp: number, body: Uint8Array): string | undefined {
    return this.#each(
      'audio',
      () => parseAudioTag(body),
      (tag) => this.#sound(timestamp, tag),
    )
  }

  /** Each tag by itself: what is wrong with one of a multitrack message does no harm to the others. */
  #each<Tag>(kind: Kind, parse: () => readonly Tag[], take: (tag: Tag) => string | undefined): string | undefined {
    let tags: readonly Tag[]
    try {
      tags = parse()
    } catch (error) {
      return this.#malformed(kind, error, ++this.#unparsed[kind], true)
    }
    this.#unparsed[kind] = 0
    this.units += tags.length
    for (const tag of tags) {
      const complaint = take(tag)
      if (complaint !== undefined) return complaint
    }
    return undefined
  }

  #picture(timestamp: number, tag: VideoTag): string | undefined {
    if (tag.kind === 'info') return undefined
    const id = this.#idOf('video', tag.track, timestamp)
    if (tag.kind === 'metadata') return this.#metadata(tag.data, id)
    if (tag.kind === 'unsupported') return unsupported(tag.codec, 'video', id === VIDEO_TRACK)
    if (tag.kind === 'end' || this.#isLeftOut('video', id)) return undefined
    const track = trackOf(this.#pictures, tag, createPictureReader)
    return this.#guarded('video', track, id, () => {
      // Behind a descriptor the configuration comes with the pictures.
      if (tag.kind === 'config') track.reader.configure(tag.data)
      const picture = tag.kind === 'frame' ? track.reader.read(tag.data) : undefined
      this.#configure(track, id, track.reader.config)
      if (tag.kind !== 'frame' || picture === undefined || !this.#isReady(track, id)) return
      track.inARow = 0
      const dts = ticksOf(timestamp, tag.nanos)
      this.#publisher.unit({ track: id, dts, pts: dts + tag.compositionTime * TICKS, ...picture })
    })
  }

  #sound(timestamp: number, tag: AudioTag): string | undefined {
    const id = this.#idOf('audio', tag.track, timestamp)
    if (tag.kind === 'unsupported') return unsupported(tag.codec, 'audio', id === AUDIO_TRACK)
    if (tag.kind === 'end' || this.#isLeftOut('audio', id)) return undefined
    const track = trackOf(this.#sounds, tag, (codec: AudioCodec) => createSoundReader(codec, this.#limits.framesPerTag))
    return this.#guarded('audio', track, id, () => {
      if (tag.kind === 'config') return this.#configure(track, id, track.reader.configure(tag.data))
      if (tag.kind === 'channels') return track.reader.layout(tag.layout)
      // An empty frame is what some encoders send while muted or at the end.
      if (tag.data.byteLength === 0) return
      const { config, frames } = track.reader.read(tag.data)
      this.units += frames.length - 1
      this.#configure(track, id, config)
      if (!this.#isReady(track, id)) return
      track.inARow = 0
      const from = ticksOf(timestamp, tag.nanos)
      const step = track.config?.kind === 'audio' ? (track.config.frameLength * 90_000) / track.config.timescale : 0
      for (const [i, data] of frames.entries()) {
        const dts = from + Math.round(i * step)
        this.#publisher.unit({ track: id, dts, pts: dts, key: true, data })
      }
    })
  }

  #metadata(data: Uint8Array, id: TrackId | undefined): undefined {
    if (id !== VIDEO_TRACK) return
    try {
      const info = parseColorInfo(data)
      if (info !== undefined) this.#publisher.describe(factsFromColorInfo(info))
    } catch (error) {
      // It only describes.
      if (!(error instanceof MediaError)) throw error
      this.#drop('malformed')
    }
  }

  #idOf(kind: Kind, track: number, timestamp: number): TrackId | undefined {
    const numbers = this.#numbers[kind]
    const before = numbers.seen
    const id = numbers.of(track, timestamp)
    if (numbers.seen > Math.max(1, before)) {
      this.#publisher.describe({
        [`${kind}Tracks`]: numbers.seen,
        ...(numbers.leftOut > 0 && { [`${kind}TracksLeftOut`]: numbers.leftOut }),
      })
    }
    return id
  }

  /** One that waits for its number is not left out. */
  #isLeftOut(kind: Kind, id: TrackId | undefined): boolean {
    return id === undefined && this.#numbers[kind].isDecided
  }

  #configure(track: Track<unknown>, id: TrackId | undefined, config: TrackConfig | undefined): void {
    // Some encoders send it again every few seconds.
    if (config === undefined || config === track.config || (track.config !== undefined && isSame(track.config, config)))
      return
    track.config = config
    track.isTold = false
    this.configurations++
    this.#tell(track, id)
  }

  #tell(track: Track<unknown>, id: TrackId | undefined): void {
    if (id === undefined || track.config === undefined || track.isTold) return
    track.isTold = true
    this.#publisher.configure(id, track.config, isBroughtTrack(id) ? this.bitrates.get(track.number) : undefined)
  }

  #isReady(track: Track<unknown>, id: TrackId | undefined): id is TrackId {
    this.#tell(track, id)
    if (track.isTold) return true
    this.#drop('unconfigured')
    return false
  }

  #guarded(kind: Kind, track: Track<unknown>, id: TrackId | undefined, work: () => void): string | undefined {
    try {
      work()
      return undefined
    } catch (error) {
      const isFirst = id === (kind === 'video' ? VIDEO_TRACK : AUDIO_TRACK)
      return this.#malformed(kind, error, ++track.inARow, isFirst)
    }
  }

  /** @returns what to tell the encoder where that was too much, of a track that the stream cannot do without. */
  #malformed(kind: Kind, error: unknown, inARow: number, isFirst: boolean): string | undefined {
    if (!(error instanceof MediaError)) throw error
    this.#drop('malformed')
    if (!isFirst) return undefined
    if (error.code === 'unsupported') {
      return `This ${kind} is not supported here (${error.message}): set the encoder to ${ADVICE[kind]}.`
    }
    return inARow >= this.#limits.malformedUnits ? UNREADABLE[kind] : undefined
  }

  /** Told at 1, 2, 4, 8 …: the studio sees it early, and a broken encoder causes no flood. */
  #drop(what: keyof DroppedCounts): void {
    const count = ++this.dropped[what]
    if ((count & (count - 1)) === 0) {
      this.#publisher.describe({ [what === 'malformed' ? 'droppedMalformed' : 'droppedUnconfigured']: count })
    }
  }
}

function trackOf<Codec extends string, Reader>(
  tracks: Map<number, Track<Reader>>,
  { track: number, codec }: { readonly track: number; readonly codec: Codec },
  create: (codec: Codec) => Reader,
): Track<Reader> {
  const known = tracks.get(number)
  if (known?.codec === codec) return known
  const reader = create(codec)
  // Of another codec nothing that was said before counts.
  const track = { number, codec, reader, config: undefined, isTold: false, inARow: 0 }
  tracks.set(number, track)
  return track
}

function unsupported(codec: string, kind: Kind, isFirst: boolean): string | undefined {
  if (!isFirst) return undefined
  return `${codec} ${kind} is not supported here: set the encoder to ${ADVICE[kind]}.`
}

function ticksOf(timestamp: number, nanos: number): number {
  return timestamp * TICKS + Math.round(nanos / TICK_NANOS)
}

function isSame(a: TrackConfig, b: TrackConfig): boolean {
  if (a.codec !== b.codec || a.codecString !== b.codecString || !sameBytes(a.decoderConfig, b.decoderConfig))
    return false
  if (a.kind === 'video') return b.kind === 'video' && a.width === b.width && a.height === b.height
  return b.kind === 'audio' && a.sampleRate === b.sampleRate && a.channels === b.channels
}
