import type { TrackId } from '@bandstand/media/access-unit.ts'
import { parseFragment } from '@bandstand/media/containers/isobmff/parse-fragment.ts'
import { createProgressivePlanner } from '@bandstand/media/containers/isobmff/progressive.ts'
import type { ProgressiveSample } from '@bandstand/media/containers/isobmff/progressive-model.ts'
import type { FlatPlan, PlanRow, PlanSegment, PlanStart } from './plan-model.ts'

interface Source {
  readonly segment: Pick<PlanSegment, 'track' | 'firstPart' | 'lastPart'>
  /** Of the media within the segment. */
  readonly offset: number
}

/** Plans an MP4 out of segments' `moof`s; all of it in the calling thread. */
export interface FlatPlanner {
  add(row: PlanRow): void
  /** `undefined` when there was no sample. */
  finish(): FlatPlan | undefined
}

export function createFlatPlanner(start: PlanStart): FlatPlanner {
  const planner = createProgressivePlanner<Source>(start.tracks)
  const defaults = new Map(start.defaults.map(({ track, byConfig }) => [track, byConfig]))
  const configs = new Map(start.tracks.map(({ track, configs }) => [track, configs]))
  /** Seconds of the file until when each track is shown. */
  const shown = new Map<TrackId, number>()
  /** Seconds by which everything comes later than its `shift` says. */
  let delay = 0
  let samples = 0

  function read({ track, configIndex, shift, heads }: PlanSegment) {
    const own = defaults.get(track)?.[configIndex]
    const options = { partial: true, ...(own !== undefined && { defaults: own }) }
    const fragments = heads.flatMap(({ offset, bytes }) => {
      const { baseDecodeTime, samples } = parseFragment(bytes, options)
      return samples.length === 0 ? [] : { offset, samples, start: baseDecodeTime + shift }
    })
    return { fragments, timescale: configs.get(track)?.[configIndex]?.timescale ?? 1 }
  }

  return {
    add({ discontinuity, segments }) {
      const parsed = segments.map((segment) => ({ segment, ...read(segment) }))
      if (discontinuity) {
        const overlaps = parsed.map(({ segment, fragments: [first], timescale }) => {
          const until = shown.get(segment.track)
          return first === undefined || until === undefined ? 0 : until - delay - spanOf(first).from / timescale
        })
        const overlap = Math.max(0, ...overlaps)
        // Times of encoders are rounded to milliseconds.
        if (overlap > ROUNDING) delay += overlap
      }
      for (const { segment, fragments, timescale } of parsed) {
        const { track, firstPart, lastPart, configIndex } = segment
        // One for all parts of the segment.
        const source = { track, firstPart, lastPart }
        const later = Math.round(delay * timescale)
        for (const fragment of fragments) {
          const offset = fragment.offset + (fragment.samples[0]?.offset ?? 0)
          const chunk = { configIndex, start: fragment.start + later, samples: fragment.samples }
          planner.add(track, { ...chunk, source: { segment: source, offset } })
          samples += fragment.samples.length
        }
        const last = fragments.at(-1)
        if (last !== undefined) shown.set(track, Math.max(shown.get(track) ?? 0, spanOf(last).to / timescale + delay))
      }
    },
    finish() {
      if (samples === 0) return undefined
      const { header, size, layout } = planner.finish()
      const count = layout.length
      const plan = {
        header,
        total: size,
        offset: new Float64Array(count),
        size: new Uint32Array(count),
        track: new Uint16Array(count),
        firstPart: new Float64Array(count),
        lastPart: new Float64Array(count),
        place: new Float64Array(count),
        inserted: [] as Uint8Array[],
      }
      for (const [i, piece] of layout.entries()) {
        plan.offset[i] = piece.offset
        plan.size[i] = piece.size
        if ('bytes' in piece) {
          plan.firstPart[i] = plan.inserted.push(piece.bytes) - 1
          continue
        }
        const { segment, offset } = piece.source
        plan.track[i] = segment.track
        plan.firstPart[i] = segment.firstPart
        plan.lastPart[i] = segment.lastPart
        plan.place[i] = offset + piece.skip
      }
      return plan
    },
  }
}

/** Seconds. */
const ROUNDING = 0.002

/** From when until when the samples of a part are shown, in ticks. */
function spanOf({ start, samples }: { readonly start: number; readonly samples: readonly ProgressiveSample[] }) {
  let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  let decoded = start
  for (const { duration, compositionOffset } of samples) {
    from = Math.min(from, decoded + compositionOffset)
    decoded += duration
    to = Math.max(to, decoded + compositionOffset)
  }
  return { from, to }
}
