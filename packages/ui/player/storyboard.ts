/** A picture of a moment: a place in a sheet. */
export interface Preview {
  /** Seconds, as the bar counts. */
  readonly from: number
  /** Address of the sheet. */
  readonly sheet: string
  /** Pixels in it. */
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** Reads a WebVTT file of previews; cues that name no place are passed over. @param base its address */
export function parseStoryboard(text: string, base: string): Preview[] {
  const cue = /(\d+):(\d\d):(\d\d\.\d{3}) --> .*\n(\S+)#xywh=(\d+),(\d+),(\d+),(\d+)/g
  return [...text.matchAll(cue)].map((found) => {
    const number = (at: number) => Number(found[at])
    const from = number(1) * 3600 + number(2) * 60 + number(3)
    const place = { x: number(5), y: number(6), width: number(7), height: number(8) }
    return { from, sheet: new URL(found[4] ?? '', base).href, ...place }
  })
}

/** The preview of a moment, or the last one before it: what is newer has none yet. */
export function previewAt(previews: readonly Preview[], seconds: number): Preview | undefined {
  return previews.findLast(({ from }) => from <= seconds)
}

/** Loads previews when somebody first wants one, and again after a while where the broadcast goes on or they did not come. */
export class Storyboard {
  #address = ''
  #askedAt: number | undefined
  #failed = false
  #previews: readonly Preview[] = []
  readonly #onLoad: () => void

  constructor(onLoad: () => void) {
    this.#onLoad = onLoad
  }

  /** @param address of the WebVTT file @param grows it is worth to ask again */
  at(address: string, grows: boolean, seconds: number): Preview | undefined {
    const now = performance.now()
    if (address !== this.#address) {
      this.#address = address
      this.#askedAt = undefined
      this.#previews = []
    }
    const isDue = this.#askedAt === undefined || ((grows || this.#failed) && now - this.#askedAt > AGAIN_MS)
    if (address && isDue) {
      this.#askedAt = now
      void this.#load(address)
    }
    return previewAt(this.#previews, seconds)
  }

  async #load(address: string): Promise<void> {
    const text = await read(address)
    if (address !== this.#address) return
    this.#failed = text === undefined
    if (!text) return
    this.#previews = parseStoryboard(text, address)
    this.#onLoad()
  }
}

/** @returns nothing in it where the server has none, as one without ffmpeg; `undefined` where that is not known */
async function read(address: string): Promise<string | undefined> {
  try {
    const response = await fetch(address)
    if (response.status === 404) return ''
    return response.ok ? await response.text() : undefined
  } catch {
    return undefined
  }
}

const AGAIN_MS = 20_000
