import { randomBytes } from 'node:crypto'
import { MediaError } from '@bandstand/media/error.ts'
import { EngineError } from '../../error.ts'
import type { Log, Publisher, PublishPort, PublishRefusal } from '../../ports.ts'
import { createRefusalLog } from '../../remote/refusals.ts'
import { createWaking } from '../../waking.ts'
import { publishAnswer } from '../../webrtc/answer.ts'
import { createPlaces } from '../../webrtc/places.ts'
import type { FromRunning, WebRtcProcess } from '../../webrtc/supervisor.ts'
import { parseIceFragment } from './fragment.ts'
import { WHIP_LIMITS } from './limits.ts'
import { createLineWindow, type LineWindow } from './line.ts'
import type { ReceptionReport } from './messages.ts'
import { readPublishOffer, type TakenOffer, type WhipRefusal } from './offer.ts'
import { createWhipToStream, type WhipToStream } from './to-stream.ts'

export interface WhipIngestOptions {
  /** Where the connections are; whoever made it closes it, after this. */
  readonly process: WebRtcProcess
  readonly publishPort: PublishPort
  /** Addresses that encoders reach this server by, where its own are not theirs (behind NAT); asked for each. */
  readonly publicAddresses: () => readonly string[]
  /** Id of the channel with this slug, or that had it before; `undefined` where there is none. */
  readonly channelIdOf: (slug: string) => string | undefined
  readonly log: Log
  readonly limits: {
    /** Encoders of the whole server, and those of one remote address. */
    readonly sessions: number
    readonly sessionsPerAddress: number
    /** What one may send, bits a second. */
    readonly bitrate: number
  }
  /** Milliseconds of a steady clock. */
  readonly now?: () => number
}

export interface WhipRequest {
  /** Slug in the address. */
  readonly channel: string
  /** Exactly as sent. A secret. */
  readonly key: string
  readonly sdp: string
  /** Remote address. */
  readonly remote: string
  /** What it says it is. */
  readonly encoder?: string
}

export interface WhipAnswer {
  /** Unguessable name: whoever knows it may end it. */
  readonly session: string
  readonly sdp: string
  /** Of the ICE session (RFC 9725 §4.3.1), without quotes. */
  readonly etag: string
}

/** A session as its address names it: below another channel's address it is not to be found. */
export interface WhipSessionAddress {
  /** Slug in the address. */
  readonly channel: string
  readonly session: string
}

/** What is answered to a PATCH (RFC 9725 §4.3). */
export type Patched =
  | 'taken'
  | 'not-found'
  | 'precondition-required'
  | 'precondition-failed'
  | 'restart'
  | { readonly fault: string }

/** How an encoder's stream fares, for itself. */
export type WhipStatus =
  | { readonly isOver: false; readonly report: ReceptionReport | undefined }
  | { readonly isOver: true; readonly why: PublishRefusal | undefined }

export interface WhipFigures {
  readonly sessions: number
  readonly connected: number
}

/** Publishing by WHIP: offers in, answers out; media follow. */
export interface WhipIngest {
  offer(request: WhipRequest): Promise<WhipAnswer | WhipRefusal>
  /** @param ifMatch the field as sent. @param fragment `application/trickle-ice-sdpfrag` */
  patch(address: WhipSessionAddress, ifMatch: string | undefined, fragment: string): Patched
  /** The encoder says goodbye. False when there is no such session, true also for one that ended a short while ago. */
  leave(address: WhipSessionAddress): boolean
  /** `undefined` where there is no such session, nor was a short while ago. */
  status(address: WhipSessionAddress): WhipStatus | undefined
  readonly figures: WhipFigures
  /** Ends all as lost connections would: encoders may return. */
  close(): void
}

/** The channel that a session was made at: the hook may have sent its encoder to another one, and the owner may rename it. */
interface Origin {
  readonly slug: string
  readonly id: string | undefined
}

