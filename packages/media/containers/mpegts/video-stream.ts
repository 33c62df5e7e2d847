import { concatBytes } from '../../bytes/bytes.ts'
import { lengthsFromAnnexB } from '../../codecs/annex-b.ts'
import { NAL, nalType } from '../../codecs/h264/nal.ts'
import { HEVC_NAL, hevcNalType } from '../../codecs/hevc/nal.ts'
import type { PictureReader } from '../../codecs/pictures/model.ts'
import { createPictureReader } from '../../codecs/pictures/picture-reader.ts'
import { MediaError } from '../../error.ts'
import type { VideoTrackConfig } from '../../track.ts'
import type { Unwrap } from './clock.ts'
import type { MpegTsLimits } from './limits.ts'
import { type PesHeader, parsePesHeader } from './pes.ts'
import type { StreamReader, StreamSink } from './sink.ts'

/** Whether a NAL unit is an access unit delimiter, by its first byte: samples need none. */
const IS_DELIMITER = {
  h264: (firstByte: number): boolean => nalType(firstByte) === NAL.accessUnitDelimiter,
  hevc: (firstByte: number): boolean => hevcNalType(firstByte) === HEVC_NAL.accessUnitDelimiter,
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
  readonly #isDelimiter: (firstByte: number) => boolean
  readonly #pictures: PictureReader
  readonly #unwrap: Unwrap
  readonly #sink: StreamSink
  readonly #limits: Pick<MpegTsLimits, 'videoBytes' | 'picturePieces'>
  #held: Held | undefined
  #config: VideoTrackConfig | undefined

  constructor(
    codec: 'h264' | 'hevc',
    unwrap: Unwrap,
    sink: StreamSink,
    limits: Pick<MpegTsLimits, 'videoBytes' | 'picturePieces'>,
  ) {
    this.#isDelimiter = IS_DELIMITER[codec]
    this.#pictures = createPictureReader(codec)
    this.#unwrap = unwrap
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
      if (error.code === 'unsupported') this.#sink.unsupported(error.message)
      else this.#sink.malformed()
      this.#sink.loss()
    }
  }

  lose(): void {
    this.#held = undefined
  }

  #begin(rawPts: number, rawDts: number, payload: Uint8Array, continues: boolean): void {
    const dts = this.#unwrap(rawDts)
    const pts = this.#unwrap(rawPts)
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
    if (held.pieces.length === this.#limits.picturePieces) {
      throw new MediaError('too-large', `a picture in more than ${this.#limits.picturePieces} PES packets`)
    }
    held.pieces.push(payload.slice())
    if (continues) this.#held = held
    else this.#unit(held.pts, held.dts, concatBytes(held.pieces))
  }

  #beginsPicture(payload: Uint8Array): boolean {
    const start = payload[2] === 1 ? 3 : 4
    return payload[0] === 0 && payload[1] === 0 && payload[start - 1] === 1 && this.#isDelimiter(payload[start] ?? 0)
  }

  #unit(pts: number, dts: number, bytes: Uint8Array): void {
    const pictures = this.#pictures
    this.#sink.found(1)
    const picture = pictures.read(lengthsFromAnnexB(bytes, (first) => !this.#isDelimiter(first)))
    if (pictures.config !== undefined && pictures.config !== this.#config) {
      this.#config = pictures.config
      this.#sink.config(pictures.config)
    }
    if (picture === undefined) return
    if (this.#config === undefined) this.#sink.unconfigured()
    else this.#sink.unit({ pts, dts, ...picture })
  }
}
