import { concatBytes } from '../../bytes/bytes.ts'
import { MediaError } from '../../error.ts'
import { printEnhanced } from './enhanced.ts'
import { fourCcNumber, videoFourCcs } from './fourcc.ts'
import { FrameType, hasCompositionTime, VideoPacketType, type VideoTag } from './video-tag.ts'

/** What can be written. */
export type CodedVideo = Extract<VideoTag, { kind: 'config' | 'descriptor' | 'frame' | 'end' }>
const empty = new Uint8Array(0)

/** Classic body, of H.264 (codec id 7) and HEVC (12). Other kinds are not written. */
export function printVideoTag(
  tag: Extract<VideoTag, { kind: 'config' | 'frame' | 'end' }> & { readonly codec: 'h264' | 'hevc' },
): Uint8Array {
  const data = tag.kind === 'end' ? empty : tag.data
  const key = tag.kind !== 'frame' || tag.key
  const body = new Uint8Array(5 + data.byteLength)
  body[0] = ((key ? FrameType.key : FrameType.inter) << 4) | (tag.codec === 'h264' ? 7 : 12)
  body[1] = tag.kind === 'config' ? 0 : tag.kind === 'frame' ? 1 : 2
  body.set(i24(tag.kind === 'frame' ? tag.compositionTime : 0), 2)
  body.set(data, 5)
  return body
}

/**
 * Body with the extended header of Enhanced RTMP v2. Several tags, of tracks of their own, make one of multitrack: they must
 * be of one kind, and frames all key frames or none, with the same `nanos`, for the header says it once.
 *
 * @throws MediaError `malformed` for tags that cannot share a header.
 */
export function printEnhancedVideoTag(...tags: readonly CodedVideo[]): Uint8Array {
  const [first] = tags
  const frames = tags.filter((tag) => tag.kind === 'frame')
  const key = frames[0]?.key ?? true
  const nanos = frames[0]?.nanos ?? 0
  if (
    first === undefined ||
    tags.some(({ kind }) => kind !== first.kind) ||
    frames.some((frame) => frame.key !== key || frame.nanos !== nanos)
  ) {
    throw new MediaError('malformed', 'flv.video: tags that cannot share a header')
  }
  // `CodedFramesX` is for codecs that have a composition time to leave out, and only when all of them are 0.
  const isUndelayed = frames.every((frame) => frame.compositionTime === 0 && hasCompositionTime(frame.codec))
  const parts = tags.map((tag) => {
    const data = tag.kind === 'end' ? empty : tag.data
    const isTimed = tag.kind === 'frame' && !isUndelayed && hasCompositionTime(tag.codec)
    return {
      fourCc: fourCcNumber(videoFourCcs[tag.codec]),
      track: tag.track,
      data: isTimed ? concatBytes([i24(tag.compositionTime), data]) : data,
    }
  })
  return printEnhanced({
    lead: 0x80 | ((key ? FrameType.key : FrameType.inter) << 4),
    packetType: packetTypeOf(first, isUndelayed),
    nanos,
    multitrack: VideoPacketType.multitrack,
    parts,
  })
}

function packetTypeOf({ kind }: CodedVideo, isUndelayed: boolean): number {
  switch (kind) {
    case 'config':
      return VideoPacketType.sequenceStart
    case 'descriptor':
      return VideoPacketType.mpeg2TsSequenceStart
    case 'end':
      return VideoPacketType.sequenceEnd
    case 'frame':
      return isUndelayed ? VideoPacketType.codedFramesX : VideoPacketType.codedFrames
  }
}

/** `VideoPacketType.Metadata` of a track: AMF0 as `printColorInfo` makes it. */
export function printVideoMetadata(data: Uint8Array, codec: keyof typeof videoFourCcs, track = 0): Uint8Array {
  return printEnhanced({
    lead: 0x80 | (FrameType.key << 4),
    packetType: VideoPacketType.metadata,
    nanos: 0,
    multitrack: VideoPacketType.multitrack,
    parts: [{ fourCc: fourCcNumber(videoFourCcs[codec]), track, data }],
  })
}

function i24(value: number): Uint8Array {
  return Uint8Array.of(value >> 16, value >> 8, value)
}
