import { PEER_LIMITS } from '../limits.ts'
import type { PacketTrack } from './packet-track.ts'

/** Packets that a viewer got one after the other, without a hole, from one track. */
interface Run {
  /** The viewer's number of the first, not wrapped. */
  readonly start: number
  readonly track: PacketTrack
  /** The track's number of the first. */
  readonly number: number
  /** Frames whose timestamp is not the source's. */
  readonly times: Map<number, number>
}

/** Where a packet of a viewer's stream is to be found. */
export interface Sent {
  readonly track: PacketTrack
  readonly number: number
  /** As it was sent, where that is not the source's. */
  timestamp(frame: number): number | undefined
}

/**
 * One viewer's sequence numbers: they go on without a hole whatever is left out or put in, for a hole would be taken for loss.
 * Knows for a while which packet each of them was.
 */
export interface Sequence {
  /** A new run begins: the next packet is `number` of `track`. */
  begin(track: PacketTrack, number: number): void
  /** A packet of the run has its sequence number, not wrapped. */
  take(): number
  /** This frame of the run goes out with this timestamp. */
  moved(frame: number, timestamp: number): void
  /** Of the newest packet, not wrapped. */
  readonly newest: number
  /** What was sent so far is not found any more. */
  forget(): void
  /** @param sequence 16 bits, as a receiver names it. `undefined` where it was not sent, or too long ago to be sent again. */
  find(sequence: number): Sent | undefined
}

/**
 * @param first 16 bits.
 * @param window packets back from the newest that are found; fewer than half of the numbers, 2 ** 15.
 */
export function createSequence(first: number, window: number): Sequence {
  let runs: Run[] = []
  let next = first
  return {
    begin(track, number) {
      runs.push({ start: next, track, number, times: new Map() })
      if (runs.length > PEER_LIMITS.runs) runs = runs.slice(-PEER_LIMITS.runs)
    },
    take() {
      const second = runs[1]
      // Each holds its track with all packets of that: not longer than they may be sent again.
      if (second !== undefined && next - second.start >= window) runs.shift()
      return next++
    },
    moved(frame, timestamp) {
      runs.at(-1)?.times.set(frame, timestamp)
    },
    get newest() {
      return next - 1
    },
    forget() {
      runs = []
    },
    find(sequence) {
      const behind = (next - 1 - sequence) & 0xffff
      const wanted = next - 1 - behind
      const run = runs.findLast(({ start }) => start <= wanted)
      // Beyond the window: among these are those that are yet to be sent.
      if (run === undefined || behind >= window) return undefined
      const { track, number, start, times } = run
      return { track, number: number + (wanted - start), timestamp: (frame) => times.get(frame) }
    },
  }
}
