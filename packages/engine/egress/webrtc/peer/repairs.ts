import { PEER_LIMITS } from '../limits.ts'
import type { PacketTrack } from './packet-track.ts'

/** How often a viewer's decoder is given a group of pictures again: a line that is too thin would only lose more of them. */
export interface Repairs {
  /** Whether the newest group may be sent again now; it is counted as sent then. */
  take(track: Pick<PacketTrack, 'key' | 'age'>, now: number): boolean
}

export function createRepairs(): Repairs {
  let repairedAt = Number.NEGATIVE_INFINITY
  let group: number | undefined
  let times = 0
  /** Milliseconds of the stream that may be sent again. */
  let budget: number = PEER_LIMITS.repairMs
  let filledAt = 0
  return {
    take({ key, age }, now) {
      if (key !== group) {
        group = key
        times = 0
      }
      budget = Math.min(PEER_LIMITS.repairMs, budget + (now - filledAt) * PEER_LIMITS.repairShare)
      filledAt = now
      if (now - repairedAt < PEER_LIMITS.keyGapMs * 2 ** times || budget < Math.min(age, PEER_LIMITS.repairMs))
        return false
      repairedAt = now
      times++
      budget -= age
      return true
    },
  }
}
