import type { Page } from 'playwright-core'

/** An encoder by WHIP in a page: a bare `RTCPeerConnection` with the browser's own encoders, nothing of ours. */
export interface WhipPublish {
  readonly key: string
  readonly audio?: boolean
  readonly video?: boolean
  /** Draws the wall clock as blocks, as `clock-picture.ts` does, in place of the fake camera. */
  readonly clock?: boolean
  /**
   * In place of the fake camera and the steady tone: each so many seconds the picture turns white and a tone is heard for 0.1 s. What the
   * browser makes of the same moment differs by up to a picture and some ms of sound; it does not add up.
   */
  readonly flashes?: number
  readonly width?: number
  readonly height?: number
  readonly frameRate?: number
  /** Bits a second. */
  readonly bitrate?: number
  /** Smaller sizes, as divisors of the picture: a section each. */
  readonly sizes?: readonly number[]
  /** Divisors of the picture, by restriction id. */
  readonly rids?: Readonly<Record<string, number>>
  /** MIME type, `video/H264` for example; only this is offered. */
  readonly codec?: string
  /** The server is reached at this port instead of its own. */
  readonly port?: number
}

export interface WhipOutcome {
  readonly status: number
  readonly location: string | null
  readonly etag: string | null
  /** `code` of a problem. */
  readonly code?: string
  readonly answer?: string
}

export interface WhipFigures {
  readonly state: string
  readonly framesSent: number
  readonly framesEncoded: number
  readonly keyFrames: number
  readonly width: number
  readonly bytes: number
  readonly soundBytes: number
  readonly nacks: number
  readonly plis: number
  readonly resent: number
  readonly target: number
  readonly limit: string
  /** Seconds: by the steady clock, of sound that the page has made, and of sound that has been sent. What grows apart is the browser's. */
  readonly sound: { readonly passed: number; readonly made: number; readonly sent: number }
}

