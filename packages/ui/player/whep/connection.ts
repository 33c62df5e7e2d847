/**
 * One WHEP session: offer, answer, media, farewell (draft-ietf-wish-whep; what WHIP and WHEP share is RFC 9725).
 *
 * The offer is sent before it is set as the local description: gathering of candidates begins only then, with the STUN and
 * TURN servers of the answer. The server learns the viewer's address from the first packet, so that nobody waits for
 * candidates and no PATCH is needed; a connection that is lost is offered anew.
 */
import type { Failure } from '../choice/choice.ts'
import { readText } from './body.ts'
import { failureOf, networkFailure } from './failure.ts'
import { iceServersOf } from './link.ts'
import { withStereo } from './sdp.ts'

export interface WhepConnection {
  /** What arrives; empty until the server has answered. */
  readonly stream: MediaStream
  readonly connected: boolean
  /** Pictures come along. */
  readonly hasPicture: boolean
  /** Sound comes along. */
  readonly hasSound: boolean
  /** Address of the session, where the server says which rendition it begins with: more of them may be to be had there. */
  readonly renditions: string | undefined
  /** Why the broadcast's sound does not come along, where the server says that it does not. */
  readonly soundMissing: string | undefined
  /** The server's clock less this machine's, milliseconds; `undefined` where the server does not say. Exact to a second. */
  readonly skew: number | undefined
  stats(): Promise<RTCStatsReport | undefined>
  /** Ends it here and, where it is not over there, on the server. */
  close(): void
}

export interface WhepEvents {
  connected(): void
  /** It came to nothing, or has ended. Said once; `close` is still to be called. */
  failed(failure: Failure): void
}

/** What of the browser is used. */
export interface WhepBrowser {
  fetch(url: string, init: RequestInit): Promise<Response>
  createPeer(): RTCPeerConnection
  createStream(): MediaStream
  /** Where `pagehide` is heard. */
  readonly page: EventTarget
}

export const thisBrowser: WhepBrowser = {
  fetch: (url, init) => fetch(url, init),
  createPeer: () => new RTCPeerConnection({ bundlePolicy: 'max-bundle' }),
  createStream: () => new MediaStream(),
  page: globalThis,
}

/**
 * An offer without an answer is given up after so long: over HTTP/1.1 a browser has six connections to a server, which the playlists
 * need as well; milliseconds.
 */
export const ANSWER_LIMIT = 10_000
/** After leaving, an answer on its way is waited for so long: it names what the farewell goes to; milliseconds. */
export const FAREWELL_LIMIT = 3000

/** Opens a session at once. @param url of the channel's WHEP endpoint */
export function openWhep(url: string, events: WhepEvents, browser: WhepBrowser = thisBrowser): WhepConnection {
  const peer = browser.createPeer()
  const stream = browser.createStream()
  let session: string | undefined
  let connected = false
  let renditions: string | undefined
  let soundMissing: string | undefined
  let skew: number | undefined
  let closed = false
  let failed = false
  const giveUp = new AbortController()
  /** The offer waits for its answer. */
  let asking = false
  let limit: ReturnType<typeof setTimeout> | undefined

  function giveUpIn(ms: number): void {
    clearTimeout(limit)
    asking = true
    limit = setTimeout(() => giveUp.abort(), ms)
  }

  function fail(failure: Failure): void {
    if (closed || failed) return
    failed = true
    events.failed(failure)
  }

  peer.addEventListener('track', ({ track }) => stream.addTrack(track))
  peer.addEventListener('connectionstatechange', () => {
    const state = peer.connectionState
    if (state === 'connected' && !connected && !closed) {
      connected = true
      events.connected()
    }
    // A connection that is only disconnected may mend itself in some seconds; a new offer is there sooner.
    if (state === 'failed' || state === 'closed' || (state === 'disconnected' && connected)) fail({ code: 'lost' })
  })

  async function begin(): Promise<void> {
    peer.addTransceiver('video', { direction: 'recvonly' })
    peer.addTransceiver('audio', { direction: 'recvonly' })
    const offer = withStereo((await peer.createOffer()).sdp ?? '')
    if (closed) return
    giveUpIn(ANSWER_LIMIT)
    await ask(offer).finally(() => {
      clearTimeout(limit)
      asking = false
    })
  }

  async function ask(offer: string): Promise<void> {
    const response = await browser.fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/sdp', accept: 'application/sdp, application/problem+json' },
      body: offer,
      cache: 'no-store',
      signal: giveUp.signal,
    })
    const location = response.headers.get('location')
    if (response.ok && location) session = new URL(location, response.url || url).href
    // Who has left meanwhile still owes the server a farewell.
    if (closed) return leave()
    if (response.status !== 201) return fail(await failureOf(response))
    const date = Date.parse(response.headers.get('date') ?? '')
    // The field names the second that has begun: on average half of it is over.
    if (Number.isFinite(date)) skew = date + 500 - Date.now()
    const answer = await readText(response)
    if (closed) return
    if (answer === undefined) return fail({ code: 'not-understood', lasting: true })
    if (response.headers.has('bandstand-rendition')) renditions = session
    soundMissing = /^none;\s*(.*)$/.exec(response.headers.get('bandstand-sound') ?? '')?.[1]
    const iceServers = iceServersOf(response.headers.get('link'))
    if (iceServers.length > 0) peer.setConfiguration({ ...peer.getConfiguration(), iceServers })
    await peer.setLocalDescription({ type: 'offer', sdp: offer })
    await peer.setRemoteDescription({ type: 'answer', sdp: answer })
  }

  /** No session is left on the server: asking for its end would be answered with 404, a red line in the console. */
  function isOver(): boolean {
    // `connectionState` does not tell of the other side's goodbye (W3C webrtc-pc §5.5.1): only DTLS does.
    const saidGoodbye = peer.getReceivers().some(({ transport }) => transport?.state === 'closed')
    // One that never came up is waited for by the server.
    return saidGoodbye || (connected && peer.connectionState === 'failed')
  }

  /** To be called before a connection is closed: afterwards nobody knows who has ended it. */
  function leave(): void {
    const url = session
    session = undefined
    // `keepalive`: it is sent although the page goes away.
    if (url && !isOver()) void browser.fetch(url, { method: 'DELETE', keepalive: true }).catch(() => undefined)
  }

  function close(): void {
    if (closed) return
    closed = true
    browser.page.removeEventListener('pagehide', onHide)
    if (asking) giveUpIn(FAREWELL_LIMIT)
    leave()
    peer.close()
  }

  // The page may come back from the browser's memory: then the connection is found lost and offered anew.
  const onHide = () => {
    leave()
    peer.close()
    fail({ code: 'lost' })
  }
  browser.page.addEventListener('pagehide', onHide)

  begin().catch((error: unknown) => fail(networkFailure(error)))

  return {
    stream,
    get connected() {
      return connected
    },
    get hasPicture() {
      return stream.getVideoTracks().length > 0
    },
    get hasSound() {
      return stream.getAudioTracks().length > 0
    },
    get renditions() {
      return renditions
    },
    get soundMissing() {
      return soundMissing
    },
    get skew() {
      return skew
    },
    stats: async () => (closed ? undefined : peer.getStats().catch(() => undefined)),
    close,
  }
}
