import { MADE_SOUND_TRACK, type TrackId } from '@bandstand/media/access-unit.ts'
import type { AdaptationSet, Mpd, Period, Representation } from '@bandstand/media/manifests/dash/model.ts'
import { type AudioRendition, audioRenditions } from '../packager/audio-renditions.ts'
import {
  type BroadcastTiming,
  type Epoch,
  type EpochTrack,
  names,
  renditionName,
  withoutBrought,
} from '../packager/model.ts'
import { type LowLatency, lowLatencyTimes } from './low-latency.ts'
import { segmentTemplate } from './names.ts'
import { silenceTemplate, withSilence } from './silence.ts'
import { type ListedTrack, type Stretch, spanOf } from './stretches.ts'

/** Seconds that a player should have before it begins (ISO/IEC 23009-1 5.3.1.2). */
const MIN_BUFFER = 2
/** Distance to the live edge in target durations: the segment in the making, two more to have in hand, the next update. */
const DELAY_TARGETS = 2.5
/** Latency beyond which a player should rather skip than catch up, in delays. */
const MOST_DELAYS = 3
/** How far from 1 the rate may be while a player catches up or falls back: not to be heard. */
const CATCH_UP = 0.04
/** Segments may be this much longer than the target duration before it is rounded, seconds. */
const ROUNDING = 0.5
/** Seconds by which one track of a replay's period may end later than the pictures before the period ends with it. */
const RAGGED = 0.2

/** The address, next to the manifest, at which players ask for the server's time. */
export const CLOCK_NAME = 'time'

export interface ManifestInput {
  readonly stretches: readonly Stretch[]
  readonly timing: BroadcastTiming
  /** Put in front of a rendition's folder, with a slash at its end; empty where the manifest is beside it. */
  readonly folder: string
  /** Bits a second of a track. */
  bandwidth(track: TrackId, epoch: Epoch): number
}

export interface RunningInput extends ManifestInput {
  /** Unix milliseconds; the same for a broadcast's whole life. */
  readonly availabilityStart: number
  readonly published: number
  /** Seconds of the rewind; `undefined` where it goes back to the start. */
  readonly depth: number | undefined
  /** Nothing more comes. */
  readonly ended: boolean
  /** Whole seconds by which media come later than their dates say. */
  readonly late: number
  /** Set where segments in the making are listed. */
  readonly lowLatency?: LowLatency | undefined
}

/**
 * The manifest of a broadcast on the wall clock: a period begins where its epoch's program date time says, so that players
 * are as far behind in DASH as in HLS, and what was missing between two encoders is missing.
 */
export function runningManifest(input: RunningInput): Mpd {
  const { timing, availabilityStart, stretches } = input
  const { delay, latency, minBuffer, update } = timesOf(input)
  const periods = stretches.map((stretch, i): Period => {
    const { epoch, listed } = stretch
    const isClosed = i < stretches.length - 1 || input.ended
    const end = Math.max(...[...listed.values()].map((own) => spanOf(own)[1]))
    return {
      id: String(epoch.id),
      start: Math.max(0, (epoch.wallClock - availabilityStart) / 1000),
      // Said even where a period follows: between them may be a hole that belongs to neither.
      ...(isClosed && { duration: end - epoch.start / 90_000 }),
      sets: setsOf(input, stretch, epoch.start / 90_000),
    }
  })
  const last = periods.at(-1)
  return {
    type: 'dynamic',
    availabilityStartTime: availabilityStart,
    publishTime: input.published,
    ...(!input.ended && { minimumUpdatePeriod: update }),
    ...(input.ended && last !== undefined && { mediaPresentationDuration: last.start + (last.duration ?? 0) }),
    minBufferTime: minBuffer,
    ...(input.depth !== undefined && { timeShiftBufferDepth: input.depth }),
    suggestedPresentationDelay: delay,
    maxSegmentDuration: longestSegment(timing),
    latency: {
      target: Math.round(latency * 1000),
      max: Math.round(latency * 1000 * MOST_DELAYS),
      minRate: 1 - CATCH_UP,
      maxRate: 1 + CATCH_UP,
    },
    periods,
    clockUri: CLOCK_NAME,
  }
}

/** Seconds: where players stay, what they have in hand before they begin, when they look again. */
function timesOf({ timing, lowLatency, ended, late }: RunningInput) {
  if (lowLatency !== undefined && !ended) return lowLatencyTimes(lowLatency, longestSegment(timing))
  const delay = DELAY_TARGETS * timing.targetDuration + late
  return { delay, latency: delay, minBuffer: MIN_BUFFER, update: timing.targetDuration / 2 }
}

