import { randomBytes } from 'node:crypto'
import { printSdp, withoutCandidates } from '@bandstand/media/protocols/sdp/print.ts'
import { EngineError } from '../../error.ts'
import type { Log } from '../../ports.ts'
import type { Hub } from '../../stream/hub.ts'
import { publishAnswer } from './answer.ts'
import { soundOf } from './feed.ts'
import { WEBRTC_LIMITS } from './limits.ts'
import type { FromProcess, ViewerReport } from './messages.ts'
import {
  BUSY,
  chooseMedia,
  DOWN,
  HAS_B_FRAMES,
  NOT_READY,
  OFFLINE,
  type OfferAnswer,
  type OfferRefusal,
  readOffer,
} from './offer.ts'
import { createRenditionChoice, type RenditionChoice, type Rung } from './rendition-choice.ts'
import { createStage, type Stage } from './stage.ts'
import { createSupervisor } from './supervisor.ts'

export interface Rendition extends Rung {
  readonly hub: Hub
}

/** What can be watched; the application knows. */
export interface WatchableStreams {
  /** The channel's own stream, or a rendition of it by name. */
  hub(channel: string, rendition?: string): Hub | undefined
  /**
   * Renditions that viewers are moved between as their lines allow, highest bitrate first, the channel's own stream among them. All
   * are on the broadcast's clock, without B-frames, and have its sound. None: viewers stay where they are.
   */
  renditions(channel: string): readonly Rendition[]
  /** A rendition without B-frames, for a source that has them; `undefined` where none is to be had. */
  withoutBFrames(channel: string): Promise<Hub | undefined>
}

export interface WebRtcEgressOptions {
  readonly host: string
  readonly port: number
  /** Addresses that viewers reach this server by, where its own are not theirs (behind NAT). */
  readonly publicAddresses: readonly string[]
  readonly streams: WatchableStreams
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
  /** `undefined` where the viewer asked for a certain rendition. */
  readonly choice: RenditionChoice | undefined
  readonly answer: PromiseWithResolvers<string>
  report: ViewerReport | undefined
}

