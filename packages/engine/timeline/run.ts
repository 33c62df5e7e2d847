import { AUDIO_TRACK, type TrackId, VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { frameLengthOf } from '@bandstand/media/codecs/frame-length.ts'
import { sameConfig } from '@bandstand/media/same-config.ts'
import type { AudioTrackConfig, TrackConfig } from '@bandstand/media/track.ts'
import { AudioClock } from './audio-clock.ts'
import type { Chosen } from './gathering.ts'
import { TIMELINE_LIMITS } from './limits.ts'
import type { TimedUnit, TimelineCounters } from './model.ts'
import type { HeldUnit } from './source.ts'
import { VideoClock } from './video-clock.ts'

export interface RunOptions {
  readonly id: number
  /** Ticks of 90 kHz. */
  readonly start: number
  readonly wallClock: number
  readonly chosen: Chosen
  /** One silent frame, `undefined` where none can be made. */
  readonly silence: (config: AudioTrackConfig) => Uint8Array | undefined
  readonly counters: TimelineCounters
}

/** What to do with a unit: map it, drop it, or begin an epoch with it. */
export type Verdict = 'go' | 'drop' | 'jump' | 'late-track' | 'configuration'

/** A running epoch: one source clock, one track set. */
export interface Run {
  readonly id: number
  readonly start: number
  readonly wallClock: number
  readonly tracks: ReadonlyMap<TrackId, TrackConfig>
  /** End of all tracks, 90 kHz ticks, rounded up. */
  readonly end: number
  judge(held: HeldUnit): Verdict
  /** Sound has this configuration from now on: one that is not this epoch's is for the next, beside pictures. */
  reconfigureSound(config: TrackConfig): void
  map(held: HeldUnit): readonly TimedUnit[]
  /**
   * Silence from where sound stopped to the end of the pictures, at the end of the epoch. A hole of 0.05 to 0.1 s is too
   * small for hls.js to leave behind: it says that the replay has ended only where nothing is missing before.
   */
  finish(): readonly TimedUnit[]
  /** Last source times of the tracks other than `except`. */
  clocks(except: TrackId): ReadonlyMap<TrackId, number>
}

export function openRun(options: RunOptions): Run {
  const { id, start, wallClock, chosen, counters } = options
  const tracks = new Map(chosen.tracks.map((t) => [t.track, t.config]))
  const audioConfig = tracks.get(AUDIO_TRACK)
  const audio = audioConfig?.kind === 'audio' ? openAudio(audioConfig, start, options.silence) : undefined
  const key = chosen.units.find((h) => h.unit.track === VIDEO_TRACK)?.unit
  const frame = chosen.tracks.find((t) => t.track === VIDEO_TRACK)?.frameDuration ?? 0
  const video = key === undefined ? undefined : new VideoClock(start, key.dts, key.pts, frame * 90_000)
  /** Last source time and arrival, by track. */
  const seen = new Map<TrackId, { readonly time: number; readonly at: number }>()
  /** Newest picture on the broadcast's clock when sound last came. */
  let pictureAtSound = start
  let picture = start
  /** Why sound comes that is not of this epoch. */
  let soundWaits: 'late-track' | 'configuration' | undefined

  function toBroadcast(unit: { readonly track: TrackId }, time: number): number {
    const source = unit.track === AUDIO_TRACK ? time + chosen.audioShift : time
    return source - chosen.base + start
  }

  function judge(held: HeldUnit): Verdict {
    const { unit, at } = held
    if (unit.track === VIDEO_TRACK) return judgePicture(held)
    if (!tracks.has(unit.track)) soundWaits ??= 'late-track'
    if (soundWaits !== undefined) {
      if (picturesPause(at)) return soundWaits
      // An epoch begins with a key frame: until the next one the pictures go on. Sound that is not heard still bears them out.
      if (tracks.has(unit.track)) seen.set(unit.track, { time: unit.dts, at })
      return 'drop'
    }
    const last = seen.get(unit.track)
    if (last === undefined) return 'go'
    const advance = unit.dts - last.time
    if (Math.abs(advance) <= TIMELINE_LIMITS.jumpTicks) return 'go'
    // Silence was put in up to here, or the pictures are here too: the sound comes back, its clock did not jump.
    const time = toBroadcast(unit, unit.dts)
    const near = (other: number) => Math.abs(time - other) <= TIMELINE_LIMITS.jumpTicks
    return advance > 0 && (near(audio?.clock.end ?? start) || (video !== undefined && near(picture))) ? 'go' : 'jump'
  }

  function judgePicture({ unit, at }: HeldUnit): Verdict {
    if (!tracks.has(unit.track)) return unit.key ? 'late-track' : 'drop'
    const last = seen.get(unit.track)
    const advance = unit.dts - (last?.time ?? unit.dts)
    const isJump =
      last !== undefined &&
      Math.abs(advance) > TIMELINE_LIMITS.jumpTicks &&
      !videoGoesOn(unit.dts, advance, at - last.at)
    if (isJump) return 'jump'
    return unit.key && soundWaits !== undefined ? soundWaits : 'go'
  }

  /** Longer than slow pictures do: sound that waits for a key frame would wait in vain. */
  function picturesPause(at: number): boolean {
    const last = seen.get(VIDEO_TRACK)
    return last === undefined || (at - last.at) * 90 > TIMELINE_LIMITS.slowFrameTicks
  }

  /** Pictures paused: the clock is the same when sound went on with it, or when wall clock says so. */
  function videoGoesOn(time: number, advance: number, elapsed: number): boolean {
    if (advance < 0) return false
    const sound = seen.get(AUDIO_TRACK)
    if (sound !== undefined) return Math.abs(time - sound.time - chosen.audioShift) <= TIMELINE_LIMITS.jumpTicks
    return (
      advance <= TIMELINE_LIMITS.slowFrameTicks &&
      Math.abs(advance / 90 - elapsed) <= TIMELINE_LIMITS.slowFrameToleranceMs
    )
  }

  function mapVideo({ unit, at }: HeldUnit, clock: VideoClock): TimedUnit[] {
    const time = clock.map(unit.dts, unit.pts)
    if (time.clamped) counters.clampedTimes++
    picture = Math.max(picture, time.dts)
    const out: TimedUnit[] = [
      { track: unit.track, dts: time.dts, pts: time.pts, key: unit.key, data: unit.data, arrivedAt: at },
    ]
    // Sound that is known not to come keeps up with the pictures: players stay nearer to the edge than a stall is waited for.
    const stall = soundWaits === undefined ? TIMELINE_LIMITS.audioStallTicks : 0
    if (audio !== undefined && picture - pictureAtSound >= stall) {
      out.push(...silent(audio.clock.fill(picture - stall), at))
    }
    return out
  }

  function mapAudio({ unit, at }: HeldUnit, clock: AudioClock): TimedUnit[] {
    pictureAtSound = picture
    const step = clock.accept(toBroadcast(unit, unit.pts), lengthOf(unit.data))
    if (step.kind === 'drop') {
      counters.droppedUnits++
      return []
    }
    if (step.corrected) counters.audioCorrections++
    const frame = { track: unit.track, dts: step.dts, pts: step.dts, key: true, data: unit.data, arrivedAt: at }
    return step.silence.length === 0 ? [frame] : [...silent(step.silence, at), frame]
  }

  /** Most codecs' frames are of one length; where they may differ, each says its own. */
  function lengthOf(frame: Uint8Array): number | undefined {
    return audioConfig?.kind === 'audio' ? frameLengthOf(audioConfig, frame) : undefined
  }

  function silent(times: readonly number[], at: number): TimedUnit[] {
    const data = audio?.silence
    if (data === undefined) return []
    counters.filledAudioFrames += times.length
    return times.map((dts) => ({ track: AUDIO_TRACK, dts, pts: dts, key: true, data, arrivedAt: at }))
  }

  return {
    id,
    start,
    wallClock,
    tracks,
    get end() {
      return Math.ceil(Math.max(start, video?.end ?? start, audio?.clock.end ?? start))
    },
    judge,
    reconfigureSound(config) {
      const own = tracks.get(AUDIO_TRACK)
      const isBack = own !== undefined && sameConfig(own, config)
      soundWaits = isBack ? undefined : 'configuration'
    },
    map(held) {
      seen.set(held.unit.track, { time: held.unit.dts, at: held.at })
      if (held.unit.track === VIDEO_TRACK && video !== undefined) return mapVideo(held, video)
      if (held.unit.track === AUDIO_TRACK && audio !== undefined) return mapAudio(held, audio.clock)
      return []
    },
    finish() {
      if (audio === undefined || video === undefined) return []
      return silent(audio.clock.finish(video.end), wallClock + (video.end - start) / 90)
    },
    clocks(except) {
      return new Map([...seen].filter(([track]) => track !== except).map(([track, last]) => [track, last.time]))
    },
  }
}

function openAudio(config: AudioTrackConfig, start: number, make: RunOptions['silence']) {
  const silence = make(config)
  return { silence, clock: new AudioClock(config.timescale, config.frameLength, start, silence !== undefined) }
}
