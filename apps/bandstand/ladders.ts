import { LADDER_ENCODERS, type LadderEncoders, type LadderSettings } from '@bandstand/contract/api/ladder.ts'
import type { MemoryBudget } from '@bandstand/engine/packager/window/budget.ts'
import type { ChannelRecord, Log } from '@bandstand/engine/ports.ts'
import { createLadder, type Ladder, type LadderOptions } from '@bandstand/engine/transcode/ladder.ts'
import type { LadderMachine } from '@bandstand/engine/transcode/machine.ts'
import { chosenRungs } from '@bandstand/engine/transcode/rung-policy.ts'
import type { Trials } from '@bandstand/engine/transcode/trial.ts'

export interface LaddersOptions {
  /** Path of the program; without it there are no ladders. */
  readonly ffmpeg: string | undefined
  readonly trials: Trials
  readonly machine: LadderMachine
  readonly budget: MemoryBudget
  readonly settingsOf: (channelId: string) => LadderSettings | undefined
  readonly log: Log
  readonly now: () => number
}

/** Makes the ladder of a broadcast as the channel's owner has chosen it; `undefined` where there is to be none. */
export function createLadders({ settingsOf, ...options }: LaddersOptions) {
  const { ffmpeg } = options
  return (
    channel: ChannelRecord,
    ports: Pick<LadderOptions, 'packer' | 'list' | 'isBrought'>,
    assetId: string,
  ): Ladder | undefined => {
    const settings = settingsOf(channel.id)
    if (ffmpeg === undefined || settings === undefined || settings.mode === 'off') return undefined
    return createLadder({
      ...ports,
      ...{ ...options, ffmpeg, settings, policy: chosenRungs(settings.rungs) },
      fields: { channel: channel.slug, asset: assetId },
    })
  }
}

/** Tries them one after another; remembered by `trials`. */
export async function listEncoders(trials: Trials): Promise<LadderEncoders['encoders']> {
  const encoders: LadderEncoders['encoders'] = []
  for (const name of LADDER_ENCODERS) {
    const result = await trials.of(name)
    encoders.push({ name, works: result.works, reason: result.works ? null : result.reason })
  }
  return encoders
}
