import { AUDIO_TRACK, VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { sameBytes } from '@bandstand/media/bytes/bytes.ts'
import { audioConfigFromAsc } from '@bandstand/media/codecs/aac/config.ts'
import { scanAccessUnit, toFourByteLengths } from '@bandstand/media/codecs/h264/access-unit.ts'
import { avcCFromParameterSets, parseAvcC } from '@bandstand/media/codecs/h264/avcc.ts'
import { videoConfigFromAvcC } from '@bandstand/media/codecs/h264/config.ts'
import { mergeParameterSets, ppsId, spsId } from '@bandstand/media/codecs/h264/parameter-sets.ts'
import { parseAudioTag } from '@bandstand/media/containers/flv/audio-tag.ts'
import { parseVideoTag, type VideoTag } from '@bandstand/media/containers/flv/video-tag.ts'
import { MediaError } from '@bandstand/media/error.ts'
import type { Publisher } from '../../ports.ts'
import type { RtmpListenerLimits } from './limits.ts'

/** Ticks of the source clock (90 kHz) in one millisecond of RTMP time. */
const TICKS = 90

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
   * @returns a text for the encoder when its codec is not spoken here, or nothing of the track can be read.
   */
  video(timestamp: number, body: Uint8Array): string | undefined
  audio(timestamp: number, body: Uint8Array): string | undefined
  readonly dropped: Readonly<DroppedCounts>
  /** Configurations so far, of all tracks; the same one again does not count. */
  readonly configurations: number
}

/** FLV tag bodies to track configurations and access units on the source clock. Never throws for bad media: it is counted. */
export function createFlvToStream(
  publisher: Publisher,
  limits: Pick<RtmpListenerLimits, 'malformedUnits'>,
): FlvToStream {
  return new ToStream(publisher, limits)
}

/** What to tell an encoder of which nothing of a track can be read. */
const UNREADABLE = {
  video:
    'The video cannot be read: set the encoder to H.264 with lengths (AVC, avcC) in place of start codes (Annex B).',
  audio: 'The sound cannot be read: set the encoder to AAC-LC without headers (raw) in place of ADTS or LATM.',
}

class ToStream implements FlvToStream {
  readonly #publisher: Publisher
  readonly #malformedUnits: number
  /** Malformed tags since the last that was good, by track. */
  readonly #inARow = { video: 0, audio: 0 }
  readonly dropped: DroppedCounts = { unconfigured: 0, malformed: 0 }
  configurations = 0
  #lengthSize = 4
  #sps: readonly Uint8Array[] = []
  #pps: readonly Uint8Array[] = []
  #videoConfig: Uint8Array | undefined
  #audioConfig: Uint8Array | undefined

  constructor(publisher: Publisher, { malformedUnits }: Pick<RtmpListenerLimits, 'malformedUnits'>) {
    this.#publisher = publisher
    this.#malformedUnits = malformedUnits
  }

  video(timestamp: number, body: Uint8Array): string | undefined {
    return this.#guarded('video', () => {
      const tag = parseVideoTag(body)
      if (tag.kind === 'frame') this.#frame(timestamp, tag)
      else if (tag.kind === 'config') this.#videoSequenceHeader(tag.data)
      else if (tag.kind === 'unsupported') return `${tag.codec} video is not supported here: set the encoder to H.264.`
      return undefined
    })
  }

  audio(timestamp: number, body: Uint8Array): string | undefined {
    return this.#guarded('audio', () => {
      const tag = parseAudioTag(body)
      if (tag.kind === 'unsupported') return `${tag.codec} audio is not supported here: set the encoder to AAC.`
      if (tag.kind === 'config') this.#audioSequenceHeader(tag.data)
      // An empty frame is what some encoders send while muted or at the end.
      else if (tag.kind === 'frame' && tag.data.byteLength > 0) {
        if (this.#audioConfig === undefined) this.#drop('unconfigured')
        else {
          const dts = timestamp * TICKS
          this.#inARow.audio = 0
          this.#publisher.unit({ track: AUDIO_TRACK, dts, pts: dts, key: true, data: tag.data })
        }
      }
      return undefined
    })
  }

  #guarded(kind: 'video' | 'audio', work: () => string | undefined): string | undefined {
    try {
      return work()
    } catch (error) {
      if (!(error instanceof MediaError)) throw error
      this.#drop('malformed')
      if (error.code === 'unsupported') {
        return `This ${kind} is not supported here (${error.message}): set the encoder to H.264 and AAC-LC.`
      }
      return ++this.#inARow[kind] >= this.#malformedUnits ? UNREADABLE[kind] : undefined
    }
  }

  #audioSequenceHeader(asc: Uint8Array): void {
    const config = audioConfigFromAsc(asc)
    // Some encoders send it again every few seconds.
    if (this.#audioConfig !== undefined && sameBytes(this.#audioConfig, config.decoderConfig)) return
    this.#audioConfig = config.decoderConfig
    this.configurations++
    this.#publisher.configure(AUDIO_TRACK, config)
  }

  #videoSequenceHeader(avcC: Uint8Array): void {
    const record = parseAvcC(avcC)
    // GStreamer and some hardware send one without parameter sets and put those into the stream.
    this.#lengthSize = record.lengthSize
    if (record.sps.length === 0 || record.pps.length === 0) return
    this.#configureVideo(avcC)
    this.#sps = record.sps
    this.#pps = record.pps
  }

  #configureVideo(avcC: Uint8Array): void {
    const config = videoConfigFromAvcC(avcC)
    if (this.#videoConfig !== undefined && sameBytes(this.#videoConfig, config.decoderConfig)) return
    this.#videoConfig = config.decoderConfig
    this.configurations++
    this.#publisher.configure(VIDEO_TRACK, config)
  }

  #frame(timestamp: number, tag: Extract<VideoTag, { kind: 'frame' }>): void {
    const scan = scanAccessUnit(tag.data, this.#lengthSize)
    if (scan.sps.length > 0 || scan.pps.length > 0) this.#inBand(scan.sps, scan.pps)
    if (!scan.picture) return
    if (this.#videoConfig === undefined) {
      this.#drop('unconfigured')
      return
    }
    const data = toFourByteLengths(tag.data, this.#lengthSize)
    const dts = timestamp * TICKS
    const pts = dts + tag.compositionTime * TICKS
    this.#inARow.video = 0
    this.#publisher.unit({ track: VIDEO_TRACK, dts, pts, key: scan.key, data })
  }

  /** Parameter sets inside an access unit: what changed without a new sequence header is a new configuration. */
  #inBand(foundSps: readonly Uint8Array[], foundPps: readonly Uint8Array[]): void {
    const sps = mergeParameterSets(this.#sps, foundSps, spsId)
    const pps = mergeParameterSets(this.#pps, foundPps, ppsId)
    if (sps === this.#sps && pps === this.#pps) return
    if (sps.length > 0 && pps.length > 0) this.#configureVideo(avcCFromParameterSets([...sps], [...pps]))
    this.#sps = sps
    this.#pps = pps
  }

  /** Told at 1, 2, 4, 8 …: the studio sees it early, and a broken encoder causes no flood. */
  #drop(what: keyof DroppedCounts): void {
    const count = ++this.dropped[what]
    if ((count & (count - 1)) === 0) {
      this.#publisher.describe({ [what === 'malformed' ? 'droppedMalformed' : 'droppedUnconfigured']: count })
    }
  }
}
