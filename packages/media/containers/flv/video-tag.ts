import { ByteReader } from '../../bytes/reader.ts'
import { MediaError } from '../../error.ts'

/**
 * Body of a video tag (Adobe Video File Format 10.1, E.4.3).
 *
 * ```
 * classic:   | frame type 4 | codec 4 | AVC packet type 8 | composition time i24 | data |
 * enhanced:  | 1 | frame type 3 | packet type 4 | FourCC 32 | [composition time i24] | data |
 * ```
 * Further codecs join here: as a FourCC of Enhanced RTMP, without a change elsewhere.
 */
export type VideoTag =
  /** AVCDecoderConfigurationRecord. */
  | { readonly kind: 'config'; readonly codec: 'h264'; readonly data: Uint8Array }
  /** Length-prefixed NAL units. `compositionTime` is presentation minus decode time in ms, may be negative. */
  | {
      readonly kind: 'frame'
      readonly codec: 'h264'
      readonly key: boolean
      readonly compositionTime: number
      readonly data: Uint8Array
    }
  /** End of sequence. */
  | { readonly kind: 'end'; readonly codec: 'h264' }
  /** Nothing to decode: video info frames, colour metadata. */
  | { readonly kind: 'info' }
  /** A codec that is not spoken here; `codec` is its name for people. */
  | { readonly kind: 'unsupported'; readonly codec: string }

const AVC = 7
const KEY_FRAME = 1
const INFO_FRAME = 5

/** Codec ids of the classic header. 12 is what some Chinese encoders and old SRS use for HEVC. */
const classicNames: Readonly<Record<number, string>> = {
  2: 'Sorenson H.263',
  3: 'Screen Video',
  4: 'VP6',
  5: 'VP6 with alpha',
  6: 'Screen Video 2',
  12: 'H.265 (HEVC)',
  13: 'AV1',
}
const fourCcNames: Readonly<Record<string, string>> = { hvc1: 'H.265 (HEVC)', av01: 'AV1', vp09: 'VP9', vp08: 'VP8' }

/** Payloads are views. @throws MediaError `truncated`, or `malformed` for an unknown packet type. */
export function parseVideoTag(body: Uint8Array): VideoTag {
  const reader = new ByteReader(body, 'flv.video')
  const first = reader.u8()
  if ((first & 0x80) !== 0) return parseEnhanced(reader, first)
  const codec = first & 15
  const frameType = first >> 4
  if (frameType === INFO_FRAME) return { kind: 'info' }
  if (codec !== AVC) return { kind: 'unsupported', codec: classicNames[codec] ?? `FLV video codec ${codec}` }
  const packetType = reader.u8()
  const compositionTime = reader.i24()
  switch (packetType) {
    case 0:
      return { kind: 'config', codec: 'h264', data: reader.rest() }
    case 1:
      return { kind: 'frame', codec: 'h264', key: frameType === KEY_FRAME, compositionTime, data: reader.rest() }
    case 2:
      return { kind: 'end', codec: 'h264' }
    default:
      throw new MediaError('malformed', `flv.video: AVC packet type ${packetType}`, reader.context(1))
  }
}

/** ExVideoTagHeader of Enhanced RTMP v1. */
function parseEnhanced(reader: ByteReader, first: number): VideoTag {
  const frameType = (first >> 4) & 7
  const packetType = first & 15
  if (frameType === INFO_FRAME && packetType !== 4) return { kind: 'info' }
  const fourCc = reader.fourcc()
  if (packetType === 4) return { kind: 'info' }
  if (fourCc !== 'avc1') return { kind: 'unsupported', codec: fourCcNames[fourCc] ?? printable(fourCc) }
  const key = frameType === KEY_FRAME
  switch (packetType) {
    case 0:
      return { kind: 'config', codec: 'h264', data: reader.rest() }
    case 1: {
      const compositionTime = reader.i24()
      return { kind: 'frame', codec: 'h264', key, compositionTime, data: reader.rest() }
    }
    case 2:
      return { kind: 'end', codec: 'h264' }
    case 3:
      return { kind: 'frame', codec: 'h264', key, compositionTime: 0, data: reader.rest() }
    default:
      return { kind: 'unsupported', codec: 'multitrack video' }
  }
}

function printable(fourCc: string): string {
  return `FourCC ${fourCc.replaceAll(/[^\x20-\x7e]/g, '?')}`
}

/** Classic H.264 body. Other kinds are not written. */
export function printVideoTag(tag: Extract<VideoTag, { codec: 'h264' }>): Uint8Array {
  const data = tag.kind === 'end' ? new Uint8Array(0) : tag.data
  const key = tag.kind !== 'frame' || tag.key
  const time = tag.kind === 'frame' ? tag.compositionTime : 0
  const body = new Uint8Array(5 + data.byteLength)
  body[0] = ((key ? KEY_FRAME : 2) << 4) | AVC
  body[1] = tag.kind === 'config' ? 0 : tag.kind === 'frame' ? 1 : 2
  body[2] = time >> 16
  body[3] = time >> 8
  body[4] = time
  body.set(data, 5)
  return body
}
