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
  /** The broadcast has other tracks than before: what does not come along yet is asked for. What plays goes on. */
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
  /** Asks the server whether the channel is live. Never rejects. */
  isLive(): Promise<boolean>
  /** The broadcast has ended, and this with it. */
  over(): void
}

/** Between two looks at the counters, until the first frame and after it; milliseconds. */
const lookSoon = 100
const look = 500
/** A look that comes so late has slept with the machine; milliseconds. */
const lateLook = 2000
/** So much standing still is a trouble; seconds. */
const trouble = 1
/** No media for this long is silence: the encoder is away, or the line; milliseconds. */
const silence = 1500
/**
 * Nothing at all for this long, and it is the line: offered anew. The server reports each second also while it has no media to
 * send (RFC 3550 §6.4.1), and one report may be lost; milliseconds.
 */
const deafness = 2500
/** Whether there is anything to offer for is asked for so long; milliseconds. */
const askLimit = 1000
/** Between two such offers; milliseconds. */
const mendPause = 10_000
/** Media missing for so long, on a line that carries, is asked for anew: seldom, for everybody misses what the encoder does not send; milliseconds. */
const standstill = 15_000
/** Those who miss the same do not ask all at once. */
const patienceFor = () => standstill * (1 + Math.random())

/** @param url of the channel's WHEP endpoint, with a query. */
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
  /** Why it is to follow. Where it does not bring the tracks or the media that are missing, what there is goes on. */
  let lack: 'line' | 'tracks' | 'media' = 'line'
  let mendTimer: ReturnType<typeof setTimeout> | undefined
  /** Runs while the server is asked whether there is anything to offer for. */
  let askTimer: ReturnType<typeof setTimeout> | undefined
  let mendedAt = Number.NEGATIVE_INFINITY
  let attached = false
  let ready = false
  let closed = false
  let last: Sample | undefined
  /** By the clock that goes on while the machine sleeps. */
  let lookedAt = Date.now()
  let heardAt = performance.now()
  /** When anything came, reports too. */
  let carriedAt = heardAt
  let patience = patienceFor()
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

  /** @param begin name of the rendition to begin with; without one, or where that does not run, it is the best. */
  function open(begin?: string): WhepConnection {
    const about = begin === undefined ? '' : `&begin=${encodeURIComponent(begin)}`
    const connection: WhepConnection = openSession(url + about, {
      connected() {
        if (connection === next) return lack === 'tracks' && !bringsMore(connection) ? dropNext() : take(connection)
        if (connection !== current) return
        if (attached) show()
        events.connected()
      },
      failed(failure) {
        if (connection === next) comeToNothing(failure)
        else if (connection !== current) return
        else if (ready) follow('line')
        else fail(failure)
      },
    })
    return connection
  }

  /** A broadcast may begin with its microphone, and its camera come later. */
  function bringsMore({ hasPicture, hasSound }: WhepConnection): boolean {
    return (hasPicture && !current.hasPicture) || (hasSound && !current.hasSound)
  }

  function fail(failure: Failure): void {
    if (closed) return
    if (attached && ready) events.leaving()
    close()
    events.failed(failure)
  }

  /**
   * Offers anew; what plays goes on for as long as it can. Not for a broadcast that has ended: the answer would be 404, a red line in
   * the console. A goodbye and the channel's news of it come by different ways, and neither is waited for where a machine has slept.
   */
  function follow(missing: typeof lack): void {
    const isUnderWay = next !== undefined || askTimer !== undefined
    // One that is under way serves a line that has broken meanwhile as well.
    if (!isUnderWay || missing === 'line') lack = missing
    if (isUnderWay || closed) return
    mendedAt = performance.now()
    const mine = setTimeout(offerAnew, askLimit)
    askTimer = mine
    void events.isLive().then((isLive) => {
      if (askTimer !== mine) return
      if (isLive) offerAnew()
      else if (lack === 'line') end()
      else stopAsking()
    })
  }

  function stopAsking(): void {
    clearTimeout(askTimer)
    askTimer = undefined
  }

  function offerAnew(): void {
    stopAsking()
    // It is what the line carried.
    next = open(layers.lesser)
    mendTimer = setTimeout(() => comeToNothing({ code: 'lost' }), CONNECT_LIMIT)
  }

  function end(): void {
    close()
    events.over()
  }

  function comeToNothing(failure: Failure): void {
    if (lack === 'line') fail(failure)
    else dropNext()
  }

  function dropNext(): void {
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
    const isLate = Date.now() - lookedAt > lateLook
    lookedAt = Date.now()
    const sample = report && looked === current ? sampleOf(report, now, looked.hasPicture) : undefined
    if (sample) {
      const carries = sample.received !== last?.received
      if (carries) carriedAt = now
      if (sample.packets !== (last?.packets ?? 0)) {
        heardAt = now
        carriedAt = now
        patience = patienceFor()
      }
      if (last) {
        const measured = latencyOf(last, sample)
        if (measured !== undefined) latency = Math.max(measured, (waited ?? 0) + (sample.roundTrip ?? 0) / 2)
        frozen += sample.frozen - last.frozen
        if (frozen > trouble) {
          frozen = 0
          events.trouble()
        }
      }
      if (!ready && (looked.hasPicture ? sample.frames : sample.packets) > 0) onFirstFrame()
      last = sample
      if (attached && ready) readFrame()
      // A session that has ended knows none: 404.
      if (ready && carries && !isLate && !next && askTimer === undefined) layers.tick()
      events.measured()
    }
    if (ready && now - mendedAt > mendPause) {
      if (now - carriedAt > deafness) follow('line')
      else if (now - heardAt > patience) follow('media')
    }
    clearTimeout(timer)
    if (!closed) timer = setTimeout(watch, ready ? look : lookSoon)
  }

  function close(): void {
    if (closed) return
    closed = true
    clearTimeout(timer)
    clearTimeout(mendTimer)
    stopAsking()
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
      const { hasPicture, hasSound, soundMissing } = current
      if (next || closed || !ready || (hasPicture && (hasSound || soundMissing !== undefined))) return
      follow('tracks')
    },
    attach() {
      attached = true
      if (current.connected) show()
    },
    close,
  }
}
