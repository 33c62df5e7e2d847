import { randomBytes } from 'node:crypto'
import { EngineError } from '../../error.ts'
import type { Log } from '../../ports.ts'
import { publishAnswer } from './answer.ts'
import { soundOf } from './feed.ts'
import { type Layers, layersOf } from './layers.ts'
import { WEBRTC_LIMITS } from './limits.ts'
import type { ViewerReport } from './messages.ts'
import {
  BUSY,
  chooseMedia,
  DOWN,
  NOT_READY,
  OFFLINE,
  type OfferAnswer,
  type OfferRefusal,
  printTaken,
  readOffer,
} from './offer.ts'
import { createPlaces } from './places.ts'
import type { Heard } from './rendition-choice.ts'
import { createSeating } from './seating.ts'
import type { Stage } from './stage.ts'
import { createStages } from './stages.ts'
import { createSteering, type Steering } from './steering.ts'
import { createSupervisor, type FromRunning } from './supervisor.ts'
import type { Watchable } from './watchable.ts'

export interface WebRtcEgressOptions {
  readonly host: string
  readonly port: number
  /** Addresses that viewers reach this server by, where its own are not theirs (behind NAT). */
  readonly publicAddresses: readonly string[]
  /** The running broadcast of a channel; `undefined` while there is none. */
  readonly find: (channel: string) => Watchable | undefined
  /** Path of ffmpeg, which makes Opus of AAC; `undefined` where there is none. */
  readonly ffmpeg: string | undefined
  /** A viewer is there; called about every second for each. */
  readonly seen: (channel: string, session: string) => void
  readonly log: Log
  readonly limits: {
    /** Sessions of the whole server, and those of one remote address. */
    readonly sessions: number
    readonly sessionsPerAddress: number
  }
  /** Milliseconds of a steady clock. */
  readonly now?: () => number
}

export interface WebRtcFigures {
  readonly sessions: number
  readonly connected: number
  /** Of the running process, since it was started. */
  readonly packets: number
  readonly resent: number
}

/** Playback by WebRTC: offers in, answers out; media follow. */
export interface WebRtcEgress {
  readonly port: number
  offer(request: {
    readonly channel: string
    readonly rendition?: string
    readonly sdp: string
    readonly remote: string
  }): Promise<OfferAnswer | OfferRefusal>
  has(session: string): boolean
  /** What the viewer may choose, and how it stands; `undefined` when there is no such session (any more). */
  layers(session: string): Layers | undefined
  /** @param name of a rendition; `undefined` leaves the choice to the server. False where there is no such rendition. */
  choose(session: string, name: string | undefined): boolean
  /** False when there is no such session (any more). */
  leave(session: string): boolean
  readonly figures: WebRtcFigures
  /** Of the process, while it runs; for tests and the log. */
  readonly pid: number | undefined
  close(): Promise<void>
}

interface Session {
  readonly id: string
  readonly channel: string
  readonly remote: string
  readonly hears: boolean
  stage: Stage
  readonly steering: Steering
  readonly answer: PromiseWithResolvers<string>
  report: ViewerReport | undefined
  /** Its rendition is not being made, though the encoder sends. */
  stillSince: number | undefined
}

/** Share of packets lost from which on a viewer that goes down is sent nothing more of what it has. */
const URGENT_LOSS = 0.1

const NOTHING_HEARD = { loss: 0, estimate: undefined }

