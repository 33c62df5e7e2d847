import type { CutFollower } from './model.ts'

/** Tells each of them, in this order. */
export function followers(...all: readonly CutFollower[]): CutFollower {
  return {
    opened(epoch, msn) {
      for (const one of all) one.opened(epoch, msn)
    },
    cut(at, key) {
      for (const one of all) one.cut(at, key)
    },
    decided(at) {
      for (const one of all) one.decided(at)
    },
    closed(end, last) {
      for (const one of all) one.closed(end, last)
    },
  }
}
