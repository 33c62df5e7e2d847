import { AUDIO_TRACK, FURTHER_SOUNDS, type TrackId } from '@bandstand/media/access-unit.ts'

/**
 * Which sound of a programme is which track: the first in the table is the first track, the others keep the number that they have for as long
 * as they are there.
 *
 * @param pids of the sounds that are taken, in the order of the table
 * @param before as they were numbered until now
 * @returns none for what is more than there is room for
 */
export function numberSounds(
  pids: readonly number[],
  before: ReadonlyMap<number, TrackId>,
): ReadonlyMap<number, TrackId> {
  const [first, ...further] = pids
  const numbers = new Map<number, TrackId>()
  if (first === undefined) return numbers
  numbers.set(first, AUDIO_TRACK)
  const kept = new Map(
    further.flatMap((pid) => {
      const id = before.get(pid)
      return id === undefined || id === AUDIO_TRACK ? [] : [[pid, id] as const]
    }),
  )
  const used = new Set(kept.values())
  const free = Array.from({ length: FURTHER_SOUNDS.most }, (_, i) => FURTHER_SOUNDS.first + i).filter(
    (id) => !used.has(id),
  )
  for (const pid of further) {
    const id = kept.get(pid) ?? free.shift()
    if (id !== undefined) numbers.set(pid, id)
  }
  return numbers
}
