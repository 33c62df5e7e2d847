import { concatBytes } from '../../bytes/bytes.ts'
import { MediaError } from '../../error.ts'
import type { VideoTrackConfig } from '../../track.ts'
import { findNalUnits, toLengthPrefixed } from './byte-stream.ts'
import type { TsClock } from './clock.ts'
import type { MpegTsLimits } from './limits.ts'
import { type PesHeader, parsePesHeader } from './pes.ts'
import type { StreamReader, StreamSink } from './sink.ts'

/** What is made of one picture's NAL units. State is of one stream: its parameter sets. */
export interface PictureFormat {
  /** An access unit delimiter, by the NAL unit's first byte. */
  isDelimiter(firstByte: number): boolean
  /**
   * @param unit NAL units with 4-byte lengths, parameter sets among them.
   * @throws MediaError
   */
  read(unit: Uint8Array): Picture
  /** The newest configuration; the same object for as long as it stays the same. */
  readonly config: VideoTrackConfig | undefined
}

export interface Picture {
  /** There is something to show. */
  readonly picture: boolean
  readonly key: boolean
  /** Without parameter sets. */
  readonly data: Uint8Array
}

interface Held {
  readonly pts: number
  readonly dts: number
  readonly pieces: Uint8Array[]
  bytes: number
}

/**
 * Pictures out of PES packets: each packet with a time begins one, as encoders send them. One without goes on with the picture before
 * it, unless it begins with an access unit delimiter: then its time is not known, and it is as good as lost.
 */
export class VideoStream implements StreamReader {
  readonly #format: PictureFormat
  readonly #clock: TsClock
  readonly #sink: StreamSink
  readonly #limits: Pick<MpegTsLimits, 'videoBytes' | 'nalUnits'>
  #held: Held | undefined
  #config: VideoTrackConfig | undefined

  constructor(
    format: PictureFormat,
    clock: TsClock,
    sink: StreamSink,
    limits: Pick<MpegTsLimits, 'videoBytes' | 'nalUnits'>,
  ) {
    this.#format = format
    this.#clock = clock
    this.#sink = sink
    this.#limits = limits
  }

  packet(packet: Uint8Array, continues: boolean): void {
    try {
      const header = parsePesHeader(packet)
      const payload = packet.subarray(header.bytes)
      if (header.pts !== undefined && header.dts !== undefined) this.#begin(header.pts, header.dts, payload, continues)
      else this.#goOn(payload, continues, header)
    } catch (error) {
      if (!(error instanceof MediaError)) throw error
      this.#held = undefined
      if (error.code === 'unsupported') this.#sink.unreadable(error.message)
      else {
        this.#sink.malformed()
        this.#sink.loss()
      }
    }
  }

  lose(): void {
    this.#held = undefined
  }

  #begin(rawPts: number, rawDts: number, payload: Uint8Array, continues: boolean): void {
    const dts = this.#clock.unwrap(rawDts)
    const pts = this.#clock.unwrap(rawPts)
    if (continues) this.#held = { pts, dts, pieces: [payload.slice()], bytes: payload.byteLength }
    else this.#unit(pts, dts, payload)
  }

  #goOn(payload: Uint8Array, continues: boolean, header: PesHeader): void {
    const held = this.#held
    const isOwn = this.#beginsPicture(payload)
    this.#held = undefined
    if (held === undefined || isOwn) {
      if (held !== undefined) this.#unit(held.pts, held.dts, concatBytes(held.pieces))
      throw new MediaError('malformed', 'a picture without a time', { offset: header.bytes, structure: 'mpegts.pes' })
    }
    held.bytes += payload.byteLength
    if (held.bytes > this.#limits.videoBytes) {
      throw new MediaError('too-large', `a picture of more than ${this.#limits.videoBytes} bytes`)
    }
    held.pieces.push(payload.slice())
    if (continues) this.#held = held
    else this.#unit(held.pts, held.dts, concatBytes(held.pieces))
  }

  #beginsPicture(payload: Uint8Array): boolean {
    const [start] = findNalUnits(payload.subarray(0, 6), 1)
    return start !== undefined && start <= 4 && this.#format.isDelimiter(payload[start] ?? 0)
  }

  #unit(pts: number, dts: number, bytes: Uint8Array): void {
    const format = this.#format
    const borders = findNalUnits(bytes, this.#limits.nalUnits)
    const { picture, key, data } = format.read(toLengthPrefixed(bytes, borders, (first) => !format.isDelimiter(first)))
    if (format.config !== undefined && format.config !== this.#config) {
      this.#config = format.config
      this.#sink.config(format.config)
    }
    if (!picture) return
    if (this.#config === undefined) this.#sink.unconfigured()
    else this.#sink.unit({ pts, dts, key, data })
  }
}
