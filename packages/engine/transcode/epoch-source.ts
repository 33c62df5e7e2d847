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
  /** At least one. */
  readonly plan: readonly Rung[]
  /** The epoch has been closed. */
  isOver: boolean
  /** Decode times of the newest picture and of the one before it, 90 kHz. */
  newest: number
  previous: number
}

/** Why nothing is to be made of an epoch, in plain words. */
export interface NoSource {
  readonly missing: string
}

export function epochSource(
  event: Extract<TimelineEvent, { kind: 'epoch-opened' }>,
  planOf: (facts: SourceFacts) => readonly Rung[],
): EpochSource | NoSource {
  const video = event.tracks.find(({ config }) => config.kind === 'video')
  if (video?.config.kind !== 'video') return { missing: 'there are no pictures' }
  const { track, config } = video
  if (config.width * config.height > LADDER_LIMITS.pixels) return { missing: 'the picture is larger than 8K' }
  const facts = sourceFacts(config, frameRateOf(video))
  const plan = planOf(facts)
  if (plan.length === 0) return { missing: 'the picture is not larger than any of those chosen' }
  const { id: epoch, start } = event
  return { epoch, track, config, facts, plan, isOver: false, newest: start, previous: start }
}
