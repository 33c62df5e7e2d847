import { ByteReader } from '../../bytes/reader.ts'
import { MediaError } from '../../error.ts'
import type { AudioCodec } from '../../track.ts'
import { type ChannelLayout, parseChannelLayout, printChannelLayout } from './channel-layout.ts'
import { printEnhanced, readModifiers, readMultitrack, type TrackPart } from './enhanced.ts'
import { audioCodecs, audioFourCcs, foreignName, fourCcNumber } from './fourcc.ts'

/**
 * What the body of an audio tag holds of one track (Adobe Video File Format 10.1, E.4.2; Enhanced RTMP v2).
 *
 * ```
 * classic:   | format 4 | rate 2 | size 1 | type 1 | [AAC packet type 8] | data |
 * enhanced:  | 9 | packet type 4 | … (enhanced.ts) | data |
 * ```
 * For AAC rate, size and type say nothing; the AudioSpecificConfig does. `track` is 0 but in multitrack.
 */
export type AudioTag =
  /**
   * AudioSpecificConfig; OpusHead (RFC 7845 §5.1), which may be empty; "fLaC" and STREAMINFO. The other codecs have none.
   */
  | { readonly kind: 'config'; readonly codec: AudioCodec; readonly track: number; readonly data: Uint8Array }
  /** One frame (AC-3 and MP3 perhaps several); `nanos` is to be added to the tag's timestamp, 0 to 999 999 ns. */
  | {
      readonly kind: 'frame'
      readonly codec: AudioCodec
      readonly track: number
      readonly nanos: number
      readonly data: Uint8Array
    }
  /** Which speakers the channels are for, where the codec itself does not say. */
  | { readonly kind: 'channels'; readonly codec: AudioCodec; readonly track: number; readonly layout: ChannelLayout }
  /** End of sequence, which also means silence. */
  | { readonly kind: 'end'; readonly codec: AudioCodec; readonly track: number }
  /** A codec that is not spoken here; `codec` is its name for people. */
  | { readonly kind: 'unsupported'; readonly codec: string; readonly track: number }

const AAC = 10
const MP3 = 2
const MP3_8K = 14
const ENHANCED = 9

/** `AudioPacketType`. */
const PacketType = { sequenceStart: 0, codedFrames: 1, sequenceEnd: 2, multichannelConfig: 4, multitrack: 5 } as const

const classicNames: Readonly<Record<number, string>> = {
  0: 'PCM',
  1: 'ADPCM',
  3: 'PCM',
  4: 'Nellymoser',
  5: 'Nellymoser',
  6: 'Nellymoser',
  7: 'G.711 A-law',
  8: 'G.711 µ-law',
  11: 'Speex',
  13: 'Opus with an old FLV number',
}

/** Payloads are views. One entry but for multitrack. @throws MediaError `truncated`, `too-large`, or `malformed` for an unknown packet type. */
export function parseAudioTag(body: Uint8Array): readonly AudioTag[] {
  const reader = new ByteReader(body, 'flv.audio')
  const first = reader.u8()
  const format = first >> 4
  if (format === ENHANCED) return parseEnhanced(reader, first & 15)
  if (format === MP3 || format === MP3_8K) {
    return [{ kind: 'frame', codec: 'mp3', track: 0, nanos: 0, data: reader.rest() }]
  }
  if (format !== AAC) {
    return [{ kind: 'unsupported', codec: classicNames[format] ?? `FLV audio format ${format}`, track: 0 }]
  }
  const isConfig = reader.u8() === 0
  const data = reader.rest()
  return [isConfig ? { kind: 'config', codec: 'aac', track: 0, data } : { ...plainFrame, data }]
}

const plainFrame = { kind: 'frame', codec: 'aac', track: 0, nanos: 0 } as const

function parseEnhanced(reader: ByteReader, first: number): readonly AudioTag[] {
  const { packetType, nanos } = readModifiers(reader, first)
  if (packetType !== PacketType.multitrack) {
    return [parsePart(packetType, { fourCc: reader.u32(), track: 0, data: reader.rest() }, nanos)]
  }
  const batch = readMultitrack(reader, PacketType.multitrack)
  return batch.parts.map((part) => parsePart(batch.packetType, part, nanos))
}

function parsePart(packetType: number, { fourCc, track, data }: TrackPart, nanos: number): AudioTag {
  const codec = audioCodecs.get(fourCc)
  if (codec === undefined) return { kind: 'unsupported', codec: foreignName(fourCc), track }
  switch (packetType) {
    case PacketType.sequenceStart:
      return { kind: 'config', codec, track, data }
    case PacketType.codedFrames:
      return { kind: 'frame', codec, track, nanos, data }
    case PacketType.sequenceEnd:
      return { kind: 'end', codec, track }
    case PacketType.multichannelConfig:
      return { kind: 'channels', codec, track, layout: parseChannelLayout(data) }
    default:
      throw new MediaError('malformed', `flv.audio: packet type ${packetType}`, { structure: 'flv.audio' })
  }
}

/** Classic AAC body; rate, size and type as the specification wants them for AAC (3, 1, 1). */
export function printAudioTag(
  tag: Extract<AudioTag, { kind: 'config' | 'frame' }> & { readonly codec: 'aac' },
): Uint8Array {
  const body = new Uint8Array(2 + tag.data.byteLength)
  body[0] = 0xaf
  body[1] = tag.kind === 'config' ? 0 : 1
  body.set(tag.data, 2)
  return body
}

/** What can be written. */
export type CodedAudio = Exclude<AudioTag, { kind: 'unsupported' }>

/**
 * Body with the extended header of Enhanced RTMP v2. Several tags, of tracks of their own, make one of multitrack: they must
 * be of one kind, with the same `nanos`, for the header says it once.
 *
 * @throws MediaError `malformed` for tags that cannot share a header.
 */
export function printEnhancedAudioTag(...tags: readonly CodedAudio[]): Uint8Array {
  const nanosOf = (tag: CodedAudio) => (tag.kind === 'frame' ? tag.nanos : 0)
  const [first] = tags
  if (first === undefined || tags.some((tag) => tag.kind !== first.kind || nanosOf(tag) !== nanosOf(first))) {
    throw new MediaError('malformed', 'flv.audio: tags that cannot share a header')
  }
  return printEnhanced({
    lead: ENHANCED << 4,
    packetType: packetTypes[first.kind],
    nanos: nanosOf(first),
    multitrack: PacketType.multitrack,
    parts: tags.map((tag) => ({
      fourCc: fourCcNumber(audioFourCcs[tag.codec]),
      track: tag.track,
      data: tag.kind === 'channels' ? printChannelLayout(tag.layout) : tag.kind === 'end' ? empty : tag.data,
    })),
  })
}

const empty = new Uint8Array(0)

const packetTypes: Readonly<Record<CodedAudio['kind'], number>> = {
  config: PacketType.sequenceStart,
  channels: PacketType.multichannelConfig,
  end: PacketType.sequenceEnd,
  frame: PacketType.codedFrames,
}
