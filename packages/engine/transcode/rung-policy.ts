import { keptOf } from './listing.ts'
import type { Rung, RungSettings, SourceFacts } from './model.ts'
import { PLAIN_RUNGS, planPlain, planRungs } from './rungs.ts'

/** Which rungs a ladder has. */
export interface RungPolicy {
  /** How many can be shed. */
  readonly most: number
  /** What may be made of a source. */
  plan(source: SourceFacts): readonly Rung[]
  /** What of a plan is encoded, where the machine is thought to be too slow for so many of it. */
  kept(plan: readonly Rung[], shed: number): readonly Rung[]
}

/** All that the owner has chosen, as far as the machine carries them. */
export function chosenRungs(settings: readonly RungSettings[]): RungPolicy {
  return { most: settings.length, plan: (source) => planRungs(source, settings), kept: keptOf }
}

/** The source in its own size or, where the machine does not carry that, smaller; one of them at a time. */
export const plainRung: RungPolicy = {
  ...{ most: PLAIN_RUNGS, plan: planPlain },
  kept: (plan, shed) => keptOf(plan, shed).slice(0, 1),
}
