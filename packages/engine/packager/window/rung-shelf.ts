import type { TrackId } from '@bandstand/media/access-unit.ts'
import { WINDOW_LIMITS } from '../limits.ts'
import type { LiveRendition, PlaylistAnswer, PlaylistDirectives, RenderedText } from '../live.ts'
import { type ListedRung, type Part, renditionName } from '../model.ts'
import type { Rendition } from './rendition.ts'
import { createWaitingRoom, type Scheduler } from './waiting-room.ts'

export interface RungShelfOptions {
  readonly scheduler: Scheduler
  /** The window's own rendition of that name, once it has had a part. */
  readonly inner: (name: string) => Rendition | undefined
  /** Somebody asked for a rung. */
  readonly asked: () => void
  /** Other rungs are listed than before. */
  readonly onChange: () => void
}

/**
 * The rungs of the ladder that may be watched. One that is made on demand has nothing to show when it is asked for first:
 * the answer waits for its first media, for a playlist of gaps would send players away again. So does the answer to who comes by a
 * rendition report, which names the gaps that are listed meanwhile.
 */
export interface RungShelf {
  /** Parts of these may come from now on. */
  know(rungs: readonly ListedRung[]): void
  /** Lists these, which are known, from now on. @returns whether they are others than before */
  list(rungs: readonly ListedRung[]): boolean
  readonly listed: readonly ListedRung[]
  /** The track is or was a rung's. */
  has(track: TrackId): boolean
  /** It has media at its end. */
  isThere(name: string): boolean
  rung(track: TrackId): ListedRung | undefined
  rendition(name: string): LiveRendition | undefined
  /** A part of a rung has been added. */
  arrived(part: Part): void
  /** Nothing comes any more: who waits gets what there is. */
  end(): void
}

export function createRungShelf(options: RungShelfOptions): RungShelf {
  const { inner } = options
  const starting = createWaitingRoom<string, true>(options.scheduler, WINDOW_LIMITS.rungStart, (name) => name)
  const known = new Map<string, ListedRung>()
  let listed: readonly ListedRung[] = []
  let ended = false

  function isThere(name: string): boolean {
    return known.has(name) && inner(name)?.segments.at(-1)?.gap === false
  }

  function playlist(name: string, directives: PlaylistDirectives): PlaylistAnswer {
    const rendition = inner(name)
    if (rendition !== undefined && (ended || isThere(name))) return rendition.playlist(directives)
    const blocking = directives.msn !== undefined
    if (!blocking && directives.part !== undefined) {
      return { kind: 'bad-request', reason: '_HLS_part needs _HLS_msn' }
    }
    // Who comes by a rendition report asks for gaps that are listed already, and is to see the first media too. Who has seen them
    // asks for what comes next, and is told soon if that is another gap. Nobody makes what an encoder has ceased to bring.
    const resting = blocking ? rendition?.playlist(directives) : undefined
    const isMadeOnDemand = known.get(name)?.brought !== true
    if (resting !== undefined && (resting.kind !== 'now' || !isMadeOnDemand)) return resting
    const started = starting.wait(name)
    if (started === undefined) return { kind: 'busy' }
    return { kind: 'wait', blocking, ready: started.then((is) => (is ? first(name, directives) : undefined)) }
  }

  async function first(name: string, directives: PlaylistDirectives): Promise<RenderedText | undefined> {
    const answer = inner(name)?.playlist(directives)
    if (answer?.kind === 'now') return answer.playlist
    return answer?.kind === 'wait' ? answer.ready : undefined
  }

  return {
    know(rungs) {
      for (const rung of rungs) known.set(renditionName(rung.track, 'video'), rung)
    },
    list(rungs) {
      const before = JSON.stringify(listed)
      listed = rungs
      const isOther = JSON.stringify(rungs) !== before
      if (isOther) options.onChange()
      return isOther
    },
    get listed() {
      return listed
    },
    has: (track) => known.has(renditionName(track, 'video')),
    isThere,
    rung: (track) => known.get(renditionName(track, 'video')),
    rendition(name) {
      const rung = known.get(name)
      if (rung === undefined) return undefined
      // Nobody makes what the encoder brings.
      const asked = rung.brought === true ? () => undefined : options.asked
      return {
        name,
        playlist(directives) {
          asked()
          return playlist(name, directives)
        },
        media(fileName) {
          asked()
          return inner(name)?.media(fileName) ?? { kind: 'not-found' }
        },
      }
    },
    arrived({ track, gap }) {
      if (gap) return
      const name = renditionName(track, 'video')
      starting.answer(
        (wanted) => wanted === name,
        () => true,
      )
    },
    end() {
      ended = true
      starting.answer(
        () => true,
        () => true,
      )
    },
  }
}
