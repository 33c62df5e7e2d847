import type { Choice } from '../player/choice/view.ts'
import type { Engine, EngineEvents, EngineSource } from '../player/engine.ts'

/** A browser fires events in a task of their own. */
const task = () => new Promise((resolve) => setImmediate(resolve))

/** A video element without pictures; tests write what a browser would. */
export class FakeVideo extends EventTarget {
  currentTime = 0
  paused = false
  ended = false
  seeking = false
  #muted = false
  #volume = 1
  readyState = 4
  playbackRate = 1
  duration = Number.POSITIVE_INFINITY
  src = ''
  error: { code: number } | null = null
  buffered = ranges()
  seekable = ranges()
  /** What the browser says to `play()`. */
  allows: 'sound' | 'silence' | 'nothing' = 'sound'

  async play(): Promise<void> {
    if (this.allows === 'nothing' || (this.allows === 'silence' && !this.muted))
      throw new DOMException('no gesture', 'NotAllowedError')
    const wasPaused = this.paused
    this.paused = false
    await task()
    if (wasPaused) this.dispatchEvent(new Event('play'))
    this.dispatchEvent(new Event('playing'))
  }

  pause(): void {
    if (!this.paused) void this.#tell('pause')
    this.paused = true
  }

  get muted(): boolean {
    return this.#muted
  }

  set muted(muted: boolean) {
    if (muted !== this.#muted) void this.#tell('volumechange')
    this.#muted = muted
  }

  get volume(): number {
    return this.#volume
  }

  set volume(volume: number) {
    if (volume !== this.#volume) void this.#tell('volumechange')
    this.#volume = volume
  }

  async #tell(type: string): Promise<void> {
    await task()
    this.dispatchEvent(new Event(type))
  }

  load(): void {
    this.currentTime = 0
  }

  removeAttribute(name: 'src'): void {
    this[name] = ''
  }

  /** As the element that the player's code takes. */
  get element(): HTMLVideoElement {
    return this as unknown as HTMLVideoElement
  }
}

export function ranges(...list: readonly (readonly [start: number, end: number])[]) {
  return {
    length: list.length,
    start: (index: number) => list[index]?.[0] ?? Number.NaN,
    end: (index: number) => list[index]?.[1] ?? Number.NaN,
  }
}

/** An engine that remembers what it was told. */
export class FakeEngine implements Engine {
  readonly loads: { readonly url: string; readonly at: number | undefined; readonly when: number }[] = []
  destroyed = false
  loaded = false
  date: number | undefined
  window: Engine['window']
  duration: number | undefined
  growing = true
  livePosition: number | undefined
  ahead: number | undefined = 5
  arrived: number | undefined
  hole: ReturnType<Engine['behindHole']>
  moving: boolean | undefined
  holdBack: number | undefined
  qualities: Engine['qualities']
  choice: Choice = {
    ...{ able: new Set(), playing: 'll-hls', trying: undefined, failures: [] },
    ...{ latency: undefined, height: undefined, soundMissing: undefined, encodedAgain: undefined },
  }
  /** What was said of the last tick. */
  free: boolean | undefined
  /** Stalls that it was told of. */
  stalls = 0
  /** Its playlist is there, so that dates have a place in it. */
  listed = true
  /** Called at each load. */
  onLoad: (events: EngineEvents) => void = () => undefined
  readonly events: EngineEvents

  constructor(events: EngineEvents) {
    this.events = events
  }

  load({ url }: EngineSource, at: number | undefined): void {
    this.loads.push({ url, at, when: performance.now() })
    this.loaded = true
    this.onLoad(this.events)
  }

  unload(): void {
    this.loaded = false
  }

  destroy(): void {
    this.destroyed = true
  }

  stalled(): void {
    this.stalls += 1
  }

  wantedChanged(): void {}

  tick(free: boolean): void {
    this.free = free
  }

  timeOf(date: number): number | undefined {
    return this.listed ? date / 1000 : undefined
  }

  behindHole(): ReturnType<Engine['behindHole']> {
    return this.hole
  }
}
