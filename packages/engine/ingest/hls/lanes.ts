import type { Choice } from './choose.ts'
import type { Slot } from './entry.ts'

/** What a rendition is in the stream: what the stream is, its sound in a playlist of its own, or pictures besides. */
export type LaneRole = 'main' | 'audio' | 'brought'

/** Number of the first lane of each role; of pictures that are brought there are several, each with a number of its own. */
export const FIRST_LANES = { main: 0, audio: 1, brought: 2 } as const satisfies Record<LaneRole, number>

/** A rendition that is to be followed. */
export interface WantedLane {
  readonly role: LaneRole
  readonly uri: string
  /** Bits a second, as declared; 0 where it is not. */
  readonly bandwidth: number
  /** Which tracks of its segments are taken. */
  readonly slots: readonly Slot[]
}

/** By what a rendition is known again. */
export interface LaneIdentity {
  readonly role: LaneRole
  /** Name of its media playlist. */
  readonly playlist: string
  readonly slots: readonly Slot[]
}

/** In the order of what is best. */
export function lanesOf({ main, audio, brought }: Choice): readonly WantedLane[] {
  return [
    { role: 'main', ...main, slots: audio === undefined ? ['video', 'audio'] : ['video'] },
    ...(audio === undefined ? [] : [{ role: 'audio' as const, uri: audio, bandwidth: 0, slots: ['audio' as const] }]),
    ...brought.map((variant) => ({ role: 'brought' as const, ...variant, slots: ['video' as const] })),
  ]
}

/**
 * Which of the lanes that are there each wanted one is, and its number. Encoders write a multivariant playlist anew as they learn what
 * a rendition costs: whatever is listed beside it then, a rendition that stays is read on where it is, as the track that it was.
 */
export function placeLanes<Lane extends LaneIdentity, Known extends LaneIdentity & { readonly number: number }>(
  wanted: readonly Lane[],
  known: readonly Known[],
): readonly { readonly lane: Lane; readonly number: number; readonly known?: Known }[] {
  const left = new Set(known)
  const kept = new Map<Lane, Known>()
  for (const lane of wanted) {
    const found = [...left].find((one) => isSame(one, lane))
    if (found === undefined) continue
    left.delete(found)
    kept.set(lane, found)
  }
  const taken = new Set([...kept.values()].map(({ number }) => number))
  return wanted.map((lane) => {
    const found = kept.get(lane)
    if (found !== undefined) return { lane, number: found.number, known: found }
    let number: number = FIRST_LANES[lane.role]
    while (taken.has(number)) number++
    taken.add(number)
    return { lane, number }
  })
}

function isSame(a: LaneIdentity, b: LaneIdentity): boolean {
  return a.role === b.role && a.playlist === b.playlist && a.slots.join() === b.slots.join()
}
