import { BitWriter } from '../../bytes/bit-writer.ts'
import type { AudioTrackConfig } from '../../track.ts'
import { parseAsc } from './asc.ts'

type Element = 'sce' | 'cpe' | 'lfe'

/** Elements in the order of ISO/IEC 14496-3 table 1.19, by channelConfiguration. */
const ELEMENTS = new Map<number, readonly Element[]>([
  [1, ['sce']],
  [2, ['cpe']],
  [3, ['sce', 'cpe']],
  [4, ['sce', 'cpe', 'sce']],
  [5, ['sce', 'cpe', 'cpe']],
  [6, ['sce', 'cpe', 'cpe', 'lfe']],
  [7, ['sce', 'cpe', 'cpe', 'cpe', 'lfe']],
])
/** id_syn_ele, table 4.85. */
const ID = { sce: 0, cpe: 1, lfe: 3, end: 7 } as const

/**
 * One frame of silence for AAC-LC in channel configurations 1 to 7: a raw_data_block (§4.4.2.1) without any scale factor
 * band. `undefined` where none is made: another codec, SBR and PS (a frame without their payload makes decoders switch modes), other
 * channel configurations. Throws as `parseAsc` when the track's configuration is none.
 */
export function silentFrame(config: AudioTrackConfig): Uint8Array | undefined {
  if (config.codec !== 'aac') return undefined
  const asc = parseAsc(config.decoderConfig)
  const elements = asc.sbr ? undefined : ELEMENTS.get(asc.channelConfiguration)
  if (elements === undefined) return undefined
  const bits = new BitWriter()
  const tags = { sce: 0, cpe: 0, lfe: 0 }
  for (const element of elements) {
    bits.u(3, ID[element]).u(4, tags[element]++) // id_syn_ele, element_instance_tag
    if (element === 'cpe') writePair(bits)
    else writeChannel(bits, false)
  }
  return bits.u(3, ID.end).finish()
}

/** channel_pair_element, table 4.5. */
function writePair(bits: BitWriter): void {
  bits.flag(true) // common_window
  writeIcsInfo(bits)
  bits.u(2, 0) // ms_mask_present
  writeChannel(bits, true)
  writeChannel(bits, true)
}

/** individual_channel_stream, table 4.50: with max_sfb 0 there are no sections, scale factors or spectral data. */
function writeChannel(bits: BitWriter, commonWindow: boolean): void {
  bits.u(8, 0) // global_gain
  if (!commonWindow) writeIcsInfo(bits)
  bits.flag(false) // pulse_data_present
  bits.flag(false) // tns_data_present
  bits.flag(false) // gain_control_data_present
}

/** ics_info, table 4.6. */
function writeIcsInfo(bits: BitWriter): void {
  bits.u(1, 0) // ics_reserved_bit
  bits.u(2, 0) // window_sequence: ONLY_LONG_SEQUENCE
  bits.u(1, 0) // window_shape: sine
  bits.u(6, 0) // max_sfb
  bits.u(1, 0) // predictor_data_present
}
