import { BitReader } from '../../bytes/bit-reader.ts'
import { MediaError } from '../../error.ts'

/** AudioSpecificConfig (ISO/IEC 14496-3 §1.6.2.1) of AAC-LC, HE-AAC and HE-AAC v2. */
export interface AudioSpecificConfig {
  /** Object type of the core coder; always 2 (AAC LC), SBR and PS are told by the flags. */
  readonly objectType: 2
  /** Signalled explicitly, in front (`hierarchical`) or behind. Implicit SBR cannot be known from here. */
  readonly sbr: boolean
  readonly ps: boolean
  /** Hz, of the core coder. */
  readonly coreSampleRate: number
  /** Hz, of the output; differs from the core's with SBR. */
  readonly sampleRate: number
  /** 0 when a program config element tells the channels. */
  readonly channelConfiguration: number
  /** Channels of the output. */
  readonly channels: number
  /** Samples a frame of the core coder: 1024 or 960. */
  readonly coreFrameLength: number
}

/** By samplingFrequencyIndex (table 1.18), Hz. */
export const SAMPLE_RATES: readonly number[] = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000, 7350,
]
/** Table 1.19, by channelConfiguration; 0 and the reserved ones are missing. */
const CHANNELS = new Map([
  [1, 1],
  [2, 2],
  [3, 3],
  [4, 4],
  [5, 5],
  [6, 6],
  [7, 8],
  [11, 7],
  [12, 8],
  [14, 8],
])
const AAC_LC = 2
const SBR = 5
const PS = 29

/**
 * Parses an AudioSpecificConfig. Bytes behind it are ignored: encoders pad it. Throws `truncated`, `malformed`, or
 * `unsupported` for object types other than AAC LC, SBR and PS.
 */
export function parseAsc(asc: Uint8Array): AudioSpecificConfig {
  return readAsc(new BitReader(asc, 'asc'), true)
}

/**
 * Reads an AudioSpecificConfig from where `bits` stands. Throws as `parseAsc`.
 * @param last nothing else follows: what is signalled behind the core's configuration may be looked for.
 */
export function readAsc(bits: BitReader, last: boolean): AudioSpecificConfig {
  const signalled = readObjectType(bits)
  const coreSampleRate = readSampleRate(bits)
  const channelConfiguration = bits.u(4)
  let sampleRate = coreSampleRate
  let sbr = signalled === SBR || signalled === PS
  let ps = signalled === PS
  let objectType = signalled
  if (sbr) {
    sampleRate = readSampleRate(bits)
    objectType = readObjectType(bits)
  }
  if (objectType !== AAC_LC) {
    throw new MediaError(
      'unsupported',
      `asc: audio object type ${objectType}; AAC LC, HE-AAC and HE-AAC v2 are taken`,
      {
        structure: 'asc',
      },
    )
  }
  const coreFrameLength = bits.flag() ? 960 : 1024
  if (bits.flag()) bits.skip(14) // coreCoderDelay
  bits.skip(1) // extensionFlag, 0 for AAC LC
  const coreChannels = channelConfiguration === 0 ? readProgramConfig(bits) : CHANNELS.get(channelConfiguration)
  if (coreChannels === undefined) throw malformed(`channelConfiguration ${channelConfiguration} is reserved`)
  if (!sbr && last) {
    const extension = readSyncExtension(bits)
    if (extension !== undefined) {
      sbr = true
      ps = extension.ps
      sampleRate = extension.sampleRate
    }
  }
  if (sbr && sampleRate !== coreSampleRate && sampleRate !== 2 * coreSampleRate) {
    throw malformed(`SBR from ${coreSampleRate} Hz to ${sampleRate} Hz`)
  }
  return {
    objectType: AAC_LC,
    sbr,
    ps,
    coreSampleRate,
    sampleRate,
    channelConfiguration,
    channels: ps && coreChannels === 1 ? 2 : coreChannels,
    coreFrameLength,
  }
}

function readObjectType(bits: BitReader): number {
  const type = bits.u(5)
  return type === 31 ? 32 + bits.u(6) : type
}

function readSampleRate(bits: BitReader): number {
  const index = bits.u(4)
  const rate = index === 15 ? bits.u(24) : SAMPLE_RATES[index]
  if (rate === undefined) throw malformed(`samplingFrequencyIndex ${index} is reserved`)
  // Table 1.18 ends at 7350 and 96000 Hz.
  if (rate < 7350 || rate > 96_000) throw malformed(`sampling frequency of ${rate} Hz`)
  return rate
}

/** program_config_element (§4.4.1.1); the number of channels. */
function readProgramConfig(bits: BitReader): number {
  bits.skip(4 + 2 + 4) // element_instance_tag, object_type, sampling_frequency_index
  const front = bits.u(4)
  const side = bits.u(4)
  const back = bits.u(4)
  const lfe = bits.u(2)
  const associatedData = bits.u(3)
  const coupling = bits.u(4)
  if (bits.flag()) bits.skip(4) // mono_mixdown_element_number
  if (bits.flag()) bits.skip(4) // stereo_mixdown_element_number
  if (bits.flag()) bits.skip(3) // matrix_mixdown_idx, pseudo_surround_enable
  let channels = lfe
  for (let i = 0; i < front + side + back; i++) {
    channels += bits.flag() ? 2 : 1
    bits.skip(4) // element_tag_select
  }
  bits.skip(4 * lfe + 4 * associatedData + 5 * coupling)
  bits.align()
  bits.skip(8 * bits.u(8)) // comment_field_data
  if (channels === 0) throw malformed('program config element without channels')
  return channels
}

/** Backward-compatible explicit signalling: SBR and PS told behind the core's configuration. */
function readSyncExtension(bits: BitReader): { sampleRate: number; ps: boolean } | undefined {
  if (bits.remaining < 16 || bits.u(11) !== 0x2b7) return undefined
  if (readObjectType(bits) !== SBR || !bits.flag()) return undefined
  const sampleRate = readSampleRate(bits)
  const ps = bits.remaining >= 12 && bits.u(11) === 0x548 && bits.flag()
  return { sampleRate, ps }
}

function malformed(what: string): MediaError {
  return new MediaError('malformed', `asc: ${what}`, { structure: 'asc' })
}
