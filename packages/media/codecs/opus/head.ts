import { ByteReader } from '../../bytes/reader.ts'
import { ByteWriter } from '../../bytes/writer.ts'
import { MediaError } from '../../error.ts'

/** What an Opus decoder is told: the identification header of Ogg and the `dOps` box say the same, in different byte orders. */
export interface OpusHead {
  readonly channels: number
  /** Ticks of 48 kHz that the encoder needs to come in, not to be heard. */
  readonly preSkip: number
  /** Hz, of what was encoded; 0 when unknown. Only describes: decoders give 48 kHz. */
  readonly inputSampleRate: number
  /** Q7.8 dB, signed. */
  readonly outputGain: number
  /** 0 is mono or stereo in one stream; 1 surround in Vorbis' order; 255 channels without meaning (RFC 7845 §5.1.1). */
  readonly mappingFamily: number
  /** Streams in a packet, and how many of them are stereo. */
  readonly streams: number
  readonly coupled: number
  /** For each channel the decoded one that it is, 255 for silence. */
  readonly mapping: readonly number[]
}

const MAGIC = Array.from('OpusHead', (letter) => letter.charCodeAt(0))
const SILENT = 255

/** Identification header (RFC 7845 §5.1), little-endian, as Ogg, Matroska and RTMP carry it. Throws `truncated`, `malformed`, `unsupported`. */
export function parseOpusHead(head: Uint8Array): OpusHead {
  const reader = new ByteReader(head, 'OpusHead')
  if (MAGIC.some((byte) => reader.u8() !== byte)) throw malformed('does not begin with "OpusHead"')
  const version = reader.u8()
  // §5.1: the upper half tells incompatible versions apart.
  if (version >> 4 !== 0) throw new MediaError('unsupported', `opus: header version ${version}`, reader.context(8))
  const channels = reader.u8()
  const preSkip = reader.u8() | (reader.u8() << 8)
  const inputSampleRate = reader.u32le()
  const gain = reader.u8() | (reader.u8() << 8)
  return readMapping(reader, { channels, preSkip, inputSampleRate, outputGain: (gain << 16) >> 16 })
}

/** Content of the `dOps` box (Opus in ISO BMFF §4.3.2), big-endian. Throws `truncated`, `malformed`, `unsupported`. */
export function parseDOps(dOps: Uint8Array): OpusHead {
  const reader = new ByteReader(dOps, 'dOps')
  const version = reader.u8()
  if (version !== 0) throw new MediaError('unsupported', `opus: dOps version ${version}`, reader.context(0))
  const channels = reader.u8()
  const preSkip = reader.u16()
  const inputSampleRate = reader.u32()
  return readMapping(reader, { channels, preSkip, inputSampleRate, outputGain: reader.i16() })
}

/** Identification header, little-endian. Throws `malformed` for what it cannot say. */
export function writeOpusHead(head: OpusHead): Uint8Array {
  check(head)
  const { channels, preSkip, inputSampleRate, outputGain, mappingFamily, streams, coupled, mapping } = head
  const writer = new ByteWriter(32).bytes(Uint8Array.from(MAGIC))
  writer
    .u8(1)
    .u8(channels)
    .u8(preSkip & 255)
    .u8(preSkip >> 8)
  writer.u32le(inputSampleRate)
  writer
    .u8(outputGain & 255)
    .u8((outputGain >> 8) & 255)
    .u8(mappingFamily)
  if (mappingFamily !== 0) writer.u8(streams).u8(coupled).bytes(Uint8Array.from(mapping))
  return writer.finish()
}

/** Content of the `dOps` box. Throws `malformed` for what no box can say. */
export function writeDOps(head: OpusHead): Uint8Array {
  check(head)
  const writer = new ByteWriter(32)
  writer.u8(0).u8(head.channels).u16(head.preSkip).u32(head.inputSampleRate)
  writer.u16(head.outputGain & 0xffff).u8(head.mappingFamily)
  if (head.mappingFamily !== 0) writer.u8(head.streams).u8(head.coupled).bytes(Uint8Array.from(head.mapping))
  return writer.finish()
}

/** Streams, coupled streams and mapping of 3 to 8 channels in Vorbis' order, as encoders use them for family 1 (RFC 7845 §5.1.1.2). */
const SURROUND: ReadonlyMap<number, readonly [streams: number, coupled: number, mapping: readonly number[]]> = new Map([
  [3, [2, 1, [0, 2, 1]]],
  [4, [2, 2, [0, 1, 2, 3]]],
  [5, [3, 2, [0, 4, 1, 2, 3]]],
  [6, [4, 2, [0, 4, 1, 2, 3, 5]]],
  [7, [4, 3, [0, 4, 1, 2, 3, 5, 6]]],
  [8, [5, 3, [0, 6, 1, 2, 3, 4, 5, 7]]],
])

/**
 * The header of a source that names its channels only: RTP and MPEG-TS. Nothing is left out at the start.
 * @param channels 1 to 8. Throws `unsupported` for others.
 */
export function headOfChannels(channels: number): OpusHead {
  const described = { channels, preSkip: 0, inputSampleRate: 48_000, outputGain: 0 }
  if (channels === 1 || channels === 2) return plain(described)
  const surround = SURROUND.get(channels)
  if (surround === undefined) throw new MediaError('unsupported', `opus: ${channels} channels`)
  const [streams, coupled, mapping] = surround
  return { ...described, mappingFamily: 1, streams, coupled, mapping }
}

type Described = Pick<OpusHead, 'channels' | 'preSkip' | 'inputSampleRate' | 'outputGain'>

function plain(described: Described): OpusHead {
  const { channels } = described
  return {
    ...described,
    mappingFamily: 0,
    streams: 1,
    coupled: channels - 1,
    mapping: Array.from({ length: channels }, (_, i) => i),
  }
}

/** Channel mapping table (RFC 7845 §5.1.1), which family 0 does without. */
function readMapping(reader: ByteReader, described: Described): OpusHead {
  const mappingFamily = reader.u8()
  if (mappingFamily === 0) {
    if (described.channels < 1 || described.channels > 2) throw malformed(`${described.channels} channels of family 0`)
    return plain(described)
  }
  const streams = reader.u8()
  const coupled = reader.u8()
  const mapping = [...reader.bytes(described.channels)]
  const head = { ...described, mappingFamily, streams, coupled, mapping }
  check(head)
  return head
}

function check({ channels, mappingFamily, streams, coupled, mapping }: OpusHead): void {
  const decoded = streams + coupled
  const isPlain = mappingFamily !== 0 || channels <= 2
  const isMapped = mapping.length === channels && mapping.every((from) => from < decoded || from === SILENT)
  if (channels >= 1 && isPlain && streams >= 1 && coupled <= streams && decoded <= 255 && isMapped) return
  throw malformed(`${channels} channels of ${streams} streams, ${coupled} of them coupled, family ${mappingFamily}`)
}

function malformed(what: string): MediaError {
  return new MediaError('malformed', `opus: ${what}`, { structure: 'OpusHead' })
}
