import { AUDIO_TRACK, BROUGHT_TRACKS, type TrackId, VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import type { TrackConfig } from '@bandstand/media/track.ts'
import type { Publisher } from '../../ports.ts'
import type { Entry } from './entry.ts'
import type { IntakeLane } from './intake.ts'
import { FIRST_LANES } from './lanes.ts'
import type { Released } from './pacer.ts'

/** Tells a publisher what is let out; configurations once, and again to the next publisher. */
export interface Feeder {
  feed(released: readonly Released[], lanes: readonly Pick<IntakeLane, 'number' | 'role' | 'bandwidth'>[]): void
  /** From now on it is this one, or none: what is fed then is dropped, but its configurations are kept. */
  publishTo(publisher: Publisher | undefined): void
}

export function createFeeder(): Feeder {
  const configs = new Map<TrackId, { readonly config: TrackConfig; readonly bitrate: number | undefined }>()
  const told = new Map<TrackId, TrackConfig>()
  let publisher: Publisher | undefined

  function tell(track: TrackId): boolean {
    const known = configs.get(track)
    if (known === undefined) return false
    if (told.get(track) !== known.config) {
      told.set(track, known.config)
      publisher?.configure(track, known.config, known.bitrate)
    }
    return true
  }

  function pass(track: TrackId, entry: Entry, bandwidth: number): void {
    if (entry.kind === 'config') {
      // The same configuration comes with each segment: one object for as long as it is the same.
      if (!isEqual(configs.get(track)?.config, entry.config)) {
        configs.set(track, { config: entry.config, bitrate: bandwidth > 0 ? bandwidth : undefined })
      }
      return
    }
    if (publisher === undefined || !tell(track)) return
    const { dts, pts, key, data } = entry
    publisher.unit({ track, dts, pts, key, data })
  }

  return {
    feed(released, lanes) {
      for (const { lane, entry } of released) {
        const known = lanes.find(({ number }) => number === lane)
        if (known === undefined) continue
        pass(trackOf(known, entry), entry, known.role === 'brought' ? known.bandwidth : 0)
      }
    },
    publishTo(next) {
      publisher = next
      told.clear()
    },
  }
}

function trackOf({ number, role }: Pick<IntakeLane, 'number' | 'role'>, { slot }: Entry): TrackId {
  if (slot === 'audio') return AUDIO_TRACK
  return role === 'brought' ? BROUGHT_TRACKS.first + number - FIRST_LANES.brought : VIDEO_TRACK
}

function isEqual(a: TrackConfig | undefined, b: TrackConfig): boolean {
  if (a === undefined || a.codecString !== b.codecString || a.timescale !== b.timescale) return false
  if (a.decoderConfig.byteLength !== b.decoderConfig.byteLength) return false
  return a.decoderConfig.every((byte, i) => byte === b.decoderConfig[i])
}
