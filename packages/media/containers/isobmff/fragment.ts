import type { TrackId } from '../../access-unit.ts'
import { MediaError } from '../../error.ts'
import { NTP_OFFSET } from '../../ntp.ts'
import { NON_SYNC_SAMPLE, SYNC_SAMPLE } from './sample-flags.ts'

/** One sample of a fragment; times in ticks of the track's timescale. */
export interface FragmentSample {
  readonly data: Uint8Array
  readonly duration: number
  /** Presentation time minus decode time; may be negative. */
  readonly compositionOffset: number
  readonly key: boolean
}

export interface FragmentInput {
  /** `sequence_number`: 32 bits, rises; higher numbers wrap. */
  readonly sequence: number
  readonly track: TrackId
  /** Decode time of the first sample in ticks of the track's timescale. */
  readonly baseDecodeTime: number
  readonly samples: readonly FragmentSample[]
  /** Writes a `prft` box: `wallClock` in Unix milliseconds belongs to `mediaTime` in ticks of the track's timescale. */
  readonly producerTime?: { readonly wallClock: number; readonly mediaTime: number }
}

/** ProducerReferenceTimeBox flags (§8.16.5): consistent over the track, at a constant offset from the real event. */
const PRFT_CONSISTENT = 24

// tfhd (§8.8.7)
const DEFAULT_DURATION = 0x8
const DEFAULT_SIZE = 0x10
const DEFAULT_FLAGS = 0x20
const DEFAULT_BASE_IS_MOOF = 0x20000
// trun (§8.8.8)
const DATA_OFFSET = 0x1
const FIRST_FLAGS = 0x4
const SAMPLE_DURATION = 0x100
const SAMPLE_SIZE = 0x200
const SAMPLE_FLAGS = 0x400
const SAMPLE_OFFSET = 0x800

const MOOF = fourcc('moof')
const MFHD = fourcc('mfhd')
const TRAF = fourcc('traf')
const TFHD = fourcc('tfhd')
const TFDT = fourcc('tfdt')
const TRUN = fourcc('trun')
const MDAT = fourcc('mdat')
const PRFT = fourcc('prft')

const PRFT_SIZE = 32
const MFHD_SIZE = 16
const TFDT_SIZE = 20

/**
 * One CMAF chunk (ISO/IEC 23000-19 §7.3.2.3): optional `prft`, `moof`, `mdat`, in one allocation of exact size into which
 * the media is copied once, sample after sample and last. What is equal for all samples is written once. Throws `malformed`
 * when there is no sample or a value does not fit its field, `too-large` from 4 GiB.
 */
export function writeFragment(fragment: FragmentInput): Uint8Array {
  const { samples, producerTime } = fragment
  const plan = planRun(samples)
  const prftSize = producerTime === undefined ? 0 : PRFT_SIZE
  const tfhdSize = 16 + 4 * bitCount(plan.tfhdFlags & (DEFAULT_DURATION | DEFAULT_SIZE | DEFAULT_FLAGS))
  const trunSize = 20 + (plan.trunFlags & FIRST_FLAGS ? 4 : 0) + plan.bytesPerSample * samples.length
  const trafSize = 8 + tfhdSize + TFDT_SIZE + trunSize
  const moofSize = 8 + MFHD_SIZE + trafSize
  const mdatSize = 8 + plan.mediaSize
  if (moofSize + mdatSize > 0xffffffff) throw new MediaError('too-large', `fragment of ${mdatSize} bytes`)

  const out = new Uint8Array(prftSize + moofSize + mdatSize)
  const view = new DataView(out.buffer)
  if (producerTime !== undefined) writePrft(view, fragment.track, producerTime)
  let at = prftSize
  at = head(view, at, moofSize, MOOF)
  at = fullHead(view, at, MFHD_SIZE, MFHD, 0, 0)
  at = u32(view, at, fragment.sequence >>> 0)
  at = head(view, at, trafSize, TRAF)
  at = fullHead(view, at, tfhdSize, TFHD, 0, plan.tfhdFlags)
  at = u32(view, at, checked(fragment.track, 1, 0xffffffff, 'track'))
  if (plan.tfhdFlags & DEFAULT_DURATION) at = u32(view, at, plan.duration)
  if (plan.tfhdFlags & DEFAULT_SIZE) at = u32(view, at, plan.size)
  if (plan.tfhdFlags & DEFAULT_FLAGS) at = u32(view, at, plan.flags)
  at = fullHead(view, at, TFDT_SIZE, TFDT, 1, 0)
  at = u64(view, at, checked(fragment.baseDecodeTime, 0, Number.MAX_SAFE_INTEGER, 'base decode time'))
  at = fullHead(view, at, trunSize, TRUN, 1, plan.trunFlags)
  at = u32(view, at, samples.length)
  at = u32(view, at, moofSize + 8) // data_offset, from the start of moof
  if (plan.trunFlags & FIRST_FLAGS) at = u32(view, at, SYNC_SAMPLE)
  if (plan.bytesPerSample > 0) {
    for (const sample of samples) {
      if (plan.trunFlags & SAMPLE_DURATION) at = u32(view, at, sample.duration)
      if (plan.trunFlags & SAMPLE_SIZE) at = u32(view, at, sample.data.byteLength)
      if (plan.trunFlags & SAMPLE_FLAGS) at = u32(view, at, flagsOf(sample))
      if (plan.trunFlags & SAMPLE_OFFSET) at = u32(view, at, sample.compositionOffset)
    }
  }
  at = head(view, at, mdatSize, MDAT)
  for (const sample of samples) {
    out.set(sample.data, at)
    at += sample.data.byteLength
  }
  return out
}

