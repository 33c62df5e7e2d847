import type { AccessUnit, TrackId } from '@bandstand/media/access-unit.ts'
import type { TrackConfig } from '@bandstand/media/track.ts'

/** A unit while an epoch's start is being waited for. */
export interface HeldUnit {
  readonly unit: AccessUnit
  /** Wall clock of its arrival, Unix milliseconds. */
  readonly at: number
}

/** Same decoder, same picture, same sound: the encoder merely sent its configuration again. */
export function sameConfig(a: TrackConfig, b: TrackConfig): boolean {
  if (a.kind !== b.kind || a.codecString !== b.codecString || a.timescale !== b.timescale) return false
  if (a.decoderConfig.byteLength !== b.decoderConfig.byteLength) return false
  return a.decoderConfig.every((byte, i) => byte === b.decoderConfig[i])
}

/** Same renditions with the same codec strings: players may go on with the multivariant playlist they have read. */
export function sameTrackSet(a: ReadonlyMap<TrackId, TrackConfig>, b: ReadonlyMap<TrackId, TrackConfig>): boolean {
  if (a.size !== b.size) return false
  for (const [track, config] of a) {
    const other = b.get(track)
    if (other === undefined || other.codecString !== config.codecString || !samePicture(config, other)) return false
  }
  return true
}

/** Mean distance of a track's held units in seconds: timestamps rounded to milliseconds average out. */
export function measureFrameDuration(held: readonly HeldUnit[], track: TrackId): number | undefined {
  const times = held.filter((h) => h.unit.track === track).map((h) => h.unit.dts)
  const first = times[0]
  const last = times.at(-1)
  if (first === undefined || last === undefined || times.length < 3 || last <= first) return undefined
  return (last - first) / (times.length - 1) / 90_000
}

function samePicture(a: TrackConfig, b: TrackConfig): boolean {
  if (a.kind !== 'video' || b.kind !== 'video') return true
  return a.width === b.width && a.height === b.height
}
