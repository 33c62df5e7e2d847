/** The renditions of a WHEP session: what may be watched, and the choice among it, on the connection that is there. */
import { nearestQuality, type Qualities, type Quality, sortQualities, type WantedQuality } from '../qualities.ts'
import { readText } from './body.ts'

export interface Layers {
  /** `undefined` where the server has said nothing of them. */
  readonly qualities: Qualities | undefined
  /** Why the best of them is not what the encoder sends, in the server's words. */
  readonly reason: string | undefined
  /** Name of the one on screen; `undefined` for the best, with which a session begins anyway, and where it is not known. */
  readonly lesser: string | undefined
  /** A session has begun: what the viewer wants is chosen in it. @param url its own */
  begin(url: string): void
  /** Asks again, when that is due. */
  tick(): void
}

export interface LayersOptions {
  readonly wanted: WantedQuality
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
  let askedAt = 0
  /** Rises with each request: an answer that comes after a newer request was made says how it was before. */
  let turn = 0

  function numberOf(name: string): number {
    const known = names.indexOf(name)
    return known < 0 ? names.push(name) - 1 : known
  }

  /** The rendition that is nearest to what the viewer wants; `undefined` where the server is to go by the line. */
  function chosen(): Quality | undefined {
    const { quality } = options.wanted
    return quality && nearestQuality(list, quality)
  }

  function nameOf(quality: Quality | undefined): string | undefined {
    return quality && names[quality.id]
  }

  function onScreen(): Quality | undefined {
    const height = options.height()
    return height === undefined ? undefined : list.find((quality) => quality.height === height)
  }

  /** Asks what there is. */
  async function ask(): Promise<void> {
    const answer = await exchange({})
    // Rungs come and go: the one that is wanted may be back, or another be the nearest.
    if (answer && nameOf(chosen()) !== (answer.chosen ?? undefined)) await say()
  }

  /** Says which one is to be played. */
  async function say(): Promise<void> {
    const encodingId = nameOf(chosen())
    await exchange({ method: 'POST', body: JSON.stringify({ encodingId }) })
  }

  /** @returns `undefined` without an answer: it plays as it did */
  async function exchange(init: RequestInit): Promise<Answer | undefined> {
    if (url === undefined) return undefined
    const mine = ++turn
    askedAt = options.now()
    try {
      const response = await options.fetch(`${url}/layer`, { cache: 'no-store', ...init })
      const text = response.ok ? await readText(response) : undefined
      if (mine !== turn || text === undefined) return undefined
      const answer = JSON.parse(text) as Answer
      take(answer)
      return answer
    } catch {
      return undefined
    }
  }

  function take(answer: Answer): void {
    reason = answer.reason ?? undefined
    list = sortQualities(
      answer.renditions.map(({ encodingId, height, frameRate, bitrate }) => {
        return { id: numberOf(encodingId), height: height || undefined, frameRate: frameRate || undefined, bitrate }
      }),
    )
    options.onChange()
  }

  return {
    get qualities(): Qualities | undefined {
      if (list.length === 0) return undefined
      // Of these one is chosen, also when another answer has come meanwhile.
      const shown = list
      return {
        list: shown,
        chosen: chosen()?.id ?? 'auto',
        playing: onScreen()?.id,
        choose(id) {
          options.wanted.quality = shown.find((one) => one.id === id)
          void say()
          options.onChange()
        },
      }
    },
    get lesser() {
      const quality = onScreen()
      return quality === list[0] ? undefined : nameOf(quality)
    },
    get reason() {
      return reason
    },
    begin(session) {
      url = session
      void ask()
    },
    tick() {
      if (options.now() - askedAt > look) void ask()
    },
  }
}
