import { randomBytes } from 'node:crypto'
import type { Log } from '../../ports.ts'
import { createRefusalLog } from '../../remote/refusals.ts'
import { publishAnswer } from '../../webrtc/answer.ts'
import { createPlaces } from '../../webrtc/places.ts'
import type { FromRunning, WebRtcProcess } from '../../webrtc/supervisor.ts'
import { type Layers, layersOf } from './layers.ts'
import { WEBRTC_LIMITS } from './limits.ts'
import type { ViewerReport } from './messages.ts'
import { BAD_OFFER, BUSY, CHANGED, OFFLINE, type OfferAnswer, type OfferRefusal } from './offer.ts'
import { createPassage, type Passage } from './passage.ts'
import { createPreparation, down, type OfferRequest, type Prepared } from './prepare.ts'
import type { Heard } from './rendition-choice.ts'
import { createSeating } from './seating.ts'
import { createStages } from './stages.ts'
import { createSteering, type Steering } from './steering.ts'
import type { Watchable } from './watchable.ts'

export interface WebRtcEgressOptions {
  /** Where the connections are; whoever made it closes it, after this. */
  readonly process: WebRtcProcess
  /** Addresses that viewers reach this server by, where its own are not theirs (behind NAT); asked for each viewer. */
  readonly publicAddresses: () => readonly string[]
  /** The running broadcast of a channel; `undefined` while there is none. */
  readonly find: (channel: string) => Watchable | undefined
  /** Path of ffmpeg, which makes Opus of other sound; `undefined` where there is none. */
  readonly ffmpeg: string | undefined
  /** A viewer is there; called about every second for each. */
  readonly seen: (channel: string, viewer: string) => void
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
  /** Packets that were asked for and not sent again, for they would have been too many. */
  readonly refused: number
  /** Groups of pictures that viewers lost because the process did not keep up. */
  readonly droppedGroups: number
  /** Streams that were given up because they could not be made into packets. */
  readonly failed: number
}

/** Playback by WebRTC: offers in, answers out; media follow. */
export interface WebRtcEgress {
  readonly port: number
  offer(request: OfferRequest): Promise<OfferAnswer | OfferRefusal>
  has(session: string): boolean
  /** What the viewer may choose, and how it stands; `undefined` when there is no such session (any more). */
  layers(session: string): Layers | undefined
  /** @param name of a rendition; `undefined` leaves the choice to the server. False where there is no such rendition. */
  choose(session: string, name: string | undefined): boolean
  /** True also for one that has ended a short while ago; false when there is no such session. */
  leave(session: string): boolean
  readonly figures: WebRtcFigures
  /** Of the process, while it runs; for tests and the log. */
  readonly pid: number | undefined
  /** Lets go of all viewers. */
  close(): void
}

interface Session {
  readonly id: string
  readonly channel: string
  readonly remote: string
  /** What it is counted by: one who changes from or to HLS stays one. */
  readonly viewer: string
  readonly passage: Passage
  readonly steering: Steering
  readonly answer: PromiseWithResolvers<string | OfferRefusal>
  report: ViewerReport | undefined
  /** Its rendition is not being made, though the encoder sends. */
  stillSince: number | undefined
}

/** Share of packets lost from which on a viewer that goes down is sent nothing more of what it has. */
const URGENT_LOSS = 0.1

const NOTHING_HEARD = { loss: 0, estimate: undefined }

