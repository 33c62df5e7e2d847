import type { TrackId } from '../../access-unit.ts'
import { MediaError } from '../../error.ts'
import { NTP_OFFSET } from '../../ntp.ts'
import { type Box, findBox, needBox, openFullBox, parseBoxes } from './box.ts'
import { MAX_SAMPLES, MAX_TRACKS } from './limits.ts'
import { IS_NON_SYNC } from './sample-flags.ts'

/** One sample of a parsed fragment; times in ticks of the track's timescale. */
export interface SampleInfo {
  /** Of its first byte in the buffer that was parsed. */
  readonly offset: number
  readonly size: number
  readonly duration: number
  /** Presentation time minus decode time. */
  readonly compositionOffset: number
  /** `sample_is_non_sync_sample` is 0. */
  readonly key: boolean
}

/** One track fragment: what a `moof` says of one track. */
export interface Fragment {
  /** `sequence_number` of the `moof`. */
  readonly sequence: number
  readonly track: TrackId
  /** Decode time of the first sample in ticks of the track's timescale. */
  readonly baseDecodeTime: number
  readonly samples: readonly SampleInfo[]
  /** From a `prft` in front of the `moof`: Unix milliseconds of a media time in ticks of the track's timescale. */
  readonly producerTime?: { readonly track: TrackId; readonly wallClock: number; readonly mediaTime: number }
}

/** Values of `trex` that a fragment may leave out. */
export interface SampleDefaults {
  readonly duration: number
  readonly size: number
  readonly flags: number
}

export interface FragmentOptions {
  /** By track, from `parseInitSegment`; 0 for what neither they nor the fragment say. */
  readonly defaults?: ReadonlyMap<TrackId, SampleDefaults>
  /** The buffer may end before the media does; sample offsets then point behind it. */
  readonly partial?: boolean
  /** Samples of all fragments, at the most; `MAX_SAMPLES` where it is left out. */
  readonly maxSamples?: number
}

const NO_DEFAULTS: SampleDefaults = { duration: 0, size: 0, flags: 0 }

/**
 * Every track fragment in a segment, in order; there may be several `moof` and several tracks. Other boxes are passed over.
 * Throws `truncated`, `malformed` (also where `tfdt` is missing, which HLS and DASH ask for, and where samples share bytes so that
 * together they have more than there are), `too-large`.
 */
export function parseFragments(bytes: Uint8Array, options: FragmentOptions = {}): Fragment[] {
  const fragments: Fragment[] = []
  let producerTime: Fragment['producerTime']
  const maxSamples = Math.min(options.maxSamples ?? MAX_SAMPLES, MAX_SAMPLES)
  const budget: Budget = { maxSamples, samples: maxSamples, bytes: bytes.byteLength }
  for (const box of parseBoxes(bytes, { partial: options.partial ?? false })) {
    if (box.type === 'prft') producerTime = parseProducerTime(box)
    if (box.type !== 'moof') continue
    for (const fragment of parseMoof(box, bytes.byteLength, options, budget)) {
      fragments.push(producerTime === undefined ? fragment : { ...fragment, producerTime })
    }
    producerTime = undefined
  }
  return fragments
}

/** The only track fragment, as in a CMAF chunk. Throws as `parseFragments`, and `malformed` when there is not just one. */
export function parseFragment(bytes: Uint8Array, options: FragmentOptions = {}): Fragment {
  const fragments = parseFragments(bytes, options)
  const [fragment] = fragments
  if (fragment === undefined || fragments.length > 1) {
    throw new MediaError('malformed', `${fragments.length} track fragments instead of one`, { structure: 'moof' })
  }
  return fragment
}

/** What may still come in one call. */
interface Budget {
  readonly maxSamples: number
  samples: number
  /** Of samples: they are beside each other in the buffer, so all of them have no more than it. */
  bytes: number
}

function parseMoof(moof: Box, length: number, options: FragmentOptions, budget: Budget): Fragment[] {
  const boxes = parseBoxes(moof.content)
  const sequence = openFullBox(needBox(boxes, 'mfhd', 'moof')).reader.u32()
  const trafs = boxes.filter((box) => box.type === 'traf')
  if (trafs.length > MAX_TRACKS) throw new MediaError('too-large', `moof: ${trafs.length} track fragments`)
  const fragments: Fragment[] = []
  const place: Place = {
    moofStart: moof.start,
    end: moof.start,
    length,
    partial: options.partial ?? false,
    budget,
  }
  for (const traf of trafs) fragments.push(parseTraf(traf, sequence, options, place))
  return fragments
}

