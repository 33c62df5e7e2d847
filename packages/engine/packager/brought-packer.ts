import type { TrackId } from '@bandstand/media/access-unit.ts'
import type { VideoTrackConfig } from '@bandstand/media/track.ts'
import type { TimedUnit } from '../timeline/model.ts'
import { type BroughtMisses, BroughtRendition } from './brought-rendition.ts'
import type { BroadcastTiming, CutFollower, Epoch } from './model.ts'
import type { RungSink } from './rung-packer.ts'
import { createSourceCuts, followCuts } from './source-cuts.ts'

/** Where the parts of brought renditions go. */
export interface BroughtSink extends RungSink {
  /** The source has begun an epoch. */
  epoch(epoch: Epoch): void
}

export interface BroughtPackerOptions {
  readonly timing: BroadcastTiming
  readonly sink: BroughtSink
  /** As `Packager.numbersOf`. */
  readonly numbersOf: (track: TrackId) => () => number
}

/**
 * Cuts the renditions that an encoder brings where its first one is cut, into segments of the same numbers. None of them holds up the
 * source or another: what does not come is a gap.
 */
export interface BroughtPacker extends CutFollower {
  /** It exists from the running epoch on, or has frames of another length now. @param frameDuration ticks of 90 kHz */
  add(track: TrackId, frameDuration: number): void
  /** A picture, in order, and what decodes it: the same object as long as that is the same. */
  unit(unit: TimedUnit, epoch: number, config: VideoTrackConfig): void
  /** No more pictures come of this epoch, nor of those before. */
  over(epoch: number): void
  misses(track: TrackId): Readonly<BroughtMisses> | undefined
  /** Lets what is overdue become a gap; `now` is when parts are closed from here on, Unix milliseconds. */
  tick(now: number): void
  /** All that is there goes out: the broadcast ends. */
  finish(now: number): void
}

export function createBroughtPacker({ timing, sink, numbersOf }: BroughtPackerOptions): BroughtPacker {
  const source = createSourceCuts()
  const renditions = new Map<TrackId, BroughtRendition>()
  let clock = 0

  function pumpAll(): void {
    for (const rendition of renditions.values()) rendition.pump()
  }

  const follower = followCuts(source, pumpAll, () => [...renditions.values()].map(({ place }) => place))

  return {
    ...follower,
    opened(epoch, msn) {
      sink.epoch(epoch)
      follower.opened(epoch, msn)
    },
    add(track, frameDuration) {
      const known = renditions.get(track)
      const joins = source.newest
      if (known !== undefined) known.expect(frameDuration)
      if (known !== undefined || joins === undefined) return
      const rendition = new BroughtRendition({
        ...{ track, timing, source, joins, frameDuration },
        number: numbersOf(track),
        now: () => clock,
        onInit: sink.rung,
        onPart: sink.part,
      })
      renditions.set(track, rendition)
      rendition.pump()
    },
    unit(unit, epoch, config) {
      renditions.get(unit.track)?.unit(epoch, unit, config)
    },
    over(epoch) {
      for (const rendition of renditions.values()) rendition.over(epoch)
    },
    misses: (track) => renditions.get(track)?.misses,
    tick(now) {
      clock = now
      pumpAll()
    },
    finish(now) {
      clock = now
      for (const rendition of renditions.values()) rendition.over(Number.POSITIVE_INFINITY)
    },
  }
}
