import { isFurtherSound, type TrackId } from '@bandstand/media/access-unit.ts'
import { audioRenditions, sameCodec } from '../packager/audio-renditions.ts'
import type { TimelineTrack } from '../timeline/model.ts'
import { STREAM_LIMITS } from './limits.ts'

/** An audio track that the encoder brings besides its first, for the studio. */
export interface FurtherSoundReport {
  /** As players list it. */
  readonly name: string
  /** RFC 5646; `undefined` where the encoder does not say. */
  readonly language: string | undefined
  /** RFC 6381. */
  readonly codec: string
  readonly sampleRate: number
  readonly channels: number
  /** Bits a second over the last seconds, silence that was put in included; 0 until known. */
  readonly bitrate: number
  /** `stopped`: nothing comes any more; `other-codec`: it is not the first one's, so that HLS players are not offered it. */
  readonly state: 'live' | 'stopped' | 'other-codec'
}

/** When each of the encoder's further audio tracks was last heard. */
export interface FurtherSounds {
  /** Something came. @param now Unix milliseconds, of any track */
  heard(track: TrackId, now: number): void
  report(
    tracks: readonly TimelineTrack[],
    bitrateOf: (track: TrackId) => number | undefined,
  ): readonly FurtherSoundReport[]
}

export function createFurtherSounds(): FurtherSounds {
  const last = new Map<TrackId, number>()
  let clock = 0

  function stateOf(track: TrackId, isListed: boolean): FurtherSoundReport['state'] {
    if (clock - (last.get(track) ?? clock) > STREAM_LIMITS.soundSilenceMs) return 'stopped'
    return isListed ? 'live' : 'other-codec'
  }

  return {
    heard(track, now) {
      clock = Math.max(clock, now)
      if (isFurtherSound(track)) last.set(track, now)
    },
    report(tracks, bitrateOf) {
      const all = audioRenditions(tracks)
      const listed = new Set(sameCodec(all).map(({ track }) => track))
      return all.slice(1).map(({ track, config, name, language }) => ({
        ...{ name, language, codec: config.codecString, sampleRate: config.sampleRate, channels: config.channels },
        bitrate: bitrateOf(track) ?? 0,
        state: stateOf(track, listed.has(track)),
      }))
    },
  }
}
