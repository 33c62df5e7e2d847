import { ByteReader } from '../../bytes/reader.ts'
import { MediaError } from '../../error.ts'
import type { VideoCodec } from '../../track.ts'
import { readModifiers, readMultitrack, type TrackPart } from './enhanced.ts'
import { foreignName, videoCodecs } from './fourcc.ts'

/**
 * What the body of a video tag holds of one track (Adobe Video File Format 10.1, E.4.3; Enhanced RTMP v2).
 *
 * ```
 * classic:   | frame type 4 | codec 4 | AVC packet type 8 | composition time i24 | data |
 * enhanced:  | 1 | frame type 3 | packet type 4 | … (enhanced.ts) | [composition time i24] | data |
 * ```
 * `track` is 0 but in multitrack.
 */
export type VideoTag =
  /** The configuration record of the codec's binding to ISO BMFF: avcC, hvcC, av1C, vpcC. */
  | { readonly kind: 'config'; readonly codec: VideoCodec; readonly track: number; readonly data: Uint8Array }
  /** A sequence begins whose configuration is in its key frames (`MPEG2TSSequenceStart`): `data` is MPEG-TS's descriptor. */
  | { readonly kind: 'descriptor'; readonly codec: VideoCodec; readonly track: number; readonly data: Uint8Array }
  | VideoFrame
  /** End of sequence. */
  | { readonly kind: 'end'; readonly codec: VideoCodec; readonly track: number }
  /** AMF0 of `VideoPacketType.Metadata`, see `color-info.ts`. */
  | { readonly kind: 'metadata'; readonly track: number; readonly data: Uint8Array }
  /** Nothing to decode: seeking marks of a client. */
  | { readonly kind: 'info' }
  /** A codec that is not spoken here; `codec` is its name for people. */
  | { readonly kind: 'unsupported'; readonly codec: string; readonly track: number }

/** Length-prefixed NAL units, a temporal unit of AV1, or a frame of VP9 or VP8. */
export interface VideoFrame {
  readonly kind: 'frame'
  readonly codec: VideoCodec
  readonly track: number
  readonly key: boolean
  /** Presentation minus decode time in ms, may be negative. */
  readonly compositionTime: number
  /** To be added to the tag's timestamp, 0 to 999 999 ns. */
  readonly nanos: number
  readonly data: Uint8Array
}

/** `VideoPacketType`. */
export const VideoPacketType = {
  sequenceStart: 0,
  codedFrames: 1,
  sequenceEnd: 2,
  codedFramesX: 3,
  metadata: 4,
  mpeg2TsSequenceStart: 5,
  multitrack: 6,
} as const

/** `VideoFrameType`. */
export const FrameType = { key: 1, inter: 2, command: 5 } as const

/** Codec ids of the classic header. 12 is what encoders used for HEVC before there was Enhanced RTMP, with AVC's header. */
const classicCodecs: Readonly<Record<number, VideoCodec>> = { 7: 'h264', 12: 'hevc' }
const classicNames: Readonly<Record<number, string>> = {
  2: 'Sorenson H.263',
  3: 'Screen Video',
  4: 'VP6',
  5: 'VP6 with alpha',
  6: 'Screen Video 2',
  13: 'AV1 with an old FLV number',
}

/** Payloads are views. One entry but for multitrack. @throws MediaError `truncated`, `too-large`, or `malformed` for an unknown packet type. */
export function parseVideoTag(body: Uint8Array): readonly VideoTag[] {
  const reader = new ByteReader(body, 'flv.video')
  const first = reader.u8()
  return (first & 0x80) === 0 ? [parseClassic(reader, first)] : parseEnhanced(reader, first)
}

function parseClassic(reader: ByteReader, first: number): VideoTag {
  const id = first & 15
  const frameType = first >> 4
  if (frameType === FrameType.command) return { kind: 'info' }
  const codec = classicCodecs[id]
  if (codec === undefined) {
    return { kind: 'unsupported', codec: classicNames[id] ?? `FLV video codec ${id}`, track: 0 }
  }
  const packetType = reader.u8()
  const compositionTime = reader.i24()
  const key = frameType === FrameType.key
  switch (packetType) {
    case 0:
      return { kind: 'config', codec, track: 0, data: reader.rest() }
    case 1:
      return { kind: 'frame', codec, track: 0, key, compositionTime, nanos: 0, data: reader.rest() }
    case 2:
      return { kind: 'end', codec, track: 0 }
    default:
      throw new MediaError('malformed', `flv.video: AVC packet type ${packetType}`, reader.context(1))
  }
}

function parseEnhanced(reader: ByteReader, first: number): readonly VideoTag[] {
  const frameType = (first >> 4) & 7
  const { packetType, nanos } = readModifiers(reader, first & 15)
  // "If VideoPacketType.Metadata is present, the FrameType flags … should be ignored."
  if (frameType === FrameType.command && packetType !== VideoPacketType.metadata) return [{ kind: 'info' }]
  const key = frameType === FrameType.key
  if (packetType !== VideoPacketType.multitrack) {
    return [parsePart(packetType, { fourCc: reader.u32(), track: 0, data: reader.rest() }, key, nanos)]
  }
  const batch = readMultitrack(reader, VideoPacketType.multitrack)
  return batch.parts.map((part) => parsePart(batch.packetType, part, key, nanos))
}

function parsePart(packetType: number, { fourCc, track, data }: TrackPart, key: boolean, nanos: number): VideoTag {
  if (packetType === VideoPacketType.metadata) return { kind: 'metadata', track, data }
  const codec = videoCodecs.get(fourCc)
  if (codec === undefined) return { kind: 'unsupported', codec: foreignName(fourCc), track }
  switch (packetType) {
    case VideoPacketType.sequenceStart:
      return { kind: 'config', codec, track, data }
    case VideoPacketType.mpeg2TsSequenceStart:
      return { kind: 'descriptor', codec, track, data }
    case VideoPacketType.codedFrames: {
      if (!hasCompositionTime(codec)) return { kind: 'frame', codec, track, key, compositionTime: 0, nanos, data }
      const reader = new ByteReader(data, 'flv.video')
      const compositionTime = reader.i24()
      return { kind: 'frame', codec, track, key, compositionTime, nanos, data: reader.rest() }
    }
    case VideoPacketType.codedFramesX:
      return { kind: 'frame', codec, track, key, compositionTime: 0, nanos, data }
    case VideoPacketType.sequenceEnd:
      return { kind: 'end', codec, track }
    default:
      throw new MediaError('malformed', `flv.video: packet type ${packetType}`, { structure: 'flv.video' })
  }
}

/** The other codecs are decoded in the order in which they are shown. */
export function hasCompositionTime(codec: VideoCodec): boolean {
  return codec === 'h264' || codec === 'hevc'
}
