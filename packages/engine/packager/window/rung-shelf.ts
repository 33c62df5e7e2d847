import type { TrackId } from '@bandstand/media/access-unit.ts'
import { WINDOW_LIMITS } from '../limits.ts'
import type { LiveRendition, PlaylistAnswer, PlaylistDirectives, RenderedText } from '../live.ts'
import { type ListedRung, type ListedSound, type Part, renditionName } from '../model.ts'
import type { Rendition } from './rendition.ts'
import { createWaitingRoom, type Scheduler } from './waiting-room.ts'

export interface RungShelfOptions {
  readonly scheduler: Scheduler
  /** The window's own rendition of that name, once it has had a part. */
  readonly inner: (name: string) => Rendition | undefined
  /** Somebody asked for one that is made on demand. */
  readonly asked: (what: MadeKind) => void
  /** Others are listed than before. */
  readonly onChange: () => void
}

/** What is made of the source when somebody asks: smaller pictures, or sound in another codec. */
export type MadeKind = 'rungs' | 'sounds'

/** What is listed beside the source. */
export interface Shelved {
  readonly rungs: readonly ListedRung[]
  readonly sounds: readonly ListedSound[]
}

/**
 * The rungs of the ladder that may be watched, and sound beside the source's own. One that is made on demand has nothing to show when it is asked for first:
 * the answer waits for its first media, for a playlist of gaps would send players away again. So does the answer to who comes by a
 * rendition report, which names the gaps that are listed meanwhile.
 */
export interface RungShelf {
  /** Parts of these may come from now on. */
  know(shelved: Partial<Shelved>): void
  /** Lists these, which are known, from now on; what is not named stays as it is. @returns whether they are others than before */
  list(shelved: Partial<Shelved>): boolean
  readonly listed: Shelved
  /** Names of all that are listed. */
  readonly names: ReadonlySet<string>
  /** What the track is or was beside the source. */
  kindOf(track: TrackId): 'video' | 'audio' | undefined
  /** It has media at its end. */
  isThere(name: string): boolean
  rung(track: TrackId): ListedRung | undefined
  sound(track: TrackId): ListedSound | undefined
  rendition(name: string): LiveRendition | undefined
  /** A part of a rung has been added. */
  arrived(part: Part): void
  /** Nothing comes any more: who waits gets what there is. */
  end(): void
}

export function createRungShelf(options: RungShelfOptions): RungShelf {
  const { inner } = options
  const starting = createWaitingRoom<string, true>(options.scheduler, WINDOW_LIMITS.rungStart, (name) => name)
  const rungs = new Map<string, ListedRung>()
  const sounds = new Map<string, ListedSound>()
  let listed: Shelved = { rungs: [], sounds: [] }
  let ended = false

  const isKnown = (name: string) => rungs.has(name) || sounds.has(name)

  function isThere(name: string): boolean {
    return isKnown(name) && inner(name)?.segments.at(-1)?.gap === false
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
    const isMadeOnDemand = rungs.get(name)?.brought !== true
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
    know(shelved) {
      for (const rung of shelved.rungs ?? []) rungs.set(renditionName(rung.track, 'video'), rung)
      for (const sound of shelved.sounds ?? []) sounds.set(renditionName(sound.track, 'audio'), sound)
    },
    list(shelved) {
      const before = JSON.stringify(listed)
      listed = { ...listed, ...shelved }
      const isOther = JSON.stringify(listed) !== before
      if (isOther) options.onChange()
      return isOther
    },
    get listed() {
      return listed
    },
    get names() {
      return new Set([
        ...listed.rungs.map(({ track }) => renditionName(track, 'video')),
        ...listed.sounds.map(({ track }) => renditionName(track, 'audio')),
      ])
    },
    kindOf(track) {
      if (rungs.has(renditionName(track, 'video'))) return 'video'
      return sounds.has(renditionName(track, 'audio')) ? 'audio' : undefined
    },
    isThere,
    rung: (track) => rungs.get(renditionName(track, 'video')),
    sound: (track) => sounds.get(renditionName(track, 'audio')),
    rendition(name) {
      if (!isKnown(name)) return undefined
      // Nobody makes what the encoder brings.
      const kind = rungs.has(name) ? 'rungs' : 'sounds'
      const asked = rungs.get(name)?.brought === true ? () => undefined : () => options.asked(kind)
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
      const names = [renditionName(track, 'video'), renditionName(track, 'audio')]
      starting.answer(
        (wanted) => names.includes(wanted),
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