/** Where sample data is looked for; moves on while track fragments are read. */
interface Place {
  readonly moofStart: number
  /** End of the data of the run before. */
  end: number
  readonly length: number
  readonly partial: boolean
  readonly budget: Budget
}

function parseTraf(traf: Box, sequence: number, options: FragmentOptions, place: Place): Fragment {
  const boxes = parseBoxes(traf.content)
  const { flags, reader } = openFullBox(needBox(boxes, 'tfhd', 'traf'))
  const track = reader.u32()
  const trex = options.defaults?.get(track) ?? NO_DEFAULTS
  // §8.8.7: without a base of its own, the first track fragment starts from the moof, others where the data before ended.
  let base = flags & 0x20000 ? place.moofStart : place.end
  if (flags & 0x1) base = reader.u64()
  if (flags & 0x2) reader.skip(4) // sample_description_index
  const defaults: SampleDefaults = {
    duration: flags & 0x8 ? reader.u32() : trex.duration,
    size: flags & 0x10 ? reader.u32() : trex.size,
    flags: flags & 0x20 ? reader.u32() : trex.flags,
  }
  const tfdt = findBox(boxes, 'tfdt')
  if (tfdt === undefined) throw new MediaError('malformed', 'traf: no tfdt', { structure: 'traf' })
  const time = openFullBox(tfdt)
  const baseDecodeTime = time.version === 1 ? time.reader.u64() : time.reader.u32()
  const samples: SampleInfo[] = []
  place.end = base
  for (const box of boxes) if (box.type === 'trun') parseRun(box, base, defaults, place, samples)
  return { sequence, track, baseDecodeTime, samples }
}

/** TrackRunBox (§8.8.8). */
function parseRun(trun: Box, base: number, defaults: SampleDefaults, place: Place, samples: SampleInfo[]): void {
  const { version, flags, reader } = openFullBox(trun)
  const count = reader.u32()
  const { budget } = place
  if (count > budget.samples) {
    throw new MediaError('too-large', `trun: ${count} samples, at most ${budget.maxSamples} in one go`, {
      structure: 'trun',
    })
  }
  budget.samples -= count
  let at = flags & 0x1 ? base + reader.i32() : place.end
  const firstFlags = flags & 0x4 ? reader.u32() : undefined
  if (at < 0) throw new MediaError('malformed', 'trun: data starts before the segment', { structure: 'trun' })
  for (let i = 0; i < count; i++) {
    const duration = flags & 0x100 ? reader.u32() : defaults.duration
    const size = flags & 0x200 ? reader.u32() : defaults.size
    const own = flags & 0x400 ? reader.u32() : defaults.flags
    const sampleFlags = i === 0 && firstFlags !== undefined ? firstFlags : own
    const compositionOffset = flags & 0x800 ? (version === 0 ? reader.u32() : reader.i32()) : 0
    if (at + size > place.length && !place.partial) {
      throw new MediaError('truncated', `trun: sample ${i} ends at ${at + size} of ${place.length}`, {
        structure: 'trun',
      })
    }
    budget.bytes -= size
    // Runs say themselves where their data begin: a few that share bytes would make gigabytes of a megabyte.
    if (budget.bytes < 0 && !place.partial) {
      throw new MediaError('malformed', `trun: samples have more than the ${place.length} bytes that there are`, {
        structure: 'trun',
      })
    }
    samples.push({ offset: at, size, duration, compositionOffset, key: (sampleFlags & IS_NON_SYNC) === 0 })
    at += size
  }
  place.end = at
}

/** ProducerReferenceTimeBox (§8.16.5). */
function parseProducerTime(box: Box): NonNullable<Fragment['producerTime']> {
  const { version, reader } = openFullBox(box)
  const track = reader.u32()
  const seconds = reader.u32()
  const fraction = reader.u32()
  const mediaTime = version === 0 ? reader.u32() : reader.u64()
  // Seconds below 2^31 are those of NTP's next era, from 2036 on.
  const era = seconds < 2 ** 31 ? 2 ** 32 : 0
  return { track, wallClock: (seconds + era - NTP_OFFSET) * 1000 + (fraction * 1000) / 2 ** 32, mediaTime }
}
