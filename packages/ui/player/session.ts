import { addresses, type Place } from '../channel/address.ts'
import { createEdgeClock } from './edge-clock.ts'
import { createEdgeKeeper } from './edge-keeper.ts'
import type { Engine, EngineEvents } from './engine.ts'
import { prefetch } from './prefetch.ts'
import { type Effect, hasCaughtUp, initial, isDry, type PlayerEvent, type PlayerState, step } from './state.ts'
import { createSteadyDelay } from './steady-delay.ts'
import { unplayable } from './unplayable.ts'

/** Joins the state machine to an engine, a video element and time. The element above only shows what this says. */
export interface Session {
  readonly state: PlayerState
  /** Date of the frame shown, Unix milliseconds. */
  readonly date: number | undefined
  /** Seconds behind live of the frame shown. */
  readonly behind: number
  /** The same as it is read, without the noise; `undefined` while the date of the frame is not known. */
  readonly delay: number | undefined
  /** Where live is now, Unix milliseconds. */
  readonly edge: number
  readonly engine: Engine | undefined
  /** The viewer is kept where live viewers are meant to be. */
  readonly atEdge: boolean
  /** Why this browser cannot play the playlist, in words for the viewer. */
  readonly unplayable: string | undefined
  send(event: PlayerEvent): void
  /** The machine's network, or the server, came back. */
  online(): void
  /** Seeks to a date of the broadcast. */
  seekDate(date: number): void
  destroy(): void
}

interface SessionOptions {
  readonly server: string
  readonly channel: string
  readonly video: HTMLVideoElement
  createEngine(video: HTMLVideoElement, events: EngineEvents): Engine
  /** A source is about to be loaded: the last frame may be kept on screen. */
  onLoad(): void
  onChange(): void
  /** Asks the server about the channel; what it answers is sent before this resolves. Never rejects. */
  ask(): Promise<void>
}

const tick = 250
/** A key that is held is repeated some thirty times a second; milliseconds. */
const seekPause = 200
/** Whether there is anything to load anew is asked for so long; milliseconds. */
const askLimit = 1000
/** No movement for this long counts as a stall, and for `hopeless` as a failure of the source; milliseconds. */
const stallAfter = 1200
const hopeless = 6000
/**
 * The same where all that is listed has been played: the encoder is away, and loading anew would only show its last second
 * again. Longer than the server waits for it.
 */
