import type { Epoch } from '../packager/model.ts'

/**
 * Adds an epoch, or the newest as it is now: renditions that its encoder brings are noted when there is something of them. One of which
 * nothing was recorded (the process died in its first part) gave its number to the next and is forgotten, so that numbers rise.
 */
export function addEpoch(epochs: Epoch[], epoch: Epoch): void {
  while ((epochs.at(-1)?.id ?? -1) >= epoch.id) epochs.pop()
  epochs.push(epoch)
}

/** The epoch of a number, by halves: a restless encoder makes tens of thousands a day. */
export function findEpoch(epochs: readonly Epoch[], id: number): Epoch | undefined {
  let low = 0
  let high = epochs.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((epochs[middle]?.id ?? 0) < id) low = middle + 1
    else high = middle
  }
  const found = epochs[low]
  return found?.id === id ? found : undefined
}
