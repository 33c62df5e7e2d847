import type { TrackId } from '@bandstand/media/access-unit.ts'
import { writeInitSegment } from '@bandstand/media/containers/isobmff/init.ts'
import type { TrackConfig } from '@bandstand/media/track.ts'
import type { EpochTrack } from './model.ts'

/** Which initialisation segment the parts of one rendition need that is made or brought. */
export interface RungInits {
  configure(epoch: number, config: TrackConfig): void
  /** Pictures of the epoch cannot be decoded with what those before need. */
  isOther(epoch: number): boolean
  /** Pictures of the epoch come now, from a key frame on. */
  begin(epoch: number): void
  /** A part with media of the epoch goes out next. @param part its number */
  before(epoch: number, part: number): void
}

/** @param tell told what the next part needs, in each epoch once and when it changes */
export function createRungInits(track: TrackId, tell: (epoch: number, init: EpochTrack) => void): RungInits {
  const configs = new Map<number, TrackConfig>()
  let told: { readonly epoch: number; readonly init: EpochTrack } | undefined
  /** Of pictures that have come, before their first part. */
  let coming: Pick<EpochTrack, 'config' | 'init'> | undefined

  function describe(epoch: number): typeof coming {
    const config = configs.get(epoch)
    return config && { config, init: writeInitSegment(track, config) }
  }

  function isSame(one: typeof coming, other: typeof coming): boolean {
    return one !== undefined && other !== undefined && Buffer.compare(one.init, other.init) === 0
  }

  return {
    configure(epoch, config) {
      configs.set(epoch, config)
      for (const old of configs.keys()) if (old < epoch - 1) configs.delete(old)
    },
    isOther(epoch) {
      const described = describe(epoch)
      const before = coming ?? told?.init
      return before !== undefined && described !== undefined && !isSame(before, described)
    },
    begin(epoch) {
      coming = describe(epoch)
    },
    before(epoch, part) {
      if (coming === undefined) return
      const known = isSame(coming, told?.init) ? told : undefined
      // The number of a part never comes again, not after a crash either: nor does a name that is made of it.
      const init: EpochTrack = { track, ...coming, initNumber: known?.init.initNumber ?? part }
      coming = undefined
      if (known?.epoch === epoch) return
      told = { epoch, init }
      tell(epoch, init)
    },
  }
}
