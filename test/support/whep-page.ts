import type { Page } from 'playwright-core'
import { pictureAge } from './clock-picture.ts'

/** A viewer by WHEP in a page: a bare `RTCPeerConnection`, nothing of ours. */
export interface WhepOutcome {
  readonly status: number
  readonly location: string | null
  /** `code` of a problem. */
  readonly code?: string
  readonly sound: string | null
  readonly rendition: string | null
}

export interface WhepFigures {
  readonly state: string
  /** Pictures shown, as the page was told of them, and different looks among them. */
  readonly shown: number
  readonly looks: number
  /** ms from the call to the first picture. */
  readonly first: number | undefined
  readonly framesDecoded: number
  /** Lines of the newest picture. */
  readonly height: number
  readonly freezeSeconds: number
  readonly nacks: number
  /** For good. */
  readonly lost: number
  /** Came again as a stream of their own. */
  readonly retransmitted: number
  readonly keyFrames: number
  readonly bytes: number
  /** ms of the newest pictures that were read, where it is the clock picture. */
  readonly ages: readonly number[]
  readonly loudest: number
  readonly soundBytes: number
  /** ms by which the newest picture is behind its capture, as the browser reckons from sender reports. */
  readonly captureAge: number | undefined
}

const script = `
globalThis.whepJoin = async (url, options) => {
  const seen = { shown: 0, looks: new Set(), first: undefined, ages: [], loudest: 0, captureAge: undefined }
  const begun = performance.now()
  const pc = new RTCPeerConnection({ iceServers: options.iceServers ?? [], iceTransportPolicy: options.relay ? 'relay' : 'all' })
  pc.addTransceiver('video', { direction: 'recvonly' })
  if (options.audio) pc.addTransceiver('audio', { direction: 'recvonly' })
  const video = document.createElement('video')
  Object.assign(video, { autoplay: true, muted: true, playsInline: true })
  document.body.append(video)
  const stream = new MediaStream()
  if (!options.bare) pc.ontrack = async ({ track }) => {
    stream.addTrack(track)
    video.srcObject = stream
    if (track.kind !== 'audio') return
    const context = (seen.context = new AudioContext())
    const analyser = context.createAnalyser()
    context.createMediaStreamSource(new MediaStream([track])).connect(analyser)
    await context.resume()
    const wave = new Float32Array(analyser.fftSize)
    seen.meter = setInterval(() => {
      analyser.getFloatTimeDomainData(wave)
      for (const v of wave) seen.loudest = Math.max(seen.loudest, Math.abs(v))
    }, 100)
  }
  const canvas = document.createElement('canvas')
  canvas.width = 16; canvas.height = 9
  const context = canvas.getContext('2d', { willReadFrequently: true })
  const age = ${pictureAge}
  const onFrame = (at, meta) => {
    seen.first ??= at - begun
    seen.shown++
    if (meta.captureTime !== undefined) seen.captureAge = at - meta.captureTime
    if (options.looks !== false && seen.shown % 5 === 0) {
      context.drawImage(video, 0, 0, 16, 9)
      seen.looks.add(context.getImageData(0, 0, 16, 9).data.join())
    }
    if (options.ages) { const a = age(video); if (a !== undefined) seen.ages.push(a) }
    video.requestVideoFrameCallback(onFrame)
  }
  video.requestVideoFrameCallback(onFrame)
  await pc.setLocalDescription(await pc.createOffer())
  if (options.relay) await new Promise((done) => {
    if (pc.iceGatheringState === 'complete') done()
    pc.addEventListener('icegatheringstatechange', () => pc.iceGatheringState === 'complete' && done())
  })
  const answer = await fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/sdp' }, body: pc.localDescription.sdp })
  const location = answer.headers.get('Location')
  let text = await answer.text()
  if (options.port) text = text.replace(/(UDP \\d+ \\S+) \\d+ typ host/g, '$1 ' + options.port + ' typ host')
  const viewer = { pc, video, seen, location, text, offer: pc.localDescription.sdp }
  ;(globalThis.viewers ??= []).push(viewer)
  if (answer.status === 201) await pc.setRemoteDescription({ type: 'answer', sdp: text })
  return {
    status: answer.status, location: location && new URL(location, url).href, sound: answer.headers.get('Bandstand-Sound'),
    rendition: answer.headers.get('Bandstand-Rendition'),
    code: answer.status === 201 ? undefined : JSON.parse(text).code,
  }
}
globalThis.whepFigures = async (index) => {
  const { pc, seen } = globalThis.viewers.at(index)
  const reports = [...(await pc.getStats()).values()]
  const of = (kind) => reports.find((r) => r.type === 'inbound-rtp' && r.kind === kind) ?? {}
  const v = of('video')
  return {
    state: pc.connectionState, shown: seen.shown, looks: seen.looks.size, first: seen.first, ages: seen.ages, loudest: seen.loudest,
    captureAge: seen.captureAge, framesDecoded: v.framesDecoded ?? 0, height: v.frameHeight ?? 0, freezeSeconds: v.totalFreezesDuration ?? 0,
    nacks: v.nackCount ?? 0, retransmitted: v.retransmittedPacketsReceived ?? 0,
    // What came again as a stream of its own stays among those that were lost.
    lost: Math.max(0, (v.packetsLost ?? 0) - (v.retransmittedPacketsReceived ?? 0)), keyFrames: v.keyFramesDecoded ?? 0, bytes: v.bytesReceived ?? 0,
    soundBytes: of('audio').bytesReceived ?? 0,
  }
}
globalThis.whepLeave = (index) => end(globalThis.viewers.at(index))
const end = ({ pc, video, seen }) => {
  clearInterval(seen.meter)
  seen.context?.close()
  pc.close()
  video.remove()
}
globalThis.whepCrowd = async (url, options, count) => {
  const joined = await Promise.all(Array.from({ length: count }, () => whepJoin(url, options)))
  const [hasty, ...all] = globalThis.viewers.splice(-count)
  end(hasty)
  await fetch(new URL(hasty.location, url), { method: 'DELETE' })
  const isConnected = ({ pc }) => pc.connectionState === 'connected'
  for (const until = performance.now() + 30_000; !all.every(isConnected) && performance.now() < until;)
    await new Promise((done) => setTimeout(done, 20))
  const connected = all.filter(isConnected).length
  for (const viewer of all) end(viewer)
  return { answered: joined.filter(({ status }) => status === 201).length, connected }
}`

