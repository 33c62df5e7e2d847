import type { CutFollower } from './model.ts'

/** Keeps what goes wrong beside the source from the source. */
export interface Shelter {
  /** Does it, unless something has failed here before. Never throws. */
  pass(step: () => void): void
}

/** @param onError told of the first failure; what it throws itself is lost */
export function createShelter(onError: (error: unknown) => void): Shelter {
  let isBroken = false
  return {
    pass(step) {
      if (isBroken) return
      try {
        step()
      } catch (error) {
        isBroken = true
        try {
          onError(error)
        } catch {
          // Nobody is left to be told.
        }
      }
    },
  }
}

/** Following must not hurt whoever is followed. */
export function sheltered(follower: CutFollower, { pass }: Shelter): CutFollower {
  return {
    opened: (epoch, msn) => pass(() => follower.opened(epoch, msn)),
    cut: (at, key) => pass(() => follower.cut(at, key)),
    decided: (at) => pass(() => follower.decided(at)),
    closed: (end, last) => pass(() => follower.closed(end, last)),
  }
}
