import { MediaError } from '../../error.ts'
import type { AudioTrackConfig } from '../../track.ts'
import { ac3Duration, parseAc3AccessUnit } from './access-unit.ts'
import {
  type Ac3Programme,
  ac3Channels,
  channelLocations,
  parseDac3,
  parseDec3,
  writeDac3,
  writeDec3,
} from './config-box.ts'
import { SAMPLES_PER_BLOCK, type SyncFrame } from './sync-frame.ts'

const DEPENDENT = 1
const MAX_PROGRAMMES = 8
/** Samples of an access unit in MP4 (ETSI TS 102 366 §F.6). */
const FRAME_LENGTH = 6 * SAMPLES_PER_BLOCK

/**
 * Track configuration from an access unit of AC-3 or E-AC-3, with all of its substreams. Throws as `parseSyncFrame`, and `malformed`
 * where it does not begin with the first independent substream.
 */
export function audioConfigFromSyncFrame(unit: Uint8Array): AudioTrackConfig {
  const frames = parseAc3AccessUnit(unit)
  const first = frames[0]
  if (first === undefined) throw new MediaError('truncated', 'ac3: no frame', { structure: 'ac3' })
  // §E.1.3.1.2: the first one is independent, and of number 0; the time is counted in its frames.
  if (first.streamType === DEPENDENT || first.substream !== 0) {
    throw new MediaError('malformed', 'ac3: does not begin with independent substream 0', { structure: 'ac3' })
  }
  if (first.codec === 'ac3') return configOf('ac3', first.sampleRate, programmeOf(first), writeDac3(first))
  const programmes = programmesOf(frames)
  const bytes = frames.reduce((sum, { frameBytes }) => sum + frameBytes, 0)
  const kbits = Math.round((bytes * 8 * first.sampleRate) / ac3Duration(frames) / 1000)
  const dec3 = writeDec3(programmes, kbits)
  return configOf('eac3', first.sampleRate, programmes[0] ?? programmeOf(first), dec3, ac3Duration(frames))
}

/** Track configuration from the content of a `dac3` box. Throws as `parseDac3`. */
export function audioConfigFromDac3(dac3: Uint8Array): AudioTrackConfig {
  const programme = parseDac3(dac3)
  return configOf('ac3', sampleRateOf(programme), programme, new Uint8Array(dac3.subarray(0, 3)))
}

/**
 * Track configuration from the content of a `dec3` box. The box does not say which of the reduced sample rates it is: then, 24 kHz is
 * taken. Throws as `parseDec3`.
 */
export function audioConfigFromDec3(dec3: Uint8Array): AudioTrackConfig {
  const [programme, ...others] = parseDec3(dec3)
  const dataRate = ((dec3[0] ?? 0) << 5) | ((dec3[1] ?? 0) >> 3)
  return configOf('eac3', sampleRateOf(programme), programme, writeDec3([programme, ...others], dataRate))
}

function configOf(
  codec: 'ac3' | 'eac3',
  sampleRate: number,
  programme: Ac3Programme,
  decoderConfig: Uint8Array,
  frameLength: number = FRAME_LENGTH,
): AudioTrackConfig {
  return {
    kind: 'audio',
    codec,
    codecString: codec === 'ac3' ? 'ac-3' : 'ec-3',
    timescale: sampleRate,
    sampleRate,
    channels: ac3Channels(programme),
    frameLength,
    decoderConfig,
  }
}

function sampleRateOf({ fscod }: Ac3Programme): number {
  return [48_000, 44_100, 32_000, 24_000][fscod] ?? 48_000
}

function programmeOf({ fscod, bsid, bsmod, acmod, lfe }: SyncFrame): Ac3Programme {
  return { fscod, bsid, bsmod, acmod, lfe, dependent: 0, channelLocations: 0 }
}

/** Independent substreams, each with the dependent ones that follow it (§E.1.3.1.1). */
function programmesOf(frames: readonly SyncFrame[]): Ac3Programme[] {
  const programmes = new Map<number, Ac3Programme>()
  const counted = new Set<string>()
  let current = 0
  for (const frame of frames) {
    if (frame.streamType !== DEPENDENT) {
      current = frame.substream
      if (!programmes.has(current) && programmes.size < MAX_PROGRAMMES) programmes.set(current, programmeOf(frame))
      continue
    }
    const programme = programmes.get(current)
    const name = `${current} ${frame.substream}`
    // Frames of fewer blocks repeat it.
    if (programme === undefined || counted.has(name)) continue
    counted.add(name)
    const added = frame.channelMap === undefined ? 0 : channelLocations(frame.channelMap)
    programmes.set(current, {
      ...programme,
      dependent: programme.dependent + 1,
      channelLocations: programme.channelLocations | added,
    })
  }
  return [...programmes.values()]
}