export function createWebRtcEgress(options: WebRtcEgressOptions): WebRtcEgress {
  const { log, limits, now = () => performance.now() } = options
  const sessions = new Map<string, Session>()
  const stages = new Map<Hub, Stage>()
  /** Offers under way and sessions, by remote address. */
  const perRemote = new Map<string, number>()
  let pending = 0
  let nextStream = 1
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
      for (const stage of [...stages.values()]) drop(stage)
      for (const session of [...sessions.values()]) forget(session, 'the webrtc process ended')
    },
  })
  supervisor.onSent = () => {
    for (const stage of stages.values()) stage.pump()
  }

  function hear(message: Exclude<FromProcess, { kind: 'ready' }>): void {
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

  /** Moves a viewer to a rendition that its line carries. */
  function reconsider(session: Session, report: ViewerReport): void {
    if (session.choice === undefined) return
    const rungs = options.streams.renditions(session.channel)
    const current = rungs.find(({ hub }) => hub === session.stage.hub)
    if (current === undefined) return
    const chosen = session.choice.judge(report, rungs, current.name, now())
    const hub = rungs.find(({ name }) => name === chosen?.name)?.hub
    const stage = hub && stageOf(hub, session.channel)
    if (stage === undefined) return
    supervisor.send({ kind: 'switch', session: session.id, stream: stage.id })
    stage.came(session.hears)
    session.stage.left()
    session.stage = stage
    log.debug({ channel: session.channel, from: current.name, to: chosen?.name }, 'webrtc: a viewer changes renditions')
  }

  function forget(session: Session, reason: string): void {
    if (!sessions.delete(session.id)) return
    release(session.remote)
    session.stage.left()
    session.answer.reject(new EngineError('refused', reason))
    log.debug({ channel: session.channel, session: session.id.slice(0, 4), reason }, 'webrtc viewer left')
  }

  function take(remote: string): boolean {
    const count = perRemote.get(remote) ?? 0
    if (sessions.size + pending >= limits.sessions || count >= limits.sessionsPerAddress) return false
    perRemote.set(remote, count + 1)
    return true
  }

  function release(remote: string): void {
    const left = (perRemote.get(remote) ?? 1) - 1
    if (left === 0) perRemote.delete(remote)
    else perRemote.set(remote, left)
  }

  function stageOf(hub: Hub, channel: string): Stage | undefined {
    const known = stages.get(hub)
    if (known !== undefined) return known
    if (stages.size >= WEBRTC_LIMITS.streams) return undefined
    const stage = createStage({
      id: nextStream++,
      channel,
      hub,
      ffmpeg: options.ffmpeg,
      send: supervisor.send,
      sending: () => supervisor.sending,
      log,
      onEnded: () => drop(stage),
    })
    stages.set(hub, stage)
    supervisor.setBusy(true)
    return stage
  }

  /** Its viewers are sent away. */
  function drop(stage: Stage): void {
    if (stages.get(stage.hub) !== stage) return
    stages.delete(stage.hub)
    stage.close()
    if (stages.size === 0) supervisor.setBusy(false)
  }

  async function find(channel: string, rendition: string | undefined): Promise<Stage | OfferRefusal> {
    const hub = options.streams.hub(channel, rendition)
    if (hub === undefined || hub.ended) return OFFLINE
    if (hub.epoch === undefined) return NOT_READY
    const stage = stageOf(hub, channel)
    if (stage === undefined) return BUSY
    const verdict = await stage.judged()
    if (stages.get(hub) !== stage) return OFFLINE
    if (verdict !== 'b-frames') return verdict === 'plain' ? stage : NOT_READY
    const other = await options.streams.withoutBFrames(channel)
    return (other === undefined ? undefined : stageOf(other, channel)) ?? HAS_B_FRAMES
  }

  async function answer(request: Parameters<WebRtcEgress['offer']>[0]): Promise<OfferAnswer | OfferRefusal> {
    const offer = readOffer(request.sdp)
    if ('code' in offer) return offer
    const early = options.streams.hub(request.channel, request.rendition)
    if (early === undefined || early.ended) return OFFLINE
    try {
      await supervisor.ensure()
    } catch {
      return { ...DOWN, retryAfter: Math.max(1, Math.ceil(supervisor.restsFor / 1000)) }
    }
    const stage = await find(request.channel, request.rendition)
    if ('code' in stage) return stage
    const { epoch } = stage
    if (epoch === undefined) return NOT_READY
    const sound = soundOf(epoch)
    const media = chooseMedia(offer, epoch, sound !== undefined && stage.soundMissing === undefined)
    if ('code' in media) return media
    const session: Session = {
      id: randomBytes(16).toString('hex'),
      channel: request.channel,
      remote: request.remote,
      hears: media.audio !== undefined,
      stage,
      choice: request.rendition === undefined ? createRenditionChoice() : undefined,
      answer: Promise.withResolvers<string>(),
      report: undefined,
    }
    perRemote.set(session.remote, (perRemote.get(session.remote) ?? 0) + 1)
    sessions.set(session.id, session)
    stage.came(session.hears)
    supervisor.send({
      kind: 'offer',
      session: session.id,
      stream: stage.id,
      sdp: printSdp(withoutCandidates(offer)),
      ...media,
    })
    const timer = setTimeout(() => {
      supervisor.send({ kind: 'leave', session: session.id })
      forget(session, 'the answer took too long')
    }, WEBRTC_LIMITS.answerMs)
    try {
      const sdp = publishAnswer(await session.answer.promise, options.publicAddresses)
      return {
        session: session.id,
        sdp,
        ...(sound && stage.soundMissing !== undefined && { soundMissing: stage.soundMissing }),
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
      if (!take(request.remote)) return BUSY
      pending++
      try {
        return await answer(request)
      } finally {
        pending--
        release(request.remote)
      }
    },
    has: (session) => sessions.has(session),
    leave(id) {
      const session = sessions.get(id)
      if (session === undefined) return false
      supervisor.send({ kind: 'leave', session: id })
      forget(session, 'the viewer said goodbye')
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
      for (const stage of [...stages.values()]) drop(stage)
      await supervisor.close()
    },
  }
}