/** Seconds that no segment exceeds. */
export function longestSegment({ targetDuration }: BroadcastTiming): number {
  return targetDuration + ROUNDING
}

/** The manifest of a replay: periods one after another, what was missing between them is left out, missing sound is silence. */
export function replayManifest(input: ManifestInput): Mpd {
  let start = 0
  const periods = withSilence(input.stretches).map((stretch, i): Period => {
    const [from, to] = extentOf(stretch)
    const period = { id: String(i), start, duration: to - from, sets: setsOf(input, stretch, from) }
    start += period.duration
    return period
  })
  return {
    type: 'static',
    mediaPresentationDuration: start,
    minBufferTime: MIN_BUFFER,
    maxSegmentDuration: longestSegment(input.timing),
    periods,
  }
}

/** That of the pictures where they last about as long as everything; sound that is a few frames longer is cut there. */
function extentOf({ epoch, listed }: Stretch): readonly [number, number] {
  const spans = [...listed.values()].map(spanOf)
  const whole = [Math.min(...spans.map(([from]) => from)), Math.max(...spans.map(([, to]) => to))] as const
  const video = epoch.tracks.find(({ track, config }) => config.kind === 'video' && listed.has(track))
  const own = video && listed.get(video.track)
  if (own === undefined) return whole
  const [from, to] = spanOf(own)
  return [from - whole[0] > RAGGED ? whole[0] : from, whole[1] - to > RAGGED ? whole[1] : to]
}

/**
 * Rungs stand beside the pictures they were made of, and brought renditions beside the encoder's first, so that players switch between
 * them (5.3.3.1). Each has a template of its own: one that is made on demand lacks segments that others have. Other sound has a set of its
 * own: players change between codecs only where they choose anew.
 *
 * @param origin media time at the period's begin, seconds.
 */
function setsOf(input: ManifestInput, stretch: Stretch, origin: number): readonly AdaptationSet[] {
  const { listed } = stretch
  const epoch = withoutBrought(stretch.epoch)
  const sounds = new Map(audioRenditions(epoch.tracks).map((one) => [one.track, one]))
  const [first] = sounds.values()
  const sets: (AdaptationSet & { readonly representations: Representation[] })[] = []
  const add = ({ track, config, initNumber }: EpochTrack, beside?: (typeof sets)[number]) => {
    const own = listed.get(track)
    if (own === undefined) return
    const id = renditionName(track, config.kind)
    const template = {
      ...templateOf(own, origin),
      initialization: `${input.folder}${id}/${names.init(initNumber)}`,
      media: `${input.folder}${own.silence === undefined ? segmentTemplate(epoch) : silenceTemplate(own.silence)}`,
    }
    const representation: Representation = {
      id,
      bandwidth: input.bandwidth(track, epoch),
      codecs: config.codecString,
      ...(config.kind === 'video' ? { video: config } : { audio: config }),
    }
    if (beside === undefined) {
      const isMade = track === MADE_SOUND_TRACK
      const said = { id: track, kind: config.kind, ...soundFacts(isMade ? first : sounds.get(track), sounds.size) }
      // Who can play what the encoder sends is to take that: the other is made only for those who cannot.
      const priority = isMade && { selectionPriority: 0 }
      sets.push({ ...said, ...priority, template, representations: [representation] })
    } else beside.representations.push({ ...representation, template })
  }
  for (const track of epoch.tracks) add(track)
  const pictures = sets.find(({ kind }) => kind === 'video')
  for (const rung of epoch.rungs?.values() ?? []) {
    if (rung.config.kind === 'audio') add(rung)
    else add(rung, pictures ?? sets.find(({ kind }) => kind === 'video'))
  }
  return sets
}

/** What a player shows and chooses by; a lone sound needs no name. */
function soundFacts(
  sound: AudioRendition | undefined,
  count: number,
): Pick<AdaptationSet, 'language' | 'role' | 'label'> {
  if (sound === undefined) return {}
  const { language, name, isDefault } = sound
  return {
    ...(language !== undefined && { language }),
    ...(count > 1 && { role: isDefault ? 'main' : 'alternate', label: name }),
  }
}

function templateOf({ timescale, runs, early }: ListedTrack, origin: number) {
  return {
    timescale,
    presentationTimeOffset: Math.round(origin * timescale),
    timeline: runs,
    ...(early !== undefined && { availabilityTimeOffset: early }),
  }
}
