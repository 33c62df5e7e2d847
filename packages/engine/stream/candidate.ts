import { type AccessUnit, AUDIO_TRACK, type TrackId, VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import type { TrackConfig } from '@bandstand/media/track.ts'
import type { AnnouncedTracks, Publisher } from '../ports.ts'
import { type EncoderFacts, mergeFacts } from './diagnosis.ts'
import { happenedAfterLeap } from './leap.ts'
import { STREAM_LIMITS } from './limits.ts'

export interface CandidateOptions {
  /** Slug of the channel, as it is now. */
  readonly channel: () => string
  /** Unix ms. */
  readonly now: () => number
  /** It can take over: gives what it feeds from now on, `undefined` when it may not and has been told so. */
  readonly take: () => Publisher | undefined
  /** It has gone by itself. */
  readonly left: () => void
  /** It has shown nothing in its time. */
  readonly late: () => void
}

/** An encoder with a valid key on a channel that another one feeds. */
export interface Candidate {
  readonly publisher: Publisher
  /** Lets time pass. */
  tick(): void
  /** The clock has leapt by so many ms that count for nothing. */
  leapt(ms: number): void
  /** It was turned away: nothing of it counts any more. */
  drop(): void
}

/**
 * Keeps what a second encoder sends until that can be shown: each track that it has announced is configured, and a key
 * frame is there (sound, where there are no pictures). Whoever cannot be shown here (another codec, nothing at all) so never
 * stops the encoder that can. Real encoders begin with all of this at once, and so take over at once.
 */
export function createCandidate(options: CandidateOptions): Candidate {
  const { channel, now } = options
  let since = now()
  let target: Publisher | undefined
  let isOver = false
  let announced: AnnouncedTracks | undefined
  const configs = new Map<TrackId, { readonly config: TrackConfig; readonly bitrate: number | undefined }>()
  let facts: EncoderFacts = {}
  let held: AccessUnit[] = []
  let bytes = 0
  /** When the first of what is held came, Unix ms. */
  let heldSince = 0

  function clear(): void {
    held = []
    bytes = 0
    configs.clear()
  }

  function hold(unit: AccessUnit): void {
    const isPicture = unit.track === VIDEO_TRACK
    if (isPicture && !unit.key && !held.some(({ track }) => track === VIDEO_TRACK)) return
    if (held.length === 0) heldSince = now()
    held.push(unit)
    bytes += unit.data.byteLength
    if (isFull() && !isShowable()) {
      // Sound alone, while the first key frame is waited for.
      bytes -= held[0]?.data.byteLength ?? 0
      held.shift()
    }
  }

  function isFull(): boolean {
    return held.length >= STREAM_LIMITS.candidateUnits || bytes >= STREAM_LIMITS.candidateBytes
  }

  /** A picture to begin with, or sound where there are no pictures. Pictures that are announced may not be such as can be shown. */
  function isShowable(): boolean {
    if (held.some(({ track }) => track === VIDEO_TRACK)) return true
    return held.length > 0 && !configs.has(VIDEO_TRACK) && announced?.video !== true
  }

  function isComplete(): boolean {
    const { video, audio } = announced ?? { video: true, audio: true }
    return (!video || configs.has(VIDEO_TRACK)) && (!audio || configs.has(AUDIO_TRACK))
  }

  function tryToTake(): void {
    if (!isShowable()) return
    if (!isComplete() && !isFull() && now() - heldSince < STREAM_LIMITS.candidateTracksMs) return
    target = options.take()
    if (target === undefined) {
      isOver = true
    } else {
      if (announced !== undefined) target.announce(announced)
      target.describe(facts)
      for (const [track, { config, bitrate }] of configs) target.configure(track, config, bitrate)
      for (const unit of held) target.unit(unit)
    }
    clear()
  }

  const waiting: Omit<Publisher, 'channel'> = {
    isUrgent: false,
    announce(expected) {
      announced = expected
    },
    configure(track, config, bitrate) {
      // What was kept of this track cannot be decoded with another configuration.
      if (configs.has(track)) {
        held = held.filter((unit) => unit.track !== track)
        bytes = held.reduce((sum, { data }) => sum + data.byteLength, 0)
      }
      configs.set(track, { config, bitrate })
    },
    unit(unit) {
      hold(unit)
      tryToTake()
    },
    describe(more) {
      facts = mergeFacts(facts, more)
    },
    end() {
      isOver = true
      clear()
      options.left()
    },
  }
  const feed = (step: (publisher: typeof waiting) => void): void => {
    if (!isOver) step(target ?? waiting)
  }

  return {
    publisher: {
      get channel() {
        return channel()
      },
      get isUrgent() {
        return (target ?? waiting).isUrgent
      },
      announce: (expected) => feed((publisher) => publisher.announce(expected)),
      configure: (track, config, bitrate) => feed((publisher) => publisher.configure(track, config, bitrate)),
      unit: (unit) => feed((publisher) => publisher.unit(unit)),
      describe: (more) => feed((publisher) => publisher.describe(more)),
      end: (how) => feed((publisher) => publisher.end(how)),
    },
    leapt(ms) {
      since = happenedAfterLeap(since, ms, now())
      heldSince = happenedAfterLeap(heldSince, ms, now())
    },
    tick() {
      if (isOver || target !== undefined) return
      tryToTake()
      if (!isOver && target === undefined && now() - since >= STREAM_LIMITS.candidateMs) options.late()
    },
    drop() {
      isOver = true
      clear()
    },
  }
}
