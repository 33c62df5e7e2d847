/** How the AAC of a broadcast's sound is; for the studio. */
export interface SoundReport {
  /** `waiting`: nobody needs it; `starting`: ffmpeg has written nothing yet; `impossible`: viewers who cannot play the source's hear nothing. */
  readonly state: 'waiting' | 'starting' | 'running' | 'failing' | 'impossible'
  /** Unexpected ends of ffmpeg since the broadcast began. */
  readonly restarts: number
  /** What is not as it should be, in plain words. */
  readonly message: string | undefined
}

/** What a report is made of. */
export interface SoundFacts {
  /** Somebody asks for it, and the source goes on. */
  readonly isWanted: boolean
  readonly isGivenUp: boolean
  /** It can be made of what is sent. */
  readonly isPossible: boolean
  /** Whether something has come out; `undefined` while no ffmpeg runs. */
  readonly hasBegun: boolean | undefined
  readonly restarts: number
  readonly message: string | undefined
}

export function reportSound({ isWanted, isGivenUp, isPossible, hasBegun, restarts, message }: SoundFacts): SoundReport {
  const state = (): SoundReport['state'] => {
    if (!isPossible) return 'impossible'
    if (isGivenUp) return 'failing'
    if (hasBegun === undefined) return isWanted ? 'failing' : 'waiting'
    return hasBegun ? 'running' : 'starting'
  }
  return { state: state(), restarts, message }
}
