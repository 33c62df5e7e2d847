import { HLS_LIMITS } from './limits.ts'

/** Whether two encoders seem to send what one should. Pure: times in ms. */
export interface Contest {
  /** One of them was seen beside the other. */
  rival(now: number): void
  /** The encoder began anew; who does so again and again is two. */
  began(now: number): void
  /** It was so a short while ago. */
  isOn(now: number): boolean
}

export function createContest(): Contest {
  let until = Number.NEGATIVE_INFINITY
  let begun: number[] = []
  const note = (now: number) => {
    until = now + HLS_LIMITS.contestedMs
  }
  return {
    rival: note,
    began(now) {
      begun = [...begun, now].filter((at) => now - at <= HLS_LIMITS.contestedMs).slice(-HLS_LIMITS.restarts)
      if (begun.length >= HLS_LIMITS.restarts) note(now)
    },
    isOn: (now) => now < until,
  }
}
