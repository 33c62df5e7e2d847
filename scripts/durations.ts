import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { longSeconds } from './costs.ts'

/** Seconds that test files took the last time, by their paths. */
export type Durations = Readonly<Record<string, number>>

/** What was kept; nothing where nothing was, or what is there cannot be read. */
export function readDurations(path: string): Durations {
  try {
    const kept: unknown = JSON.parse(readFileSync(path, 'utf8'))
    if (typeof kept !== 'object' || kept === null) return {}
    return Object.fromEntries(Object.entries(kept).filter(([, seconds]) => typeof seconds === 'number'))
  } catch {
    return {}
  }
}

/** Keeps them beside what is known of other files, where that can be written. Not in place, for another run may be reading. */
export function keepDurations(path: string, durations: Durations): void {
  const next = `${path}.${process.pid}`
  try {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(next, JSON.stringify({ ...readDurations(path), ...durations }, undefined, 1))
    renameSync(next, path)
  } catch {
    // The next run is a little longer.
  }
}

/** Order for what needs more places first, then for what took longer: so that no long one is left running alone at the end. */
export function byCost(placesOf: (file: string) => number, durations: Durations): (a: string, b: string) => number {
  // What has never run may be long, but not as long as those that are known to be.
  const secondsOf = (file: string) => durations[file] ?? longSeconds
  return (a, b) => placesOf(b) - placesOf(a) || secondsOf(b) - secondsOf(a) || a.localeCompare(b)
}
