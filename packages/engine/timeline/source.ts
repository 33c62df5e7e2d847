import type { AccessUnit, TrackId } from '@bandstand/media/access-unit.ts'

/** A unit while an epoch's start is being waited for. */
export interface HeldUnit {
  readonly unit: AccessUnit
  /** Wall clock of its arrival, Unix milliseconds. */
  readonly at: number
}

/** Mean distance of a track's held units in seconds: timestamps rounded to milliseconds average out. */
export function measureFrameDuration(held: readonly HeldUnit[], track: TrackId): number | undefined {
  const times = held.filter((h) => h.unit.track === track).map((h) => h.unit.dts)
  const first = times[0]
  const last = times.at(-1)
  if (first === undefined || last === undefined || times.length < 3 || last <= first) return undefined
  return (last - first) / (times.length - 1) / 90_000
}
