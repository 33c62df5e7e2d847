import type { TrackId } from '@bandstand/media/access-unit.ts'
import { printMpd } from '@bandstand/media/manifests/dash/print.ts'
import { availabilityStart } from '../../dash/clock.ts'
import { longestSegment, runningManifest } from '../../dash/manifest.ts'
import { createStretches, type Stretch, secondsSinceFirst, spanOf } from '../../dash/stretches.ts'
import type { AssetIndex } from '../../store/port.ts'
import { PACKAGER_LIMITS, WINDOW_LIMITS } from '../limits.ts'
import type { RenderedText } from '../live.ts'
import { type BroadcastTiming, type Epoch, type ListedRung, type ListedSound, trackOf } from '../model.ts'
import { type InTheMaking, inTheMaking, isOutgrown, lateBy } from './in-the-making.ts'
import { rungTrackBandwidth, soundTrackBandwidth, trackBandwidth } from './multivariant.ts'
import { rendered } from './rendered.ts'
import type { Rendition } from './rendition.ts'
import { isListed, programDateTime, seconds } from './segments.ts'

/**
 * Seconds of a new period's pictures during which the rungs of the one before are waited for. With what is left of a segment
 * then, less than players are behind, with low latency and without.
 */
const RUNG_PATIENCE = { low: 2, usual: 6 }

export interface LiveManifestOptions {
  readonly assetId: string
  readonly timing: BroadcastTiming
  /** Distinguishes this process' validators from those of others. */
  readonly nonce: string
  readonly recovered: AssetIndex | undefined
  readonly renditions: ReadonlyMap<string, Rendition>
  /** Bits a second as the encoder announced it, sound included. */
  readonly bitrate: () => number | undefined
  /** A rung of the ladder; `undefined` of the source's own tracks. */
  readonly rung: (track: TrackId) => Pick<ListedRung, 'bitrate' | 'brought'> | undefined
  /** Sound beside the source's own; `undefined` of every other track. */
  readonly sound: (track: TrackId) => Pick<ListedSound, 'bitrate'> | undefined
  /** False: only what is in memory can be rewound to. */
  readonly isRecorded: () => boolean
}

/** The live window as a DASH manifest, rendered when asked for, once for each version. */
export interface LiveManifest {
  /** A segment has got its first part or its last at this time, Unix milliseconds. */
  changed(now: number): void
  show(ended: boolean): RenderedText | undefined
}

