/**
 * One WHIP session: offer, answer, media, farewell (RFC 9725). As in `player/whep/connection.ts` the offer is sent before it is set as the
 * local description, so that candidates are gathered with the servers of the answer, and nobody waits for them.
 */

import { sentence } from '../../channel/sentence.ts'
import { readText } from '../../player/whep/body.ts'
import { iceServersOf } from '../../player/whep/link.ts'
import { withStartRate } from './sdp.ts'
import { FRAME_RATE, type Layer } from './sizes.ts'
import type { Refusal } from './words.ts'

export interface WhipTracks {
  readonly video: MediaStreamTrack | undefined
  readonly audio: MediaStreamTrack | undefined
}

export interface WhipOptions {
  /** Of the channel's endpoint. */
  readonly url: string
  /** A secret: it goes into a header, and nowhere else. */
  readonly key: string
  readonly tracks: WhipTracks
  readonly layers: readonly Layer[]
}

export interface WhipEvents {
  connected(): void
  /** It came to nothing, or has ended. Said once; `close` is still to be called. */
  failed(refusal: Refusal): void
}

/** What of the browser is used. */
export interface WhipBrowser {
  fetch(url: string, init: RequestInit): Promise<Response>
  createPeer(): RTCPeerConnection
}

export const thisBrowser: WhipBrowser = {
  fetch: (url, init) => fetch(url, init),
  createPeer: () => new RTCPeerConnection({ bundlePolicy: 'max-bundle' }),
}

export interface WhipSession {
  /** Other pictures or another sound, without a break. Nothing happens for a kind that it began without. */
  replace(tracks: WhipTracks): Promise<void>
  stats(): Promise<RTCStatsReport | undefined>
  /** Ends it here and on the server. */
  close(): void
}

/** An offer without an answer is given up after so long, and a connection that is not there by then; milliseconds. */
const ANSWER_LIMIT = 12_000
/** A connection that is only disconnected may mend itself; milliseconds. */
const MEND_LIMIT = 4_000

const UNREACHABLE: Refusal = { code: 'unreachable', text: 'The server cannot be reached just now.' }
const LOST: Refusal = { code: 'lost', text: 'The connection to the server was lost.' }

/** Publishes at once. */
export function openWhip(
  { url, key, tracks, layers }: WhipOptions,
  events: WhipEvents,
  browser = thisBrowser,
): WhipSession {
  const peer = browser.createPeer()
  const giveUp = new AbortController()
  const videoSenders: RTCRtpSender[] = []
  let audioSender: RTCRtpSender | undefined
  let session: string | undefined
  let isClosed = false
  let hasFailed = false
  let isConnected = false
  let timer: ReturnType<typeof setTimeout> | undefined

  function fail(refusal: Refusal): void {
    if (isClosed || hasFailed) return
    hasFailed = true
    clearTimeout(timer)
    events.failed(refusal)
  }

  /** What the server says of the end, where it can be asked. */
  async function lost(): Promise<void> {
    fail((session && (await whyOver(session, browser))) || LOST)
  }

  peer.addEventListener('connectionstatechange', () => {
    if (isClosed) return
    const { connectionState: state } = peer
    clearTimeout(timer)
    if (state === 'connected') {
      if (!isConnected) events.connected()
      isConnected = true
    } else if (state === 'failed' || state === 'closed') void lost()
    else timer = setTimeout(() => void lost(), isConnected ? MEND_LIMIT : ANSWER_LIMIT)
  })

  async function begin(): Promise<void> {
    if (tracks.video) {
      for (const { divisor, bitrate } of layers) {
        const encoding = { maxBitrate: bitrate, maxFramerate: FRAME_RATE, scaleResolutionDownBy: divisor }
        videoSenders.push(
          peer.addTransceiver(tracks.video, { direction: 'sendonly', sendEncodings: [encoding] }).sender,
        )
      }
    }
    if (tracks.audio) audioSender = peer.addTransceiver(tracks.audio, { direction: 'sendonly' }).sender
    const { sdp = '' } = await peer.createOffer()
    if (isClosed) return
    timer = setTimeout(() => giveUp.abort(), ANSWER_LIMIT)
    const response = await browser.fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/sdp', authorization: `Bearer ${key}` },
      body: sdp,
      cache: 'no-store',
      signal: giveUp.signal,
    })
    const location = response.headers.get('location')
    if (response.ok && location) session = new URL(location, response.url || url).href
    // Who has stopped meanwhile still owes the server a farewell.
    if (isClosed) return leave()
    if (response.status !== 201) return fail(await refusalOf(response))
    const answer = await readText(response)
    if (isClosed) return
    if (answer === undefined)
      return fail({ code: 'bad-answer', text: 'The server answered something that is no answer.' })
    const iceServers = iceServersOf(response.headers.get('link'))
    if (iceServers.length > 0) peer.setConfiguration({ ...peer.getConfiguration(), iceServers })
    await peer.setLocalDescription({ type: 'offer', sdp })
    const rate = layers.reduce((sum, { bitrate }) => sum + bitrate, 0)
    await peer.setRemoteDescription({ type: 'answer', sdp: withStartRate(answer, rate / 2) })
    await Promise.all(videoSenders.map(keepSize))
  }

  function leave(): void {
    const address = session
    session = undefined
    // `keepalive`: it is sent although the page goes away.
    if (address) void browser.fetch(address, { method: 'DELETE', keepalive: true }).catch(() => undefined)
  }

  begin().catch(() => fail(UNREACHABLE))

  return {
    async replace({ video, audio }) {
      await Promise.all([
        ...videoSenders.map((sender) => sender.replaceTrack(video ?? null)),
        ...(audioSender ? [audioSender.replaceTrack(audio ?? null)] : []),
      ])
    },
    stats: async () => (isClosed ? undefined : peer.getStats().catch(() => undefined)),
    close() {
      if (isClosed) return
      isClosed = true
      clearTimeout(timer)
      leave()
      peer.close()
    },
  }
}

/** A picture that changes its size is a new beginning for every player: rather fewer pictures a second. */
async function keepSize(sender: RTCRtpSender): Promise<void> {
  const parameters = sender.getParameters()
  parameters.degradationPreference = 'maintain-resolution'
  // Some browsers do not know it.
  await sender.setParameters(parameters).catch(() => undefined)
}

async function whyOver(session: string, browser: WhipBrowser): Promise<Refusal | undefined> {
  try {
    const response = await browser.fetch(`${session}/status`, { cache: 'no-store' })
    if (!response.ok) return undefined
    const found = (await response.json()) as { over?: boolean; code?: string | null; reason?: string | null }
    if (found.over !== true || typeof found.code !== 'string') return undefined
    return { code: found.code, text: sentence(found.reason ?? '') }
  } catch {
    return undefined
  }
}

async function refusalOf(response: Response): Promise<Refusal> {
  const problem = (await response.json().catch(() => ({}))) as { code?: unknown; detail?: unknown }
  const code = typeof problem.code === 'string' ? problem.code : 'unavailable'
  const detail = typeof problem.detail === 'string' ? problem.detail : `The server refused (${response.status}).`
  return { code, text: sentence(detail) }
}
