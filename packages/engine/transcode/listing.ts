import type { TrackId } from '@bandstand/media/access-unit.ts'
import type { ListedRung } from '../packager/model.ts'
import type { RungPort } from '../packager/rung-packer.ts'
import type { Rung } from './model.ts'

/** Track of the first rung; the others follow in the order of the owner's list. */
const FIRST_TRACK: TrackId = 11

export function trackOf(slot: number): TrackId {
  return FIRST_TRACK + slot
}

/** A plan, where the machine is thought to be too slow for so many of it: the most expensive go first. */
export function keptOf(plan: readonly Rung[], shed: number): readonly Rung[] {
  return byCost(plan).slice(shed)
}

/** What of it is left out. */
export function lostOf(plan: readonly Rung[], shed: number): readonly Rung[] {
  return byCost(plan).slice(0, shed)
}

function byCost(plan: readonly Rung[]): readonly Rung[] {
  return plan.toSorted((a, b) => b.width * b.height * b.frameRate - a.width * a.height * a.frameRate)
}

/** What the packager and playlists are told of rungs that may be watched. */
export interface Listing {
  /** These from now on. Nothing is said of none until there were some. */
  show(rungs: readonly Rung[]): void
  /** A rung has come out with this codec. @returns whether it is another than is listed */
  found(rung: Rung, codecString: string): boolean
}

export function createListing(packer: Pick<RungPort, 'add'>, list: (rungs: readonly ListedRung[]) => void): Listing {
  /** Codec strings that are not as was expected, by slot. */
  const codecs = new Map<number, string>()
  let isListed = false
  const codecOf = ({ slot, codecString }: Rung) => codecs.get(slot) ?? codecString

  return {
    show(rungs) {
      for (const { slot, frameRate } of rungs) packer.add(trackOf(slot), Math.round(90_000 / frameRate))
      if (rungs.length === 0 && !isListed) return
      isListed = rungs.length > 0
      list(
        rungs.map((rung) => {
          const { slot, width, height, frameRate, bitrate } = rung
          return { track: trackOf(slot), width, height, frameRate, bitrate, codecString: codecOf(rung) }
        }),
      )
    },
    found(rung, codecString) {
      if (codecString === codecOf(rung)) return false
      codecs.set(rung.slot, codecString)
      return true
    },
  }
}
