import type { MemoryBudget } from '@bandstand/engine/packager/window/budget.ts'
import type { ChannelRecord, Log } from '@bandstand/engine/ports.ts'
import {
  type AacRendition,
  type AacRenditionOptions,
  createAacRendition,
} from '@bandstand/engine/sound/aac-rendition.ts'
import type { SoundPlaces } from '@bandstand/engine/sound/places.ts'

export interface SoundsOptions {
  /** Path of the program; without it sound is passed on as it comes and in no other way. */
  readonly ffmpeg: string | undefined
  readonly places: SoundPlaces
  readonly budget: MemoryBudget
  readonly log: Log
  readonly now: () => number
}

/** Makes the AAC of a broadcast whose sound comes in another codec. */
export function createSounds({ ffmpeg, places, budget, log, now }: SoundsOptions) {
  return (
    channel: ChannelRecord,
    ports: Pick<AacRenditionOptions, 'packer' | 'list'>,
    assetId: string,
  ): AacRendition | undefined => {
    if (ffmpeg === undefined) return undefined
    return createAacRendition({
      ...ports,
      ffmpeg,
      places,
      budget,
      log,
      now,
      fields: { channel: channel.slug, asset: assetId },
    })
  }
}