const script = `
globalThis.whipPublish = async (url, options) => {
  const pc = new RTCPeerConnection()
  const { width = 1280, height = 720, frameRate = 30 } = options
  const stop = []
  const tracks = []
  let made = () => 0
  let beep = () => {}
  if (options.video !== false) {
    if (options.clock || options.flashes) {
      const canvas = document.createElement('canvas')
      Object.assign(canvas, { width, height })
      const context = canvas.getContext('2d')
      const block = width / 40
      let n = 0
      let wasWhite = true
      const drawFlash = () => {
        const white = Date.now() % (options.flashes * 1000) < 100
        context.fillStyle = white ? '#fff' : '#000'
        context.fillRect(0, 0, width, height)
        context.fillStyle = '#777'
        // What does not change is not captured.
        context.fillRect((n++ * 8) % width, 9 * block, block, block)
        if (white && !wasWhite) beep()
        wasWhite = white
      }
      const drawClock = () => {
        const now = Date.now() % 2 ** 32
        context.fillStyle = '#345'
        context.fillRect(0, 0, width, height)
        for (let bit = 0; bit < 32; bit++) {
          context.fillStyle = Math.floor(now / 2 ** bit) % 2 === 1 ? '#eee' : '#111'
          context.fillRect(bit * block, 0, block, block)
        }
        context.fillStyle = 'hsl(' + (n * 5) % 360 + ' 80% 50%)'
        context.fillRect((n++ * 8) % (width - 4 * block), 9 * block, 4 * block, 4 * block)
      }
      const draw = options.flashes ? drawFlash : drawClock
      const timer = setInterval(draw, 1000 / frameRate)
      draw()
      stop.push(() => clearInterval(timer))
      const [track] = canvas.captureStream(frameRate).getVideoTracks()
      tracks.push(track)
    } else {
      const stream = await navigator.mediaDevices.getUserMedia({ video: { width, height, frameRate } })
      tracks.push(stream.getVideoTracks()[0])
    }
    const [track] = tracks
    const encodings = options.rids
      ? Object.entries(options.rids).map(([rid, scaleResolutionDownBy]) => ({ rid, scaleResolutionDownBy }))
      : [{ ...(options.bitrate && { maxBitrate: options.bitrate }) }]
    const sections = [pc.addTransceiver(track, { direction: 'sendonly', sendEncodings: encodings })]
    for (const size of options.sizes ?? []) {
      const clone = track.clone()
      tracks.push(clone)
      sections.push(pc.addTransceiver(clone, { direction: 'sendonly', sendEncodings: [{ scaleResolutionDownBy: size }] }))
    }
    if (options.codec) for (const one of sections) {
      one.setCodecPreferences(RTCRtpSender.getCapabilities('video').codecs.filter(({ mimeType }) => mimeType === options.codec))
    }
  }
  if (options.audio !== false) {
    const context = new AudioContext()
    const tone = context.createOscillator()
    tone.frequency.value = options.flashes ? 1000 : 440
    const out = context.createMediaStreamDestination()
    const volume = context.createGain()
    tone.connect(volume).connect(out)
    if (options.flashes) {
      volume.gain.value = 0
      beep = () => {
        volume.gain.setValueAtTime(0.8, context.currentTime)
        volume.gain.setValueAtTime(0, context.currentTime + 0.1)
      }
    }
    tone.start()
    await context.resume()
    made = () => context.currentTime
    stop.push(() => context.close())
    const [track] = out.stream.getAudioTracks()
    tracks.push(track)
    pc.addTransceiver(track, { direction: 'sendonly' })
  }
  await pc.setLocalDescription(await pc.createOffer())
  const answer = await fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/sdp', Authorization: 'Bearer ' + options.key }, body: pc.localDescription.sdp })
  let text = await answer.text()
  if (options.port) text = text.replace(/(UDP \\d+ \\S+) \\d+ typ host/g, '$1 ' + options.port + ' typ host')
  const end = () => { for (const one of stop) one(); for (const track of tracks) track.stop(); pc.close() }
  ;(globalThis.publishers ??= []).push({ pc, tracks, end, made })
  if (answer.status === 201) await pc.setRemoteDescription({ type: 'answer', sdp: text })
  const location = answer.headers.get('Location')
  return {
    status: answer.status, location: location && new URL(location, url).href, etag: answer.headers.get('ETag'),
    ...(answer.status === 201 ? { answer: text } : { code: JSON.parse(text).code }),
  }
}
globalThis.whipFigures = async (index) => {
  const { pc, made } = globalThis.publishers.at(index)
  const reports = [...(await pc.getStats()).values()]
  const all = (kind) => reports.filter((r) => r.type === 'outbound-rtp' && r.kind === kind)
  const video = all('video').sort((a, b) => (b.frameWidth ?? 0) - (a.frameWidth ?? 0))
  const [v = {}] = video
  const [a = {}] = all('audio')
  const sum = (name) => video.reduce((total, r) => total + (r[name] ?? 0), 0)
  return {
    state: pc.connectionState, framesSent: v.framesSent ?? 0, framesEncoded: v.framesEncoded ?? 0, keyFrames: v.keyFramesEncoded ?? 0,
    width: v.frameWidth ?? 0, bytes: sum('bytesSent'), soundBytes: a.bytesSent ?? 0, nacks: sum('nackCount'), plis: sum('pliCount'),
    resent: sum('retransmittedPacketsSent'), target: v.targetBitrate ?? 0, limit: v.qualityLimitationReason ?? '',
    // A packet has 20 ms.
    sound: { passed: performance.now() / 1000, made: made(), sent: (a.packetsSent ?? 0) / 50 },
  }
}
globalThis.whipEnd = (index) => globalThis.publishers.at(index).end()
`

/** Publishes; the page may be any whose policy allows it and that may have a camera. */
export async function whipPublish(page: Page, url: string, options: WhipPublish): Promise<WhipOutcome> {
  await page.evaluate(script)
  return page.evaluate<WhipOutcome>(`whipPublish(${JSON.stringify(url)}, ${JSON.stringify(options)})`)
}

/** @param index of the publisher in its page; the newest otherwise. */
export function whipFigures(page: Page, index = -1): Promise<WhipFigures> {
  return page.evaluate<WhipFigures>(`whipFigures(${index})`)
}

/** Closes the connection without a word to the server. */
export function whipEnd(page: Page, index = -1): Promise<void> {
  return page.evaluate(`whipEnd(${index})`)
}

/** Devices that are not there, and no question whether they may be used. */
export const fakeDevices = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream']
