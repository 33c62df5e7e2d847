import type { Encoder, Rung } from './model.ts'

/** How a broadcast's ladder is; for the studio. */
export interface LadderReport {
  /** `waiting`: nobody watches a rung; `starting`: the encoder is being tried, or ffmpeg has written nothing yet. */
  readonly state: 'waiting' | 'starting' | 'running' | 'failing' | 'nothing-to-do'
  readonly encoder: Encoder | undefined
  /** Of real time. */
  readonly speed: number | undefined
  /** Unexpected ends of ffmpeg since the broadcast began. */
  readonly restarts: number
  readonly rungs: readonly { readonly width: number; readonly height: number; readonly shed: boolean }[]
  /** What is not as it should be, or why there is nothing to do, in plain words. */
  readonly message: string | undefined
}

/** What a report is made of. */
export interface LadderFacts {
  /** `undefined` until its trial has succeeded. */
  readonly encoder: Encoder | undefined
  /** Why the encoder that was asked for is not used. */
  readonly fallback: string | undefined
  /** Why ffmpeg ended, for a while after. */
  readonly trouble: string | undefined
  readonly restarts: number
  /** Why nothing is to be made of the source. */
  readonly missing: string | undefined
  /** What follows from the source, and what of it the machine is thought to be too slow for. */
  readonly plan: readonly Rung[]
  readonly lost: readonly Rung[]
  readonly speed: number | undefined
  /** Whether there is something of every rung; `undefined` while no ffmpeg runs. */
  readonly hasBegun: boolean | undefined
  /** There is a source, and somebody wants it smaller. */
  readonly isWanted: boolean
  /** Nothing more is tried in this broadcast. */
  readonly isGivenUp: boolean
}

export function reportLadder(facts: LadderFacts): LadderReport {
  const { encoder, speed, restarts, plan, lost, fallback, trouble, missing } = facts
  const heights = lost.map(({ height }) => `${height}p`).join(', ')
  const tooMuch = lost.length === 0 ? undefined : `this machine is too slow for ${heights}; left out for a while`
  return {
    state: stateOf(facts),
    ...{ encoder, speed, restarts },
    rungs: plan.map((rung) => ({ width: rung.width, height: rung.height, shed: lost.includes(rung) })),
    message: [fallback, trouble, tooMuch, missing].filter((text) => text !== undefined).join('; ') || undefined,
  }
}

function stateOf({ encoder, fallback, plan, hasBegun, isWanted, isGivenUp }: LadderFacts): LadderReport['state'] {
  if (isGivenUp) return 'failing'
  if (encoder === undefined) return fallback === undefined ? 'starting' : 'failing'
  if (plan.length === 0) return 'nothing-to-do'
  if (hasBegun === undefined) return isWanted ? 'failing' : 'waiting'
  return hasBegun ? 'running' : 'starting'
}