export interface WhepJoin {
  readonly audio?: boolean
  /** Reads the clock picture's age from every picture. */
  readonly ages?: boolean
  /** Looks at every fifth picture. Default true. */
  readonly looks?: boolean
  /** Nothing is done with what comes. */
  readonly bare?: boolean
  /** Only through the TURN servers. */
  readonly relay?: boolean
  /** The server is reached at this port instead of its own. */
  readonly port?: number
  readonly iceServers?: readonly object[]
}

/** Joins; the page may be any whose policy allows it. */
export async function whepJoin(page: Page, url: string, options: WhepJoin = {}): Promise<WhepOutcome> {
  await page.evaluate(script)
  return page.evaluate<WhepOutcome>(`whepJoin(${JSON.stringify(url)}, ${JSON.stringify(options)})`)
}

/** @param index of the viewer in its page; the newest otherwise. */
export function whepFigures(page: Page, index = -1): Promise<WhepFigures> {
  return page.evaluate<WhepFigures>(`whepFigures(${index})`)
}

/** Closes the connection without a word to the server. */
export function whepLeave(page: Page, index = -1): Promise<void> {
  return page.evaluate(`whepLeave(${index})`)
}

/**
 * So many viewers come at once and leave again: one without waiting for its connection, by DELETE, the others when all of them are
 * connected, without a word.
 */
export async function whepCrowd(page: Page, url: string, count: number, options: WhepJoin = {}) {
  await page.evaluate(script)
  const call = `whepCrowd(${JSON.stringify(url)}, ${JSON.stringify(options)}, ${count})`
  return page.evaluate<{ readonly answered: number; readonly connected: number }>(call)
}
