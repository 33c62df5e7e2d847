import { parseFragment } from '@bandstand/media/containers/isobmff/parse-fragment.ts'
import { createProgressivePlanner } from '@bandstand/media/containers/isobmff/progressive.ts'
import type { FlatPlan, PlanSegment, PlanStart } from './plan-model.ts'

interface Source {
  readonly segment: Pick<PlanSegment, 'track' | 'firstPart' | 'lastPart'>
  /** Of the media within the segment. */
  readonly offset: number
}

/** Plans an MP4 out of segments' `moof`s; all of it in the calling thread. */
export interface FlatPlanner {
  add(segment: PlanSegment): void
  /** `undefined` when there was no sample. */
  finish(): FlatPlan | undefined
}

export function createFlatPlanner(start: PlanStart): FlatPlanner {
  const planner = createProgressivePlanner<Source>(start.tracks)
  const defaults = new Map(start.defaults.map(({ track, byConfig }) => [track, byConfig]))
  let samples = 0
  return {
    add({ track, firstPart, lastPart, configIndex, shift, heads }) {
      // One for all parts of the segment.
      const segment = { track, firstPart, lastPart }
      const own = defaults.get(track)?.[configIndex]
      for (const head of heads) {
        const fragment = parseFragment(head.bytes, { partial: true, ...(own !== undefined && { defaults: own }) })
        const [first] = fragment.samples
        if (first === undefined) continue
        planner.add(track, {
          configIndex,
          start: fragment.baseDecodeTime + shift,
          samples: fragment.samples,
          source: { segment, offset: head.offset + first.offset },
        })
        samples += fragment.samples.length
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