interface RunPlan {
  readonly tfhdFlags: number
  readonly trunFlags: number
  readonly bytesPerSample: number
  readonly mediaSize: number
  readonly duration: number
  readonly size: number
  readonly flags: number
}

/** Finds what all samples share. Sample flags: shared, or shared by all but a key frame at the start, or one each. */
function planRun(samples: readonly FragmentSample[]): RunPlan {
  const first = samples[0]
  if (first === undefined) throw new MediaError('malformed', 'fragment without samples')
  const rest = samples[1] ?? first
  const { duration } = first
  const size = first.data.byteLength
  let sameDuration = true
  let sameSize = true
  let sameRest = true
  let noOffsets = true
  let mediaSize = 0
  for (let i = 0; i < samples.length; i++) {
    const sample = samples[i] ?? first
    checked(sample.duration, 0, 0xffffffff, 'sample duration')
    checked(sample.compositionOffset, -0x80000000, 0x7fffffff, 'composition offset')
    mediaSize += sample.data.byteLength
    sameDuration &&= sample.duration === duration
    sameSize &&= sample.data.byteLength === size
    noOffsets &&= sample.compositionOffset === 0
    if (i > 0) sameRest &&= sample.key === rest.key
  }
  const sameFlags = sameRest && first.key === rest.key
  const firstDiffers = sameRest && first.key && !rest.key
  const trunFlags =
    DATA_OFFSET |
    (sameDuration ? 0 : SAMPLE_DURATION) |
    (sameSize ? 0 : SAMPLE_SIZE) |
    (firstDiffers ? FIRST_FLAGS : sameFlags ? 0 : SAMPLE_FLAGS) |
    (noOffsets ? 0 : SAMPLE_OFFSET)
  return {
    tfhdFlags:
      DEFAULT_BASE_IS_MOOF |
      (sameDuration ? DEFAULT_DURATION : 0) |
      (sameSize ? DEFAULT_SIZE : 0) |
      (sameFlags || firstDiffers ? DEFAULT_FLAGS : 0),
    trunFlags,
    bytesPerSample: 4 * bitCount(trunFlags & (SAMPLE_DURATION | SAMPLE_SIZE | SAMPLE_FLAGS | SAMPLE_OFFSET)),
    mediaSize,
    duration,
    size,
    flags: flagsOf(rest),
  }
}

function flagsOf(sample: FragmentSample): number {
  return sample.key ? SYNC_SAMPLE : NON_SYNC_SAMPLE
}

/** ProducerReferenceTimeBox, version 1 (§8.16.5). */
function writePrft(view: DataView, track: TrackId, time: { wallClock: number; mediaTime: number }): void {
  const seconds = Math.floor(time.wallClock / 1000)
  const fraction = Math.floor(((time.wallClock - seconds * 1000) / 1000) * 2 ** 32)
  let at = fullHead(view, 0, PRFT_SIZE, PRFT, 1, PRFT_CONSISTENT)
  at = u32(view, at, track)
  // NTP's era 0 ends in 2036; the field wraps as NTP does.
  at = u32(view, at, (seconds + NTP_OFFSET) % 2 ** 32)
  at = u32(view, at, fraction)
  u64(view, at, checked(time.mediaTime, 0, Number.MAX_SAFE_INTEGER, 'media time'))
}

function head(view: DataView, at: number, size: number, type: number): number {
  view.setUint32(at, size)
  view.setUint32(at + 4, type)
  return at + 8
}

function fullHead(view: DataView, at: number, size: number, type: number, version: number, flags: number): number {
  head(view, at, size, type)
  view.setUint32(at + 8, version * 2 ** 24 + flags)
  return at + 12
}

function u32(view: DataView, at: number, value: number): number {
  view.setUint32(at, value)
  return at + 4
}

function u64(view: DataView, at: number, value: number): number {
  view.setUint32(at, Math.floor(value / 2 ** 32))
  view.setUint32(at + 4, value >>> 0)
  return at + 8
}

function checked(value: number, min: number, max: number, name: string): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw new MediaError('malformed', `fragment: ${name} ${value} does not fit`)
}

function bitCount(flags: number): number {
  let count = 0
  for (let rest = flags; rest !== 0; rest &= rest - 1) count++
  return count
}

function fourcc(type: string): number {
  let value = 0
  for (let i = 0; i < 4; i++) value = value * 256 + type.charCodeAt(i)
  return value
}