export function createLiveManifest(options: LiveManifestOptions): LiveManifest {
  const { assetId, timing, renditions, recovered } = options
  let version = 0
  let published = 0
  for (const { segments } of recovered?.tracks ?? []) published = Math.max(published, segments.at(-1)?.closedAt ?? 0)
  let foreseen: InTheMaking | undefined
  /** Epoch of the newest period that has been listed: none is taken back. */
  let newest = -1
  let shown: { readonly key: string; readonly playlist: RenderedText | undefined } | undefined

  function bandwidth(track: TrackId, epoch: Epoch): number {
    const rendition = [...renditions.values()].find((candidate) => candidate.track === track)
    const rung = options.rung(track)
    if (rung !== undefined) return rungTrackBandwidth(rung, rendition?.peak)
    const sound = options.sound(track)
    if (sound !== undefined) return Math.ceil(soundTrackBandwidth(sound, rendition?.peak))
    return trackBandwidth(epoch, track, options.bitrate(), rendition?.peak)
  }

  /** Made of the source or brought beside it. */
  const isRung = (track: TrackId) => options.rung(track) !== undefined || options.sound(track) !== undefined

  function foresee(): InTheMaking | undefined {
    const all = [...renditions.values()]
    const epoch = all
      .map(({ segments }) => segments.at(-1)?.epoch)
      .reduce((last, other) => (other !== undefined && other.id >= (last?.id ?? 0) ? other : last), undefined)
    return (
      epoch &&
      inTheMaking(
        epoch,
        all.filter(({ track }) => !isRung(track)),
        all.filter(({ track }) => isRung(track)),
        longestSegment(timing),
      )
    )
  }

  /**
   * A period is listed with all of the encoder's tracks, or not at all: not before each has something in it, nor any more when
   * the front of one has gone. Players choose once: dash.js adds no sound to a period that it has begun without, Shaka Player
   * shows no pictures at all where one of several periods has none, and refuses a manifest with an empty one.
   */
  function isComplete({ epoch, listed }: Stretch): boolean {
    return (
      epoch.tracks.some(({ track }) => listed.has(track)) &&
      epoch.tracks.every(({ track }) => listed.has(track) || hasGap(track, epoch))
    )
  }

  /** It was waited for in vain; what stands before the epoch's begin is no sign of that. */
  function hasGap(track: TrackId, { id, wallClock }: Epoch): boolean {
    const rendition = [...renditions.values()].find((candidate) => candidate.track === track)
    return (rendition?.segments ?? []).some(
      (segment) =>
        segment.gap && segment.complete && segment.epoch.id === id && programDateTime(segment) >= Math.round(wallClock),
    )
  }

  /**
   * The ladder is about to go on in the next period. Where that has no such rung when it is first seen, Shaka Player takes the
   * encoder's own picture in its place, and stays with it.
   */
  function lacksRungs({ epoch, listed }: Stretch, before: Stretch | undefined, patience: number): boolean {
    const source = epoch.tracks.find(({ config }) => config.kind === 'video')
    const pictures = [...renditions.values()].find(({ track }) => track === source?.track)?.segments ?? []
    const own = pictures.filter((segment) => segment.epoch.id === epoch.id && !segment.gap)
    if (before === undefined || own.reduce((sum, segment) => sum + seconds(segment), 0) >= patience) return false
    const end = Math.max(...[...before.listed.values()].map((own) => spanOf(own)[1]))
    return [...before.listed].some(([track, own]) => {
      const wasMade = isRung(track) && spanOf(own)[1] > end - PACKAGER_LIMITS.rungBehind
      return wasMade && !listed.has(track)
    })
  }

  /**
   * Seconds that can be rewound. A rung lists less than the source: players go back in the rendition that they are in, and find
   * nothing where it has none. But not less than 3 target durations: of one that has just begun there is little for a moment.
   */
  function depthOf(stretches: readonly Stretch[], late: number): number {
    const least = 3 * timing.targetDuration + late
    if (!options.isRecorded()) return least
    const rungs = new Set(stretches.flatMap(({ listed }) => [...listed.keys()].filter(isRung)))
    const depths = [...rungs].map((track) => secondsSinceFirst(stretches, published, track))
    return Math.max(least, Math.min(WINDOW_LIMITS.listed + late, ...depths))
  }

  function render(ended: boolean): RenderedText | undefined {
    const stretches = createStretches()
    for (const { track, segments } of renditions.values()) {
      for (const segment of segments) {
        // A period has one initialisation segment of a track: of a rung that came back as another only that is listed.
        const isNow = segment.initNumber === trackOf(segment.epoch, track)?.initNumber
        if (isNow && isListed(segment)) stretches.add(track, segment.epoch, segment)
      }
    }
    if (stretches.list.length === 0) return undefined
    const lowLatency = (foreseen = ended ? undefined : foresee())
    for (const segment of lowLatency?.segments ?? []) stretches.add(segment.track, segment.epoch, segment)
    for (const [track, seconds] of lowLatency?.early ?? []) stretches.early(track, seconds)
    const patience = RUNG_PATIENCE[lowLatency === undefined ? 'usual' : 'low']
    const complete = stretches.list.filter((stretch, i, all) => {
      const isNew = !ended && i === all.length - 1 && stretch.epoch.id > newest
      return isComplete(stretch) && !(isNew && lacksRungs(stretch, all[i - 1], patience))
    })
    const last = complete.at(-1)?.epoch.id ?? -1
    // What a track was foretold to have is no longer foretold, and not there yet: until then what was said stays.
    if (last < newest && !ended) return shown?.playlist
    if (complete.length === 0) return undefined
    newest = last
    const late = lateBy([...renditions.values()])
    const mpd = runningManifest({
      stretches: complete,
      timing,
      folder: `${assetId}/`,
      bandwidth,
      availabilityStart: availabilityStart(assetId),
      // The end is a version of its own.
      published: published + (ended ? 1 : 0),
      depth: depthOf(complete, late),
      ended,
      late,
      lowLatency,
    })
    return rendered(printMpd(mpd), `"${options.nonce}-${assetId}-mpd${version}${ended ? 'e' : ''}"`)
  }

  function changed(now: number): void {
    version++
    // Two tracks may close within a millisecond, and a later version has a later time (ISO/IEC 23009-1 5.3.1.2).
    published = Math.max(published + 1, now)
  }

  return {
    changed,
    show(ended) {
      if (foreseen?.segments.some(isOutgrown) === true) changed(published)
      const key = `${version} ${ended}`
      if (shown?.key !== key) shown = { key, playlist: render(ended) }
      return shown.playlist
    },
  }
}
