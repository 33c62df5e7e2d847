import { availableParallelism } from 'node:os'
import { SOUND_LIMITS } from './limits.ts'

/** How many may make sound at once on a machine. */
export interface SoundPlaces {
  readonly most: number
  /** Takes a place, or keeps it; false where there is none. */
  join(who: object): boolean
  leave(who: object): void
  readonly hasRoom: boolean
}

export function createSoundPlaces(most = SOUND_LIMITS.perProcessor * availableParallelism()): SoundPlaces {
  const taken = new Set<object>()
  return {
    most,
    join(who) {
      if (taken.size >= most && !taken.has(who)) return false
      taken.add(who)
      return true
    },
    leave: (who) => void taken.delete(who),
    get hasRoom() {
      return taken.size < most
    },
  }
}