interface Session {
  readonly id: string
  readonly origin: Origin
  readonly channel: string
  readonly remote: string
  readonly etag: string
  readonly iceUfrag: string
  readonly answer: PromiseWithResolvers<string | WhipRefusal>
  readonly publisher: Publisher
  readonly media: WhipToStream
  report: ReceptionReport | undefined
  readonly line: LineWindow
  isConnected: boolean
}

const BUSY: WhipRefusal = {
  code: 'busy',
  reason: 'Too many encoders are connected by WHIP: stop those that are not needed, and try again.',
  retryAfter: 30,
}
const DOWN: WhipRefusal = {
  code: 'unavailable',
  reason: 'WebRTC is not to be had at the moment; publish by RTMP, or try again.',
  retryAfter: 5,
}
const STOPPED: WhipRefusal = { code: 'unavailable', reason: 'The connection ended before it was answered; try again.' }
const UNANSWERED: WhipRefusal = { code: 'bad-offer', reason: 'This offer could not be answered.' }

/** How often facts are told to the studio, in reports of the process. */
const DESCRIBE_EVERY = 2
const TICK_MS = 250

export function createWhipIngest(options: WhipIngestOptions): WhipIngest {
  const { log, limits, publishPort, now = () => performance.now() } = options
  const refusals = createRefusalLog(log)
  const sessions = new Map<string, Session>()
  /** Those that ended a short while ago, and why. */
  const ended = new Map<string, { readonly origin: Origin; readonly why: PublishRefusal | undefined }>()
  const places = createPlaces(limits)
  /** Sessions that the process still closes: their places are not free yet. */
  const closing = new Map<string, string>()
  let reports = 0

  const process = options.process.join({
    onMessage: hear,
    onDown() {
      for (const session of [...sessions.values()]) {
        places.release(session.remote)
        forget(session, 'disconnected', 'the webrtc process ended', undefined, DOWN)
      }
      for (const remote of closing.values()) places.release(remote)
      closing.clear()
    },
  })
  const wokenAt = createWaking(TICK_MS)
  const ticker = setInterval(() => {
    const wokeAt = wokenAt(now())
    for (const session of [...sessions.values()]) heed(session, session.media.tick(wokeAt))
  }, TICK_MS)
  ticker.unref()

  function hear(message: FromRunning): void {
    switch (message.kind) {
      case 'received': {
        const session = sessions.get(message.session)
        if (session !== undefined) heed(session, session.media.take(message))
        return
      }
      case 'receiving':
        sessions.get(message.session)?.answer.resolve(message.sdp)
        return
      case 'connected': {
        const session = sessions.get(message.session)
        if (session === undefined) return
        session.isConnected = true
        log.info({ channel: session.channel, remote: session.remote }, 'whip: encoder connected')
        return
      }
      case 'unreceivable':
      case 'gone':
        return gone(message)
      case 'receptions':
        reports++
        for (const report of message.sessions) describe(report)
        return
      // Of viewers.
      case 'answer':
      case 'refused':
      case 'report':
      case 'closed':
      case 'unsendable':
    }
  }

  function gone(message: Extract<FromRunning, { kind: 'unreceivable' | 'gone' }>): void {
    const remote = closing.get(message.session)
    if (remote !== undefined && closing.delete(message.session)) places.release(remote)
    const session = sessions.get(message.session)
    if (session === undefined) return
    places.release(session.remote)
    const fault = 'fault' in message ? message.fault : undefined
    const why = fault === undefined ? undefined : ({ code: 'limit', reason: fault } as const)
    if (why !== undefined) tellRefused(session, why)
    forget(session, 'disconnected', message.reason, why, message.kind === 'unreceivable' ? UNANSWERED : STOPPED)
  }

  /** What the studio is told of the line. */
  function describe(report: ReceptionReport): void {
    const session = sessions.get(report.session)
    if (session === undefined) return
    session.report = report
    session.line.add(report)
    if (reports % DESCRIBE_EVERY !== 0) return
    const { dropped, keysAsked } = report
    session.publisher.describe({
      droppedPictures: dropped,
      keyFrameRequests: keysAsked,
      droppedMalformed: report.malformed + session.media.malformed,
    })
  }

  /** What is there by this address: the channel may have been renamed, or deleted, since. */
  function at<T extends { readonly origin: Origin }>(all: ReadonlyMap<string, T>, address: WhipSessionAddress) {
    const found = all.get(address.session)
    if (found === undefined || found.origin.slug === address.channel) return found
    const { id } = found.origin
    return id !== undefined && id === options.channelIdOf(address.channel) ? found : undefined
  }

  /** What an offer names in its address may be a key where there is no such channel. */
  function tellOfferRefused({ remote, channel, key }: WhipRequest, why: WhipRefusal): void {
    const isChannel = options.channelIdOf(channel) !== undefined
    tellRefused({ remote, channel: isChannel ? channel : shortKey(channel) }, why, key)
  }

  function tellRefused(
    { remote, channel }: { readonly remote: string; readonly channel: string },
    why: WhipRefusal,
    key?: string,
  ) {
    const fields = {
      remote,
      channel,
      ...(key !== undefined && { key: shortKey(key) }),
      reason: why.code,
      text: why.reason,
    }
    refusals.refused('warn', fields, 'whip: encoder refused', `${why.code} ${key === undefined ? channel : ''}`)
  }

  function heed(session: Session, complaint: string | undefined): void {
    if (complaint !== undefined) sendAway(session, { code: 'unavailable', reason: complaint })
  }

  /** The server ends it, and says why to whoever asks. */
  function sendAway(session: Session, why: PublishRefusal): void {
    tellRefused(session, why)
    dismiss(session, 'disconnected', why.reason, why)
  }

  function dismiss(session: Session, how: 'unpublished' | 'disconnected', reason: string, why?: PublishRefusal): void {
    if (!sessions.has(session.id)) return
    process.send({ kind: 'dismiss', session: session.id })
    closing.set(session.id, session.remote)
    forget(session, how, reason, why, why ?? STOPPED)
  }

  /** @param refusal what its offer is told that has not been answered yet. */
  function forget(
    session: Session,
    how: 'unpublished' | 'disconnected',
    reason: string,
    why: PublishRefusal | undefined,
    refusal: WhipRefusal,
  ): void {
    if (!sessions.delete(session.id)) return
    process.setBusy(sessions.size > 0)
    ended.set(session.id, { origin: session.origin, why })
    const [oldest] = ended.keys()
    if (oldest !== undefined && ended.size > WHIP_LIMITS.ended) ended.delete(oldest)
    session.publisher.end(how)
    session.answer.resolve(refusal)
    log.info({ channel: session.channel, remote: session.remote, reason }, `whip: encoder ${how}`)
  }

  async function begin(request: WhipRequest, taken: TakenOffer): Promise<Session | WhipRefusal> {
    const { channel, key, remote, encoder } = request
    try {
      await process.ensure()
    } catch (error) {
      if (!(error instanceof EngineError)) throw error
      return { ...DOWN, retryAfter: Math.max(1, Math.ceil(process.restsFor / 1000)) }
    }
    const begun: { session?: Session } = {}
    const line = createLineWindow()
    /** The lease may be lost before there is a session. */
    let stopped: PublishRefusal | undefined
    const granted = await publishPort.publish(
      { protocol: 'whip', remote, key, channel, line: line.report, ...(encoder !== undefined && { encoder }) },
      (why) => {
        stopped = why
        if (begun.session !== undefined) sendAway(begun.session, why)
      },
    )
    if ('refusal' in granted) return granted.refusal
    if (stopped !== undefined) return stopped
    const { publisher } = granted
    if (!process.isUp) {
      publisher.end('disconnected')
      return DOWN
    }
    const session: Session = {
      ...{ id: randomBytes(16).toString('hex'), remote, publisher },
      origin: { slug: channel, id: options.channelIdOf(channel) },
      get channel() {
        return publisher.channel
      },
      ...{ etag: randomBytes(9).toString('base64url'), iceUfrag: taken.iceUfrag },
      answer: Promise.withResolvers<string | WhipRefusal>(),
      media: createWhipToStream({ publisher, video: taken.video, hasSound: taken.audio !== undefined, now }),
      report: undefined,
      line,
      isConnected: false,
    }
    begun.session = session
    sessions.set(session.id, session)
    process.setBusy(true)
    return session
  }

  async function answer(session: Session, { sdp, video, audio }: TakenOffer): Promise<WhipAnswer | WhipRefusal> {
    const { id } = session
    process.send({
      ...{ kind: 'receive', session: id, sdp, video, bitrate: limits.bitrate },
      ...(audio && { audio }),
    })
    const timer = setTimeout(() => dismiss(session, 'disconnected', 'the answer took too long'), WHIP_LIMITS.answerMs)
    const answered = await session.answer.promise
    clearTimeout(timer)
    if (typeof answered !== 'string') return answered
    return { session: id, sdp: publishAnswer(answered, options.publicAddresses()), etag: session.etag }
  }

  /** Its place is taken: it is the session's as soon as there is one. */
  async function placed(request: WhipRequest, taken: TakenOffer): Promise<WhipAnswer | WhipRefusal> {
    let session: Session | WhipRefusal | undefined
    try {
      session = await begin(request, taken)
    } finally {
      if (session === undefined || 'code' in session) places.release(request.remote)
    }
    if ('code' in session) {
      tellOfferRefused(request, session)
      return session
    }
    return answer(session, taken)
  }

  return {
    async offer(request) {
      const { remote } = request
      const taken = readPublishOffer(request.sdp)
      if ('code' in taken) {
        tellOfferRefused(request, taken)
        return taken
      }
      if (!places.take(remote)) {
        tellOfferRefused(request, BUSY)
        return BUSY
      }
      return placed(request, taken)
    },
    patch(address, ifMatch, text) {
      const session = at(sessions, address)
      if (session === undefined) return 'not-found'
      if (ifMatch === undefined) return 'precondition-required'
      let fragment: ReturnType<typeof parseIceFragment>
      try {
        fragment = parseIceFragment(text)
      } catch (error) {
        if (!(error instanceof MediaError)) throw error
        return { fault: `The fragment cannot be read: ${error.message}.` }
      }
      const isRestart = fragment.iceUfrag !== undefined && fragment.iceUfrag !== session.iceUfrag
      if (isRestart) return 'restart'
      const tags = ifMatch.split(',').map((tag) => tag.trim())
      return tags.includes(`"${session.etag}"`) ? 'taken' : 'precondition-failed'
    },
    leave(address) {
      const session = at(sessions, address)
      if (session === undefined) return at(ended, address) !== undefined
      dismiss(session, 'unpublished', 'the encoder said goodbye')
      return true
    },
    status(address) {
      const session = at(sessions, address)
      if (session !== undefined) return { isOver: false, report: session.report }
      const past = at(ended, address)
      return past && { isOver: true, why: past.why }
    },
    get figures() {
      let connected = 0
      for (const { isConnected } of sessions.values()) if (isConnected) connected++
      return { sessions: sessions.size, connected }
    },
    close() {
      clearInterval(ticker)
      for (const session of [...sessions.values()]) {
        dismiss(session, 'disconnected', 'the server is stopping', {
          code: 'unavailable',
          reason: 'The server is stopping: try again in a moment.',
        })
      }
      refusals.close()
    },
  }
}

/** First 4 characters of a key: all that a log may say of it. */
function shortKey(key: string): string {
  return key.length > 4 ? `${key.slice(0, 4)}…` : '…'
}
