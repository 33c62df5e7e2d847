import type { Stage } from './stage.ts'

/**
 * One viewer's way from stage to stage. It has pictures and sound of the one it leaves until the next one's key frame: that may take as
 * long as the encoder likes, and until then somebody is there.
 */
export interface Passage {
  /** Where it is, or goes. */
  readonly stage: Stage
  /** It is sent sound. */
  readonly hears: boolean
  /** It has not arrived there. */
  readonly isUnderWay: boolean
  go(to: Stage): void
  /** @param stream that the process says it has arrived in; `undefined` while it is under way. */
  arrived(stream: number | undefined): void
  /** It is nowhere any more. */
  end(): void
}

export function createPassage(first: Stage, hears: boolean): Passage {
  const leaving = new Set<Stage>()
  let stage = first
  stage.came(hears)

  function leave(): void {
    for (const left of leaving) left.left()
    leaving.clear()
  }

  return {
    hears,
    get stage() {
      return stage
    },
    get isUnderWay() {
      return leaving.size > 0
    },
    go(to) {
      if (to === stage) return
      if (!leaving.delete(to)) to.came(hears)
      leaving.add(stage)
      stage = to
    },
    arrived(stream) {
      if (stream === stage.id) leave()
    },
    end() {
      leave()
      stage.left()
    },
  }
}
