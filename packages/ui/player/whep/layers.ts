/** The renditions of a WHEP session: what may be watched, and the choice among it, on the connection that is there. */
import { type Qualities, type Quality, sortQualities } from '../qualities.ts'
import { readText } from './body.ts'
import { failureOf } from './failure.ts'

export interface Layers {
  /** `undefined` where the server has said nothing of them. */
  readonly qualities: Qualities | undefined
  /** Why the best of them is not what the encoder sends, in the server's words. */
  readonly reason: string | undefined
  /** A session has begun: what was chosen in the one before is chosen in it. @param url its own */
  begin(url: string): void
  /** Asks again, when that is due. */
  tick(): void
}

export interface LayersOptions {
  fetch(url: string, init: RequestInit): Promise<Response>
  /** Lines of the picture on screen. */
  height(): number | undefined
  onChange(): void
  /** Milliseconds. */
  now(): number
}

interface Answer {
  readonly chosen: string | null
  readonly reason: string | null
  readonly renditions: readonly {
    readonly encodingId: string
    readonly height: number
    readonly frameRate: number
    readonly bitrate: number
  }[]
}

/** Between two questions; milliseconds. Rungs come and go with the machine's load. */
const look = 10_000

export function createLayers(options: LayersOptions): Layers {
  /** Every name that was ever heard of: its place is the number of the quality. */
  const names: string[] = []
  let url: string | undefined
  let list: readonly Quality[] = []
  let reason: string | undefined
  let chosen: string | undefined
  let askedAt = 0

  function numberOf(name: string): number {
    const known = names.indexOf(name)
    return known < 0 ? names.push(name) - 1 : known
  }

  /** @param choice what to say; without it is only asked */
  async function ask(choice?: { readonly encodingId?: string }): Promise<void> {
    const of = url
    if (of === undefined) return
    askedAt = options.now()
    const init = choice === undefined ? {} : { method: 'POST', body: JSON.stringify(choice) }
    const response = await options.fetch(`${of}/layer`, { cache: 'no-store', ...init })
    if (!response.ok) {
      const { code } = await failureOf(response)
      // What was chosen is not there any more: the server goes by the line. A session that has gone says nothing of that.
      if (of === url && code === 'no-rendition' && choice?.encodingId === chosen) chosen = undefined
      return
    }
    const text = await readText(response)
    if (of !== url || text === undefined) return
    const answer = JSON.parse(text) as Answer
    reason = answer.reason ?? undefined
    list = sortQualities(
      answer.renditions.map(({ encodingId, height, frameRate, bitrate }) => {
        return { id: numberOf(encodingId), height: height || undefined, frameRate: frameRate || undefined, bitrate }
      }),
    )
    options.onChange()
  }

  function say(): void {
    // Without an answer it plays as it did.
    ask(chosen === undefined ? {} : { encodingId: chosen }).catch(() => undefined)
  }

  return {
    get qualities(): Qualities | undefined {
      if (list.length === 0) return undefined
      const height = options.height()
      const numbered = chosen === undefined ? undefined : list.find(({ id }) => names[id] === chosen)
      return {
        list,
        chosen: numbered?.id ?? 'auto',
        playing: list.find((quality) => quality.height === height)?.id,
        choose(id) {
          chosen = id === 'auto' ? undefined : names[id]
          say()
          options.onChange()
        },
      }
    },
    get reason() {
      return reason
    },
    begin(session) {
      url = session
      if (chosen === undefined) ask().catch(() => undefined)
      else say()
    },
    tick() {
      if (options.now() - askedAt > look) ask().catch(() => undefined)
    },
  }
}
