import type { TrackId } from '@bandstand/media/access-unit.ts'
import type { VideoTrackConfig } from '@bandstand/media/track.ts'
import { frameRateOf } from '../timeline/frame-rate.ts'
import type { TimelineEvent } from '../timeline/model.ts'
import { LADDER_LIMITS } from './limits.ts'
import type { Rung, SourceFacts } from './model.ts'
import { sourceFacts } from './source-facts.ts'

/** The pictures of one epoch, which a ladder is made of: their clock and configuration stay. */
export interface EpochSource {
  readonly epoch: number
  readonly track: TrackId
  readonly config: VideoTrackConfig
  readonly facts: SourceFacts
  readonly plan: readonly Rung[]
  /** The epoch has been closed. */
  isOver: boolean
  /** Decode times of the newest picture and of the one before it, 90 kHz. */
  newest: number
  previous: number
}

/** `undefined` where an epoch has no pictures, or larger ones than a ladder takes. */
export function epochSource(
  event: Extract<TimelineEvent, { kind: 'epoch-opened' }>,
  plan: (facts: SourceFacts) => readonly Rung[],
): EpochSource | undefined {
  const video = event.tracks.find(({ config }) => config.kind === 'video')
  if (video?.config.kind !== 'video') return undefined
  const { track, config } = video
  if (config.width * config.height > LADDER_LIMITS.pixels) return undefined
  const facts = sourceFacts(config, frameRateOf(video))
  const { id: epoch, start } = event
  return { epoch, track, config, facts, plan: plan(facts), isOver: false, newest: start, previous: start }
}