const hopelessDry = 40_000
/** Where a low-latency playlist holds its viewers at most; seconds. */
const usualHoldBack = 2
/** After a longer pause the viewer goes on where he was, after a shorter one he is live again; seconds. */
const shortPause = 4
export function createSession(options: SessionOptions): Session {
  const { video, server } = options
  const place: Place = { server, channel: options.channel }
  let state = initial
  let engine: Engine | undefined
  let gone = false
  /** Set while a retry, or what the server says before one, is waited for. */
  let retryTimer: ReturnType<typeof setTimeout> | undefined
  /** The source has failed and is not loaded anew yet. */
  let isGivenUp = false
  /** Why the playlist cannot be played, and which tracks those were. */
  let cannot: { readonly text: string; readonly of: string } | undefined
  let seekTimer: ReturnType<typeof setTimeout> | undefined
  let loads = 0
  /** The engine is just about to be given the source. */
  let isLoading = false
  /** Of this machine's clock and the server's: a recording, whose list ends seconds ago, tells less of that than the live one before it. */
  let clock = createEdgeClock()
  let lastTime = -1
  let movedAt = performance.now()
  /** How much is there of what the picture waits for, and when that last became more. */
  let arrived: number | undefined
  let arrivedAt = Number.NEGATIVE_INFINITY
  /** When the list that is played was read, by the clock that goes on while the machine sleeps. */
  let readAt = Number.NEGATIVE_INFINITY
  const keeper = createEdgeKeeper(video)
  const steady = createSteadyDelay()
  let delay: number | undefined
  /** When a viewer who was at the edge has paused, and the date of the frame, until he counts as one who has gone back. */
  let paused: { readonly since: number; readonly date: number | undefined } | undefined

  const events: EngineEvents = {
    updated(edge) {
      readAt = Date.now()
      if (edge !== undefined) clock.update(edge, Date.now())
      if (state.source?.kind === 'live') keeper.leapHole(engine, performance.now() - movedAt < stallAfter)
    },
    failed(reason, isUnreachable = false) {
      const text = unplayable(reason)
      if (text !== undefined && session.unplayable === undefined) {
        cannot = { text, of: tracksOf(state) }
        engine?.wantedChanged('channel')
      }
      // Each trouble counts once, and a server that does not answer at all is none of the transport's.
      if (state.seen && state.phase !== 'stalled' && !isUnreachable) engine?.stalled()
      send({ type: 'failed' })
    },
    leaving() {
      options.onLoad()
      lastTime = -1
      movedAt = performance.now()
      keeper.begin()
    },
    over: () => send({ type: 'finished' }),
    changed: () => options.onChange(),
  }

  function send(event: PlayerEvent): void {
    if (gone) return
    if (event.type === 'seek' || event.type === 'go-live') paused = undefined
    const next = step(state, event, Math.random(), performance.now())
    const changed = next.state.phase !== state.phase || next.state.source !== state.source
    state = next.state
    for (const effect of next.effects) run(effect)
    if (changed || next.effects.length > 0) options.onChange()
  }

  function run(effect: Effect): void {
    switch (effect.do) {
      case 'load':
        return load(effect)
      case 'unload':
        forgetRetry()
        engine?.unload()
        return
      case 'seek': {
        const time = reachable(effect.date)
        keeper.atEdge = false
        clearTimeout(seekTimer)
        // Behind what is listed live there is nothing but live.
        if (state.source?.kind === 'live' && state.channel.live && effect.date > (engine?.window?.end ?? effect.date))
          send({ type: 'go-live' })
        else if (time !== undefined) video.currentTime = time
        else seekLater(effect.date)
        return
      }
      case 'seek-live':
        keeper.atEdge = true
        keeper.jump(engine)
        return
      case 'retry':
        forgetRetry()
        isGivenUp = true
        retryTimer = setTimeout(() => askFirst('retry'), effect.after)
        return
      case 'ask':
        void options.ask()
    }
  }

  /** Where the video can be sent to: with no media yet it only takes note, and hls.js may begin a recording where it was told to open it. */
  function reachable(date: number): number | undefined {
    const isOpening = state.source?.kind === 'vod' && !state.seen && video.readyState === 0
    return isOpening ? undefined : engine?.timeOf(date)
  }

  /** The recording is not there yet: once no more keys come, it is opened where they have led. */
  function seekLater(date: number): void {
    const { source } = state
    clearTimeout(seekTimer)
    if (source?.kind !== 'vod' || state.seen) return
    seekTimer = setTimeout(() => {
      if (gone || state.source !== source) return
      const time = reachable(date)
      if (time === undefined) load({ source, at: date })
      else video.currentTime = time
    }, seekPause)
  }

  /**
   * What was in trouble may have ended meanwhile, while the machine slept for example: its playlist would be answered 404, a red line in
   * the console. Then it is forgotten with the answer.
   */
  function askFirst(type: 'retry' | 'online'): void {
    clearTimeout(retryTimer)
    const goOn = () => {
      if (retryTimer !== mine) return
      clearTimeout(mine)
      retryTimer = undefined
      send({ type })
      // It plays on from what is buffered, and nothing more comes of it.
      if (isGivenUp && type === 'online') send({ type: 'retry' })
    }
    const mine = setTimeout(goOn, askLimit)
    retryTimer = mine
    void options.ask().then(goOn)
  }

  function forgetRetry(): void {
    clearTimeout(retryTimer)
    retryTimer = undefined
    isGivenUp = false
  }

  function load({ source, at }: Omit<Extract<Effect, { do: 'load' }>, 'do'>): void {
    forgetRetry()
    loads += 1
    const turn = loads
    let url = source.kind === 'live' ? addresses.live(place) : addresses.vod(server, source.assetId)
    if (!engine) prefetch(url)
    // What changed must not come from a cache, which may keep the channel's playlist for some seconds.
    else if (source.kind === 'live') url += `?of=${source.assetId}.${state.channel.generation}`
    options.onLoad()
    if (source.kind === 'live') clock = createEdgeClock()
    lastTime = -1
    movedAt = performance.now()
    readAt = Number.NEGATIVE_INFINITY
    keeper.begin()
    keeper.atEdge = source.kind === 'live' && at === undefined
    engine ??= options.createEngine(video, events)
    const made = engine
    // Of several reasons at the same moment the last one loads.
    isLoading = true
    queueMicrotask(() => {
      isLoading = false
      if (!gone && turn === loads && state.source === source) made.load({ ...source, url }, at)
    })
  }

  function watch(): void {
    if (!state.source || state.phase === 'offline') return
    keepMoment()
    const now = performance.now()
    const time = video.currentTime
    const moved = (engine?.moving ?? (time !== lastTime && lastTime >= 0)) && video.readyState >= 2
    lastTime = time
    // Firefox and Safari end and pause a stream whose encoder is away. It is waited for like any other.
    const isAway = video.ended && engine?.choice.playing === 'webrtc'
    const isPaused = video.paused && !isAway
    // Nobody sends any more: what has not begun by now is not waited for.
    const isOver = state.source.kind === 'live' && !state.channel.live
    // A browser that does not let it play by itself shows the first picture, and it is the viewer's turn.
    // One whose source was put in anew (hls.js recovers so) is paused without a word.
    const isHisTurn = isPaused && (isOver ? state.seen && video.readyState > 0 : state.seen || video.readyState >= 2)
    // Not every browser tells of the end.
    if (isOver && video.ended && !isAway) return send({ type: 'finished' })
    if (moved || isHisTurn || (video.ended && !isAway)) {
      movedAt = now
      // Nobody is behind for being where live viewers are meant to be.
      const late = session.behind - Math.max(0, (engine?.holdBack ?? 0) - usualHoldBack)
      if (moved && !video.paused) send({ type: 'progress', behind: late, date: session.date })
    } else {
      const still = now - movedAt
      // A recording is there in the encoder's own picture only: on a slow link a segment of it takes longer than `hopeless`, and begun anew
      // it would never be there. How long one may take at most the engine knows.
      const before = arrived
      arrived = engine?.arrived
      if (arrived !== undefined && arrived !== before) arrivedAt = now
      const listed = { ahead: engine?.ahead, age: Date.now() - readAt }
      if (still > stallAfter && !isPaused) {
        if (hasCaughtUp(state, listed)) send({ type: 'go-live' })
        else if (state.phase !== 'stalled') {
          // An encoder that is away is not the transport's fault.
          if (!isDry(listed)) engine?.stalled()
          send({ type: 'stalled' })
        }
      }
      // The engine retries by itself; when nothing comes of it the source is loaded anew.
      const limit = isDry(listed) && !isOver ? hopelessDry : hopeless
      if (retryTimer === undefined && now - Math.max(movedAt, arrivedAt) > limit) {
        movedAt = now
        send({ type: 'failed' })
      }
    }
    keeper.keepUp(state.source?.kind === 'live' ? engine : undefined)
    const isShown = !(isPaused && state.seen) && document.visibilityState !== 'hidden'
    engine?.tick(keeper.atEdge && state.channel.live && isShown)
    delay = steady(session.date === undefined ? undefined : session.behind)
    options.onChange()
  }

  /** What is not missed is no reason to go back: a step to so little behind the edge would lead to it. */
  function isLong({ since, date }: NonNullable<typeof paused>): boolean {
    const missed = date === undefined ? Number.POSITIVE_INFINITY : session.edge - date
    return Math.min(performance.now() - since, missed) > shortPause * 1000
  }

  /**
   * Who has paused for long is one who has gone back, before he plays again too: what is loaded meanwhile is loaded where he was, and
   * real time, which goes on without him, is left.
   */
  function keepMoment(): void {
    if (paused?.date !== undefined && isLong(paused)) session.seekDate(paused.date)
  }

  const onEnded = () => {
    // What ends there is a connection, not the broadcast.
    if (engine?.choice.playing !== 'webrtc') send({ type: 'finished' })
  }
  const onOnline = () => {
    // What has brought the news may have been a reason to load already.
    if (!isLoading) askFirst('online')
  }
  const onPlay = () => {
    movedAt = performance.now()
    lastTime = -1
    keepMoment()
    const { source, rewound, at } = state
    // The recording has what the playlist no longer lists.
    if (source?.kind === 'live' && rewound && at !== undefined && at < (engine?.window?.start ?? 0))
      session.seekDate(at)
    // A playlist without dates goes on where it stood; real time has gone on.
    else if (paused && (!isLong(paused) || engine?.choice.playing === 'webrtc')) keeper.atEdge = true
    paused = undefined
  }
  const onPause = () => {
    // Nobody's wish: it comes of the end, or of a fault.
    if (video.ended || video.error) return
    paused = keeper.atEdge ? { since: performance.now(), date: session.date } : undefined
    keeper.atEdge = false
  }
  video.addEventListener('ended', onEnded)
  video.addEventListener('play', onPlay)
  video.addEventListener('pause', onPause)
  addEventListener('online', onOnline)
  const timer = setInterval(watch, tick)

  const session: Session = {
    get state() {
      return state
    },
    get engine() {
      return engine
    },
    get atEdge() {
      return keeper.atEdge
    },
    get unplayable() {
      return cannot?.of === tracksOf(state) ? cannot.text : undefined
    },
    get date() {
      return engine?.date
    },
    get edge() {
      return clock.edge(Date.now())
    },
    get behind() {
      const measured = engine?.choice.latency
      if (measured !== undefined) return measured
      const date = engine?.date
      if (date !== undefined) return clock.behind(date, Date.now())
      const target = engine?.livePosition
      return target === undefined ? 0 : Math.max(0, target - video.currentTime)
    },
    get delay() {
      return delay
    },
    send,
    online: onOnline,
    seekDate(date) {
      const window = engine?.window
      keeper.atEdge = false
      // What is not known to be listed is in the recording: a browser's own player may tell no dates, and an engine none before it has any.
      send({ type: 'seek', date, window: window?.start ?? Number.POSITIVE_INFINITY, edge: session.edge })
    },
    destroy() {
      gone = true
      clearInterval(timer)
      clearTimeout(seekTimer)
      forgetRetry()
      video.removeEventListener('ended', onEnded)
      video.removeEventListener('play', onPlay)
      video.removeEventListener('pause', onPause)
      removeEventListener('online', onOnline)
      engine?.destroy()
    },
  }
  return session
}

/** The tracks that are loaded: others come with another broadcast, or another generation of its playlist. */
function tracksOf({ source, channel }: PlayerState): string {
  return `${source?.assetId} ${channel.generation}`
}
