import type { Clip, ClipTrack } from './clip.ts'

export interface ClipTag {
  readonly kind: 'audio' | 'video'
  /** Milliseconds from the start, whole, rising for each track. */
  readonly timestamp: number
  readonly body: Uint8Array
}

/**
 * Walks through a clip in time order. Each track loops by its own exact length, so neither ever has a seam: a track that is a
 * few milliseconds longer than the other would otherwise tear a hole at every turn.
 */
export class ClipPlayer {
  /** How far into the clip's present group of pictures `startAt` was, ms: this much is due at once. */
  readonly lead: number
  readonly #tracks: Cursor[]
  readonly #loop: boolean

  /** @param startAt ms into the clip to start at; all tracks start where the video has its newest key frame before that. */
  constructor(clip: Clip, loop: boolean, startAt = 0) {
    this.#loop = loop
    const video = clip.tracks.find((track) => track.kind === 'video')
    const within = video === undefined ? 0 : startAt % video.duration
    const key = video?.frames.findLast((frame) => frame.key && frame.time <= within)?.time ?? 0
    this.lead = video === undefined ? 0 : within - key
    this.#tracks = clip.tracks.map((track) => cursor(track, startAt - this.lead))
  }

  /** The next tag due at or before `until` (ms from the start), `undefined` when there is none. */
  next(until: number): ClipTag | undefined {
    let first: Cursor | undefined
    for (const track of this.#tracks) if (first === undefined || track.due < first.due) first = track
    if (first === undefined || first.due > until) return undefined
    const { track } = first
    const frame = track.frames[first.index] as ClipTrack['frames'][number]
    const tag = { kind: track.kind, timestamp: Math.round(first.due), body: frame.body }
    first.index++
    if (first.index === track.frames.length) {
      first.index = 0
      first.base += track.duration
      if (!this.#loop) this.#tracks.splice(this.#tracks.indexOf(first), 1)
    }
    first.due = first.base + (track.frames[first.index]?.time ?? 0)
    return tag
  }

  /** When the next tag is due, ms from the start; `Infinity` at the end of a clip that does not loop. */
  get due(): number {
    let due = Number.POSITIVE_INFINITY
    for (const track of this.#tracks) due = Math.min(due, track.due)
    return due
  }
}

interface Cursor {
  readonly track: ClipTrack
  index: number
  /** ms from the start at which the present round began. */
  base: number
  due: number
}

function cursor(track: ClipTrack, from: number): Cursor {
  const within = from % track.duration
  const found = track.frames.findIndex((frame) => frame.time >= within)
  // Behind the last frame's start: the next round begins.
  const index = Math.max(0, found)
  const base = (found === -1 ? track.duration : 0) - within
  return { track, index, base, due: base + (track.frames[index]?.time ?? 0) }
}