export function createWebRtcEgress(options: WebRtcEgressOptions): WebRtcEgress {
  const { log, limits, now = () => performance.now() } = options
  const refusals = createRefusalLog(log)
  const sessions = new Map<string, Session>()
  /** Remote addresses of sessions that have ended and whose connections the process still closes, by session. */
  const closing = new Map<string, string>()
  /** The newest of those that have ended: a viewer's goodbye crosses the server's own, as when the broadcast ends. */
  const ended = new Set<string>()
  /** Offers under way, sessions, and connections that are being closed: who comes and goes without end gets no more than others. */
  const places = createPlaces(limits)
  let packets = 0
  let resent = 0
  let refused = 0
  let failed = 0

  const supervisor = options.process.join({
    onMessage: hear,
    onDown() {
      packets = 0
      resent = 0
      refused = 0
      stages.dropAll()
      for (const session of [...sessions.values()]) {
        places.release(session.remote)
        forget(session, 'the webrtc process ended', down(supervisor))
      }
      for (const remote of closing.values()) places.release(remote)
      closing.clear()
    },
  })
  const stages = createStages({ supervisor, ffmpeg: options.ffmpeg, log, now })
  const seating = createSeating(stages)
  const prepare = createPreparation({ find: options.find, supervisor, stages, seating })
  supervisor.onSent = stages.pump

  function hear(message: FromRunning): void {
    if (message.kind === 'answer') sessions.get(message.session)?.answer.resolve(message.sdp)
    else if (message.kind === 'refused' || message.kind === 'closed') {
      const remote = closing.get(message.session)
      if (remote !== undefined && closing.delete(message.session)) places.release(remote)
      const session = sessions.get(message.session)
      if (session === undefined) return
      places.release(session.remote)
      const isItsFault = message.kind === 'refused' && message.fault === 'offer'
      forget(session, message.reason, isItsFault ? BAD_OFFER : session.passage.stage.hub.ended ? OFFLINE : CHANGED)
    } else if (message.kind === 'unsendable') {
      failed++
      stages.dropBroken(message.stream, message.reason)
    } else if (message.kind === 'report') {
      packets = message.packets
      resent = message.resent
      refused = message.refused
      for (const report of message.viewers) {
        const session = sessions.get(report.session)
        if (session === undefined) continue
        session.report = report
        session.passage.arrived(report.stream)
        if (!report.connected) continue
        options.seen(session.channel, session.viewer)
        reconsider(session, report)
      }
    }
  }

  /** Moves a viewer to the rendition that it wants or that its line carries, and has that made. */
  function reconsider(session: Session, report: Heard): void {
    const stream = options.find(session.channel)
    if (stream === undefined) return
    // It would be silent for good. Who comes again is told why, and may take another way to watch.
    if (session.passage.hears && stages.sound(stream.source.hub, session.channel).missing !== undefined)
      return end(session, 'its sound cannot be made any more', CHANGED)
    const { passage, steering } = session
    const { stage } = passage
    const offered = seating.offered(stream, session.channel, stage.hub)
    const current = offered.find(({ hub }) => hub === stage.hub)
    const heading = steering.look(report, offered, current?.name, now(), passage.isUnderWay)
    const bitrate = steering.takeProbe()
    if (bitrate !== undefined) {
      supervisor.send({ kind: 'probe', session: session.id, bitrate })
      const { loss, estimate, probed } = report
      const facts = { channel: session.channel, bitrate, loss, estimate, before: probed?.isCarried }
      log.debug(facts, 'webrtc: a line is tried before a climb')
    }
    for (const rendition of offered) {
      if (rendition === current || rendition.name === heading.keep) seating.keep(stream, rendition)
    }
    const to = offered.find(({ name }) => name === heading.go)
    const next = to && stages.of(to.hub, stream.source.hub, session.channel)
    if (next === undefined) {
      if (isGivenUp(session, stream, offered.length)) end(session, 'nothing is made for it any more', CHANGED)
      return
    }
    const isUrgent = report.loss > URGENT_LOSS && to !== undefined && to.bitrate < (current?.bitrate ?? 0)
    supervisor.send({ kind: 'switch', session: session.id, stream: next.id, isUrgent })
    passage.go(next)
    session.stillSince = undefined
    const { loss, estimate, probed } = report
    const facts = { channel: session.channel, from: current?.name, to: to?.name, loss, estimate, probed }
    log.debug(facts, 'webrtc: a viewer changes renditions')
  }

  /** @param offered how many renditions. */
  function isGivenUp(session: Session, { source }: Watchable, offered: number): boolean {
    const { hub } = session.passage.stage
    const isSent = hub.epoch !== undefined && !seating.isReordered(hub)
    if (isSent || source.hub.epoch === undefined) session.stillSince = undefined
    else session.stillSince ??= now()
    if (session.stillSince === undefined) return false
    return offered === 0 || now() - session.stillSince > WEBRTC_LIMITS.stillMs
  }

  function end(session: Session, reason: string, refusal: OfferRefusal): void {
    supervisor.send({ kind: 'leave', session: session.id })
    if (sessions.has(session.id)) closing.set(session.id, session.remote)
    forget(session, reason, refusal)
  }

  /** @param refusal what its offer is told that has not been answered yet. */
  function forget(session: Session, reason: string, refusal: OfferRefusal): void {
    if (!sessions.delete(session.id)) return
    remember(session.id)
    session.passage.end()
    session.answer.resolve(refusal)
    log.debug({ channel: session.channel, session: session.id.slice(0, 4), reason }, 'webrtc viewer left')
  }

  /** As many as may end at once. */
  function remember(id: string): void {
    ended.add(id)
    const [oldest] = ended
    if (oldest !== undefined && ended.size > limits.sessions) ended.delete(oldest)
  }

  /** Its operator is told too: viewers only see another delay. */
  function turnAway({ channel: named, remote }: OfferRequest): OfferRefusal {
    // What else somebody puts into the address may be a key.
    const channel = options.find(named) === undefined ? '…' : named
    refusals.refused('warn', { channel, remote, ...limits }, 'webrtc: there are too many viewers, more are sent to HLS')
    return BUSY
  }

  async function answer(request: OfferRequest, { seat, media, sdp, soundMissing }: Prepared) {
    const { stage, rendition, reason } = seat
    const id = randomBytes(16).toString('hex')
    const session: Session = {
      id,
      viewer: request.viewer ?? id,
      channel: request.channel,
      remote: request.remote,
      passage: createPassage(stage, media.audio !== undefined),
      steering: createSteering(request.rendition),
      answer: Promise.withResolvers<string | OfferRefusal>(),
      report: undefined,
      stillSince: undefined,
    }
    sessions.set(session.id, session)
    supervisor.send({ kind: 'offer', session: session.id, stream: stage.id, sdp, ...media })
    const timer = setTimeout(() => {
      end(session, 'the answer took too long', down(supervisor))
    }, WEBRTC_LIMITS.answerMs)
    const answered = await session.answer.promise
    clearTimeout(timer)
    if (typeof answered !== 'string') {
      const { channel, remote } = request
      const fields = { channel, remote, code: answered.code }
      refusals.refused('warn', fields, 'webrtc: an offer was not answered', `${fields.code} ${channel}`)
      return answered
    }
    return {
      session: session.id,
      sdp: publishAnswer(answered, options.publicAddresses()),
      rendition,
      ...(reason !== undefined && { renditionReason: reason }),
      ...(soundMissing !== undefined && { soundMissing }),
    }
  }

  return {
    port: options.process.port,
    async offer(request) {
      if (!places.take(request.remote)) return turnAway(request)
      // From here on the place is the session's.
      let prepared: Prepared | OfferRefusal | undefined
      try {
        prepared = await prepare(request)
      } finally {
        if (prepared === undefined || 'code' in prepared) places.release(request.remote)
      }
      return 'code' in prepared ? prepared : answer(request, prepared)
    },
    has: (session) => sessions.has(session),
    layers(id) {
      const session = sessions.get(id)
      const stream = session && options.find(session.channel)
      if (session === undefined || stream === undefined) return undefined
      return layersOf(seating, stream, session.channel, session.passage.stage.hub, session.steering.wanted)
    },
    choose(id, name) {
      const session = sessions.get(id)
      const stream = session && options.find(session.channel)
      if (session === undefined || stream === undefined) return false
      const offered = seating.offered(stream, session.channel, session.passage.stage.hub)
      if (name !== undefined && !offered.some((rendition) => rendition.name === name)) return false
      session.steering.wanted = name
      reconsider(session, session.report ?? NOTHING_HEARD)
      return true
    },
    leave(id) {
      const session = sessions.get(id)
      if (session === undefined) return ended.has(id)
      end(session, 'the viewer said goodbye', CHANGED)
      return true
    },
    get figures() {
      let connected = 0
      for (const { report } of sessions.values()) if (report?.connected === true) connected++
      const { droppedGroups } = stages
      return { sessions: sessions.size, connected, packets, resent, refused, droppedGroups, failed }
    },
    get pid() {
      return supervisor.pid
    },
    close() {
      for (const session of [...sessions.values()]) end(session, 'the server is stopping', down(supervisor))
      stages.dropAll()
      refusals.close()
    },
  }
}
