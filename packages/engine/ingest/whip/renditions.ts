import { BROUGHT_TRACKS, type TrackId, VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import type { VideoTrackConfig } from '@bandstand/media/track.ts'
import type { Publisher } from '../../ports.ts'
import { WHIP_LIMITS } from './limits.ts'

/** A picture on the encoder's clock, 90 kHz. */
export interface Picture {
  readonly dts: number
  readonly pts: number
  readonly key: boolean
  readonly data: Uint8Array
}

/** The pictures of an encoder, which may be of several sizes: the largest leads, the others are renditions that it brings. */
export interface Renditions {
  /** A size has this configuration from now on. @param number of the source */
  configure(number: number, config: VideoTrackConfig): void
  picture(number: number, picture: Picture): void
  /** Time passes. */
  tick(): void
}

interface Size {
  config: VideoTrackConfig | undefined
  /** Told to the publisher as the configuration of its track. */
  told: VideoTrackConfig | undefined
  heardAt: number
  /** Since then it comes without pauses. */
  since: number
}

/** How long the others are waited for when the first has come, ms, and the pictures that are kept meanwhile. */
const GATHER_MS = 700
const GATHER_PICTURES = 300

/**
 * Browsers leave out the larger sizes while their line is thin: then the largest of those that come leads, so that pictures go on,
 * and when a larger one has been back for a while it leads again. Each change waits for a key frame.
 *
 * @param now milliseconds of a steady clock
 */
export function createRenditions(publisher: Publisher, count: number, now: () => number): Renditions {
  const sizes: Size[] = Array.from({ length: count }, () => ({
    config: undefined,
    told: undefined,
    heardAt: Number.NEGATIVE_INFINITY,
    since: 0,
  }))
  let lead: number | undefined
  let gatheredSince: number | undefined
  let gathered: { readonly number: number; readonly picture: Picture }[] = []

  const area = (number: number): number => {
    const { width = 0, height = 0 } = sizes[number]?.config ?? {}
    return width * height
  }
  const trackOf = (number: number): TrackId => (number === lead ? VIDEO_TRACK : BROUGHT_TRACKS.first + number)

  /** Largest of those with a configuration that pass. */
  function largest(passes: (size: Size) => boolean): number | undefined {
    let best: number | undefined
    for (const [number, size] of sizes.entries()) {
      if (size.config === undefined || !passes(size)) continue
      if (best === undefined || area(number) > area(best)) best = number
    }
    return best
  }

  function isStill({ heardAt }: Size): boolean {
    return now() - heardAt > WHIP_LIMITS.stillMs
  }

  /** Who should lead now. */
  function candidate(): number | undefined {
    const current = lead === undefined ? undefined : sizes[lead]
    if (current === undefined || isStill(current)) return largest((size) => !isStill(size))
    const back = largest((size) => !isStill(size) && now() - size.since >= WHIP_LIMITS.backMs)
    return back !== undefined && area(back) > area(lead ?? 0) ? back : lead
  }

  function tell(number: number): void {
    const size = sizes[number]
    if (size?.config === undefined || size.told === size.config) return
    size.told = size.config
    publisher.configure(trackOf(number), size.config)
  }

  function follow(number: number): void {
    if (number === lead) return
    const before = lead === undefined ? undefined : sizes[lead]
    lead = number
    // Both have another track now.
    if (before !== undefined) before.told = undefined
    const after = sizes[number]
    if (after !== undefined) after.told = undefined
  }

  function give(number: number, picture: Picture): void {
    if (picture.key && candidate() === number) follow(number)
    tell(number)
    publisher.unit({ track: trackOf(number), ...picture })
  }

  function begin(): void {
    if (lead !== undefined || gatheredSince === undefined) return
    const isComplete = sizes.every(({ config }) => config !== undefined)
    const isEnough = now() - gatheredSince >= GATHER_MS || gathered.length >= GATHER_PICTURES
    if (!isComplete && !isEnough) return
    lead = largest(() => true)
    const kept = gathered
    gathered = []
    for (const { number, picture } of kept) give(number, picture)
  }

  return {
    configure(number, config) {
      const size = sizes[number]
      if (size !== undefined) size.config = config
    },
    picture(number, picture) {
      const size = sizes[number]
      if (size === undefined) return
      const at = now()
      if (isStill(size)) size.since = at
      size.heardAt = at
      if (lead === undefined) {
        gatheredSince ??= at
        gathered.push({ number, picture })
        return begin()
      }
      give(number, picture)
    },
    tick: begin,
  }
}