export function createWebRtcEgress(options: WebRtcEgressOptions): WebRtcEgress {
  const { log, limits, now = () => performance.now() } = options
  const sessions = new Map<string, Session>()
  /** Offers under way and sessions. */
  const places = createPlaces(limits)
  let packets = 0
  let resent = 0

  const supervisor = createSupervisor({
    host: options.host,
    port: options.port,
    log,
    now,
    onMessage: hear,
    onDown() {
      packets = 0
      resent = 0
      stages.dropAll()
      for (const session of [...sessions.values()]) forget(session, 'the webrtc process ended')
    },
  })
  const stages = createStages({ supervisor, ffmpeg: options.ffmpeg, log })
  const seating = createSeating(stages)
  supervisor.onSent = stages.pump

  function hear(message: FromRunning): void {
    if (message.kind === 'answer') sessions.get(message.session)?.answer.resolve(message.sdp)
    else if (message.kind === 'refused' || message.kind === 'closed') {
      const session = sessions.get(message.session)
      if (session !== undefined) forget(session, message.reason)
    } else if (message.kind === 'report') {
      packets = message.packets
      resent = message.resent
      for (const report of message.viewers) {
        const session = sessions.get(report.session)
        if (session === undefined) continue
        session.report = report
        if (!report.connected) continue
        options.seen(session.channel, session.id)
        reconsider(session, report)
      }
    }
  }

  /** Moves a viewer to the rendition that it wants or that its line carries, and has that made. */
  function reconsider(session: Session, report: Heard): void {
    const stream = options.find(session.channel)
    if (stream === undefined) return
    const { stage, steering } = session
    const offered = seating.offered(stream, session.channel, stage.hub)
    const current = offered.find(({ hub }) => hub === stage.hub)
    const heading = steering.look(report, offered, current?.name, now())
    for (const rendition of offered) {
      if (rendition === current || rendition.name === heading.keep) seating.keep(stream, rendition)
    }
    const to = offered.find(({ name }) => name === heading.go)
    const next = to && stages.of(to.hub, stream.source.hub, session.channel)
    if (next === undefined) {
      if (isGivenUp(session, stream)) end(session, 'nothing is made for it any more')
      return
    }
    const isUrgent = report.loss > URGENT_LOSS && to !== undefined && to.bitrate < (current?.bitrate ?? 0)
    supervisor.send({ kind: 'switch', session: session.id, stream: next.id, isUrgent })
    next.came(session.hears)
    stage.left()
    session.stage = next
    session.stillSince = undefined
    log.debug({ channel: session.channel, from: current?.name, to: to?.name }, 'webrtc: a viewer changes renditions')
  }

  function isGivenUp(session: Session, { source }: Watchable): boolean {
    if (session.stage.hub.epoch !== undefined || source.hub.epoch === undefined) session.stillSince = undefined
    else session.stillSince ??= now()
    return session.stillSince !== undefined && now() - session.stillSince > WEBRTC_LIMITS.stillMs
  }

  function end(session: Session, reason: string): void {
    supervisor.send({ kind: 'leave', session: session.id })
    forget(session, reason)
  }

  function forget(session: Session, reason: string): void {
    if (!sessions.delete(session.id)) return
    places.release(session.remote)
    session.stage.left()
    session.answer.reject(new EngineError('refused', reason))
    log.debug({ channel: session.channel, session: session.id.slice(0, 4), reason }, 'webrtc viewer left')
  }

  async function answer(request: Parameters<WebRtcEgress['offer']>[0]): Promise<OfferAnswer | OfferRefusal> {
    const offer = readOffer(request.sdp)
    if ('code' in offer) return offer
    if (isOffline(options.find(request.channel))) return OFFLINE
    try {
      await supervisor.ensure()
    } catch {
      return { ...DOWN, retryAfter: Math.max(1, Math.ceil(supervisor.restsFor / 1000)) }
    }
    const stream = options.find(request.channel)
    if (stream === undefined || isOffline(stream)) return OFFLINE
    const found = await seating.find(stream, request.channel, request.rendition)
    if ('code' in found) return found
    const { stage, rendition, reason } = found
    const { epoch } = stage
    const sourceEpoch = stream.source.hub.epoch
    if (epoch === undefined || sourceEpoch === undefined) return NOT_READY
    const sound = soundOf(sourceEpoch)
    const soundMissing = stages.sound(stream.source.hub, request.channel).missing
    const media = chooseMedia(offer, epoch, soundMissing === undefined ? sound : undefined)
    if ('code' in media) return media
    const session: Session = {
      id: randomBytes(16).toString('hex'),
      channel: request.channel,
      remote: request.remote,
      hears: media.audio !== undefined,
      stage,
      steering: createSteering(request.rendition),
      answer: Promise.withResolvers<string>(),
      report: undefined,
      stillSince: undefined,
    }
    places.add(session.remote)
    sessions.set(session.id, session)
    stage.came(session.hears)
    supervisor.send({
      kind: 'offer',
      session: session.id,
      stream: stage.id,
      sdp: printTaken(offer, media),
      ...media,
    })
    const timer = setTimeout(() => {
      end(session, 'the answer took too long')
    }, WEBRTC_LIMITS.answerMs)
    try {
      const sdp = publishAnswer(await session.answer.promise, options.publicAddresses)
      return {
        session: session.id,
        sdp,
        rendition,
        ...(reason !== undefined && { renditionReason: reason }),
        ...(sound && soundMissing !== undefined && { soundMissing }),
      }
    } catch (error) {
      log.warn({ channel: request.channel, remote: request.remote, err: error }, 'webrtc: an offer was not answered')
      return supervisor.isUp
        ? { code: 'bad-offer', reason: 'This offer could not be answered.' }
        : { ...DOWN, retryAfter: 1 }
    } finally {
      clearTimeout(timer)
    }
  }

  return {
    port: options.port,
    async offer(request) {
      if (!places.take(request.remote)) return BUSY
      try {
        return await answer(request)
      } finally {
        places.release(request.remote)
      }
    },
    has: (session) => sessions.has(session),
    layers(id) {
      const session = sessions.get(id)
      const stream = session && options.find(session.channel)
      if (session === undefined || stream === undefined) return undefined
      return layersOf(seating, stream, session.channel, session.stage.hub, session.steering.wanted)
    },
    choose(id, name) {
      const session = sessions.get(id)
      const stream = session && options.find(session.channel)
      if (session === undefined || stream === undefined) return false
      const offered = seating.offered(stream, session.channel, session.stage.hub)
      if (name !== undefined && !offered.some((rendition) => rendition.name === name)) return false
      session.steering.wanted = name
      reconsider(session, session.report ?? NOTHING_HEARD)
      return true
    },
    leave(id) {
      const session = sessions.get(id)
      if (session === undefined) return false
      end(session, 'the viewer said goodbye')
      return true
    },
    get figures() {
      let connected = 0
      for (const { report } of sessions.values()) if (report?.connected === true) connected++
      return { sessions: sessions.size, connected, packets, resent }
    },
    get pid() {
      return supervisor.pid
    },
    async close() {
      stages.dropAll()
      await supervisor.close()
    },
  }
}

function isOffline(stream: Watchable | undefined): boolean {
  return stream === undefined || stream.source.hub.ended
}
