import type { Entry, Slot } from './entry.ts'
import { HLS_LIMITS } from './limits.ts'
import type { Load } from './load.ts'

/**
 * A load in pieces where the clock of its media leaps within it, as when an encoder's clock is set: what stands behind a leap of hours would
 * wait for hours, and everything after it too. Its end is no further from its last unit than a clock may leap.
 */
export function cutAtLeaps(load: Load): readonly Load[] {
  const pieces: Entry[][] = []
  const tracks = new Map<Slot, { at: number; piece: number }>()
  for (const entry of load.entries) {
    const track = tracks.get(entry.slot) ?? { at: load.entries[0]?.dts ?? entry.dts, piece: 0 }
    tracks.set(entry.slot, track)
    const step = entry.dts - track.at
    if (step > HLS_LIMITS.sameClockTicks || step < -HLS_LIMITS.jumpTicks) track.piece++
    track.at = entry.dts
    const piece = pieces[track.piece] ?? []
    pieces[track.piece] = piece
    piece.push(entry)
  }
  return pieces.map((entries, i) => {
    let [start, newest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    for (const { dts } of entries) {
      start = Math.min(start, dts)
      newest = Math.max(newest, dts)
    }
    const isLast = i === pieces.length - 1
    const end = isLast ? Math.max(newest, Math.min(load.end, newest + HLS_LIMITS.sameClockTicks)) : newest
    return { ...load, entries, start: pieces.length === 1 ? load.start : start, end }
  })
}
