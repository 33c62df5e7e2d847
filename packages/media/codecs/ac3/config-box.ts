import { BitReader } from '../../bytes/bit-reader.ts'
import { BitWriter } from '../../bytes/bit-writer.ts'
import { MediaError } from '../../error.ts'
import { AC3_BIT_RATES, AC3_CHANNELS, type SyncFrame } from './sync-frame.ts'

/** What `dac3` and `dec3` say of a programme. */
export interface Ac3Programme {
  readonly fscod: number
  readonly bsid: number
  readonly bsmod: number
  readonly acmod: number
  readonly lfe: boolean
  /** E-AC-3: dependent substreams, and where the channels are that they add (§F.6.2.14). */
  readonly dependent: number
  readonly channelLocations: number
}

/** Bits of `chan_loc` that stand for a pair of channels. */
const PAIRS = 0b0_0111_0011
const MAX_DEPENDENT = 8

/** Channels of a programme, those of its dependent substreams included. */
export function ac3Channels({ acmod, lfe, channelLocations }: Ac3Programme): number {
  let channels = (AC3_CHANNELS[acmod] ?? 0) + (lfe ? 1 : 0)
  for (let bit = 0; bit < 9; bit++) {
    if ((channelLocations >> bit) & 1) channels += (PAIRS >> bit) & 1 ? 2 : 1
  }
  return channels
}

/** AC3SpecificBox (§F.4). */
export function writeDac3(frame: SyncFrame): Uint8Array {
  const { fscod, bsid, bsmod, acmod, lfe, bitRateCode } = frame
  return new BitWriter().u(2, fscod).u(5, bsid).u(3, bsmod).u(3, acmod).flag(lfe).u(5, bitRateCode).u(5, 0).finish()
}

/** Throws `truncated`, `malformed`. */
export function parseDac3(dac3: Uint8Array): Ac3Programme {
  const bits = new BitReader(dac3, 'dac3')
  const programme = { fscod: bits.u(2), bsid: bits.u(5), bsmod: bits.u(3), acmod: bits.u(3), lfe: bits.flag() }
  if (AC3_BIT_RATES[bits.u(5)] === undefined || programme.fscod > 2) throw malformed('dac3', 'a reserved rate')
  return { ...programme, dependent: 0, channelLocations: 0 }
}

/** EC3SpecificBox (§F.6). @param dataRate kbit/s. */
export function writeDec3(programmes: readonly Ac3Programme[], dataRate: number): Uint8Array {
  const bits = new BitWriter().u(13, Math.min(dataRate, 0x1fff)).u(3, programmes.length - 1)
  for (const { fscod, bsid, bsmod, acmod, lfe, dependent, channelLocations } of programmes) {
    bits.u(2, fscod).u(5, bsid).u(1, 0).u(1, 0).u(3, bsmod).u(3, acmod).flag(lfe).u(3, 0).u(4, dependent)
    if (dependent > 0) bits.u(9, channelLocations)
    else bits.u(1, 0)
  }
  return bits.finish()
}

/** The programmes, the first of which is what is heard. Throws `truncated`, `malformed`. */
export function parseDec3(dec3: Uint8Array): [Ac3Programme, ...Ac3Programme[]] {
  const bits = new BitReader(dec3, 'dec3')
  bits.skip(13) // data_rate
  const count = bits.u(3) + 1
  const read = (): Ac3Programme => {
    const fscod = bits.u(2)
    const bsid = bits.u(5)
    bits.skip(2) // reserved, asvc
    const programme = { fscod, bsid, bsmod: bits.u(3), acmod: bits.u(3), lfe: bits.flag() }
    bits.skip(3)
    const dependent = bits.u(4)
    if (dependent > MAX_DEPENDENT) throw malformed('dec3', `${dependent} dependent substreams`)
    if (dependent > 0) return { ...programme, dependent, channelLocations: bits.u(9) }
    bits.skip(1)
    return { ...programme, dependent, channelLocations: 0 }
  }
  return [read(), ...Array.from({ length: count - 1 }, read)]
}

/** Locations of `chanmap` (§E.1.3.1.8, the leftmost channel is its highest bit) as `chan_loc` has them; the core's own are left out. */
export function channelLocations(chanmap: number): number {
  let locations = 0
  // Lc/Rc, Lrs/Rrs, Cs, Ts, Lsd/Rsd, Lw/Rw, Lvh/Rvh, Cvh are its bits 5 to 12 from the left, LFE2 is 14.
  for (let i = 0; i < 8; i++) if ((chanmap >> (10 - i)) & 1) locations |= 1 << i
  return (chanmap >> 1) & 1 ? locations | (1 << 8) : locations
}

function malformed(structure: string, what: string): MediaError {
  return new MediaError('malformed', `${structure}: ${what}`, { structure })
}
