import { WINDOW_LIMITS } from '@bandstand/engine/packager/limits.ts'
import { createMemoryBudget, type MemoryBudget } from '@bandstand/engine/packager/window/budget.ts'
import { createSoundPlaces, type SoundPlaces } from '@bandstand/engine/sound/places.ts'
import { createLadderMachine, type LadderMachine } from '@bandstand/engine/transcode/machine.ts'
import { createTrials, type Trials } from '@bandstand/engine/transcode/trial.ts'
import { findFfmpeg } from '../ffmpeg.ts'
import type { Begun } from './begun.ts'

/** What all broadcasts share. */
export interface Resources {
  /** Path of the program; without it nothing is encoded here and there are no pictures. */
  readonly ffmpeg: string | undefined
  /** Which encoders work. */
  readonly trials: Trials
  /** The processors, for all that encodes. */
  readonly machine: LadderMachine
  /** How many broadcasts' sound is made at once. */
  readonly places: SoundPlaces
  /** The memory for live media. */
  readonly budget: MemoryBudget
}

export function findResources({ settings, log }: Pick<Begun, 'settings' | 'log'>): Resources {
  const ffmpeg = findFfmpeg(settings.ffmpeg)
  if (ffmpeg === undefined) {
    log.info({ ffmpeg: settings.ffmpeg }, 'ffmpeg was not found: no ladder, no pictures, no sound in another codec')
  }
  return {
    ffmpeg,
    trials: createTrials(ffmpeg, () => performance.now()),
    machine: createLadderMachine(),
    places: createSoundPlaces(),
    budget: createMemoryBudget(WINDOW_LIMITS.totalBytes),
  }
}
