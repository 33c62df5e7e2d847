/**
 * The live edge by WebRTC: a WHEP session that is measured, noticed when it falls silent and offered anew when it breaks. First
 * alone, so that a picture by other means goes on; `attach` gives it the video element.
 */
import type { Failure } from '../choice/choice.ts'
import { CONNECT_LIMIT } from '../choice/limits.ts'
import type { Qualities, WantedQuality } from '../qualities.ts'
import { openWhep, type WhepConnection } from './connection.ts'
import { createLayers } from './layers.ts'
import { latencyOf, type Sample, sampleOf } from './stats.ts'

export interface RealTime {
  /** Seconds from the server to the picture; `undefined` until it was measured. */
  readonly latency: number | undefined
  /** Lines of the picture. */
  readonly height: number | undefined
  /** Renditions to choose from, where the server offers them. */
  readonly qualities: Qualities | undefined
  /** Why the picture is not the encoder's own, although it is the best that there is. */
  readonly encodedAgain: string | undefined
  /** Why the broadcast's sound does not come along; `undefined` where it does. */
  readonly soundMissing: string | undefined
  /** The server's clock less this machine's, milliseconds. */
  readonly skew: number
  /** Nothing arrives just now. */
  readonly silent: boolean
  /** The broadcast has other tracks than before: sound that does not come along yet is asked for. What plays goes on. */
  renew(): void
  /** Shows it on the video element, as soon as there is something to show. */
  attach(): void
  close(): void
}

export interface RealTimeEvents {
  /** Also one that was offered anew: what comes along may be less than before. */
  connected(): void
  /** The first frame was decoded. */
  ready(): void
  /** The picture froze although data arrive. */
  trouble(): void
  /** It has ended, or cannot be had. */
  failed(failure: Failure): void
  /** The element is about to show another stream. */
  leaving(): void
  measured(): void
}

/** Between two looks at the counters, until the first frame and after it; milliseconds. */
const lookSoon = 100
const look = 500
/** So much standing still is a trouble; seconds. */
const trouble = 1
/** Nothing received for this long is a reason to offer anew; milliseconds. */
const silence = 1500
/** Between two such offers: an encoder that is away is silent too; milliseconds. */
const mendPause = 10_000

export function openRealTime(
  url: string,
  video: HTMLVideoElement,
  wanted: WantedQuality,
  events: RealTimeEvents,
  openSession: typeof openWhep = openWhep,
): RealTime {
  let current = open()
  /** What is to follow it; connected first, shown once it has a frame. */
  let next: WhepConnection | undefined
  /** It is to bring the sound and no more: where it does not, what there is goes on. */
  let isSpare = false
  let mendTimer: ReturnType<typeof setTimeout> | undefined
  let mendedAt = Number.NEGATIVE_INFINITY
  let attached = false
  let ready = false
  let closed = false
  let last: Sample | undefined
  let heardAt = performance.now()
  let latency: number | undefined
  /** Seconds that the newest frame looked at has spent in the browser. */
  let waited: number | undefined
  /** A frame is being waited for: none is shown while paused or hidden. */
  let isReading = false
  /** Seconds of standing still since they were last told. */
  let frozen = 0
  let timer = setTimeout(watch, lookSoon)
  const layers = createLayers({
    wanted,
    fetch: (to, init) => fetch(to, init),
    height: () => last?.height,
    onChange: events.measured,
    now: () => performance.now(),
  })

  function open(): WhepConnection {
    const connection: WhepConnection = openSession(url, {
      connected() {
        if (connection === next) return isSpare && !connection.hasSound ? dropSpare() : take(connection)
        if (connection !== current) return
        if (attached) show()
        events.connected()
      },
      failed(failure) {
        if (connection === next) (isSpare ? dropSpare : fail)(failure)
        else if (connection !== current) return
        else if (ready) mend()
        else fail(failure)
      },
    })
    return connection
  }

  function fail(failure: Failure): void {
    if (closed) return
    if (attached && ready) events.leaving()
    close()
    events.failed(failure)
  }

  /** Offers anew; what plays goes on for as long as it can. */
  function mend(): void {
    isSpare = false
    if (next || closed) return
    mendedAt = performance.now()
    follow()
  }

  function follow(): void {
    next = open()
    mendTimer = setTimeout(() => (isSpare ? dropSpare() : fail({ code: 'lost' })), CONNECT_LIMIT)
  }

  function dropSpare(): void {
    clearTimeout(mendTimer)
    next?.close()
    next = undefined
  }

  function take(connection: WhepConnection): void {
    clearTimeout(mendTimer)
    current.close()
    current = connection
    next = undefined
    last = undefined
    frozen = 0
    // Its stream is shown with its first frame; until then the last frame of the old one stands.
    ready = false
    clearTimeout(timer)
    timer = setTimeout(watch, lookSoon)
    events.connected()
  }

  function show(): void {
    if (video.srcObject === current.stream) return
    events.leaving()
    video.srcObject = current.stream
  }

  function onFirstFrame(): void {
    ready = true
    if (current.renditions !== undefined) layers.begin(current.renditions)
    if (attached) show()
    events.ready()
  }

  /**
   * From a frame's last packet to its display, where the browser says when both were (Chromium): more than the counters
   * know of. Its `captureTime` would tell the whole way, but is seconds off while the browser has seen few sender reports.
   */
  function readFrame(): void {
    if (isReading || !video.requestVideoFrameCallback) return
    isReading = true
    video.requestVideoFrameCallback((_, { receiveTime, expectedDisplayTime }) => {
      isReading = false
      waited = receiveTime === undefined ? undefined : Math.max(0, expectedDisplayTime - receiveTime) / 1000
    })
  }

  async function watch(): Promise<void> {
    const looked = current
    const report = await looked.stats()
    if (closed) return
    const now = performance.now()
    const sample = report && looked === current ? sampleOf(report, now) : undefined
    if (sample) {
      if (sample.packets !== (last?.packets ?? 0)) heardAt = now
      if (last) {
        const measured = latencyOf(last, sample)
        if (measured !== undefined) latency = Math.max(measured, (waited ?? 0) + (sample.roundTrip ?? 0) / 2)
        frozen += sample.frozen - last.frozen
        if (frozen > trouble) {
          frozen = 0
          events.trouble()
        }
      }
      if (!ready && sample.frames > 0) onFirstFrame()
      last = sample
      if (attached && ready) readFrame()
      if (ready) layers.tick()
      events.measured()
    }
    if (ready && now - heardAt > silence && now - mendedAt > mendPause) mend()
    clearTimeout(timer)
    if (!closed) timer = setTimeout(watch, ready ? look : lookSoon)
  }

  function close(): void {
    if (closed) return
    closed = true
    clearTimeout(timer)
    clearTimeout(mendTimer)
    current.close()
    next?.close()
    if (attached) video.srcObject = null
  }

  return {
    get latency() {
      return latency
    },
    get height() {
      return last?.height
    },
    get qualities() {
      return layers.qualities
    },
    get encodedAgain() {
      return layers.reason
    },
    get soundMissing() {
      return current.soundMissing
    },
    get skew() {
      return current.skew ?? 0
    },
    get silent() {
      return performance.now() - heardAt > silence
    },
    renew() {
      if (next || closed || !ready || current.hasSound || current.soundMissing !== undefined) return
      isSpare = true
      follow()
    },
    attach() {
      attached = true
      if (current.connected) show()
    },
    close,
  }
}
