import type { Engine, EngineEvents, EngineSource, PlaylistEngine, PlaylistEvents } from '../engine.ts'
import type { WantedQuality } from '../qualities.ts'
import type { RealTime, RealTimeEvents } from '../whep/real-time.ts'
import { type ChoiceAction, type ChoiceEvent, choose, initialChoice } from './choice.ts'
import { ladderOf, type Transport } from './transport.ts'
import type { Choice } from './view.ts'

interface Options {
  readonly video: HTMLVideoElement
  readonly events: EngineEvents
  readonly able: ReadonlySet<Transport>
  /** Address of the channel's WHEP endpoint. */
  readonly whep: string
  /** The quickest transport that is wanted now. */
  wanted(): Transport
  /** It was asked for by the viewer or the page, who then take it as it is. */
  forced(): boolean
  /** Rejects when its code cannot be loaded. @param isLive asks the server whether what is loaded goes on; a recording always does */
  createPlaylist(
    events: PlaylistEvents,
    wantedQuality: WantedQuality,
    isLive: () => Promise<boolean>,
  ): Promise<PlaylistEngine>
  openRealTime(url: string, events: RealTimeEvents, wantedQuality: WantedQuality): Promise<RealTime>
  /** Asks the server whether the channel is live. Never rejects. */
  isLive(): Promise<boolean>
  /** @returns to stop listening */
  onAnotherNetwork(tell: () => void): () => void
}

/** Carries out what `choice.ts` decides: one playlist engine and one WebRTC session at most take turns at the element. */
export function createChoosingEngine(options: Options): Engine {
  const { video, events, able } = options
  const wantedQuality: WantedQuality = { quality: undefined }
  let state = initialChoice
  let source: EngineSource | undefined
  /** The live broadcast that was loaded last. */
  let liveAsset = ''
  let playlist: PlaylistEngine | undefined
  let making: Promise<void> | undefined
  /** The playlist engine has the element and `source`. */
  let loaded = false
  /** Rises when somebody else gets the element: what was waited for is wanted no more. */
  let turn = 0
  /** The playlist engine is to play parts. */
  let low = true
  let realTime: RealTime | undefined
  /** The attempt that is under way, also before its code is there. */
  let attempt: { realTime?: RealTime } | undefined
  let gone = false
  const stopListening = options.onAnotherNetwork(() => send({ type: 'network' }))

  function send(event: ChoiceEvent): void {
    if (gone) return
    const before = state
    const step = choose(state, event, performance.now(), Math.random())
    state = step.state
    for (const action of step.actions) run(action)
    if (state.playing !== before.playing || state.trying !== before.trying || state.marks !== before.marks) {
      events.changed()
    }
  }

  function run(action: ChoiceAction): void {
    switch (action.do) {
      case 'try':
        return connect()
      case 'drop':
        attempt?.realTime?.close()
        attempt = undefined
        return
      case 'play':
        if (action.transport === 'webrtc') takeOver()
        else playPlaylist(action.transport === 'll-hls')
    }
  }

  function connect(): void {
    // Behind a picture, or alone: then the element is its own from the beginning.
    const alone = state.playing === undefined
    if (alone) leave()
    const mine: { realTime?: RealTime } = {}
    attempt = mine
    const about: RealTimeEvents = {
      connected() {
        if (attempt !== mine && !plays()) return
        const text = mine.realTime?.soundMissing
        // Nobody who did not ask for it should have to do without sound.
        if (text === undefined || options.forced()) return send({ type: 'connected', transport: 'webrtc' })
        if (plays()) events.leaving()
        mine.realTime?.close()
        about.failed({ code: 'no-sound', text, lasting: true })
      },
      ready() {
        if (attempt === mine) send({ type: 'ready', transport: 'webrtc' })
      },
      trouble() {
        if (plays()) send({ type: 'trouble' })
      },
      failed(failure) {
        if (attempt !== mine && !plays()) return
        if (attempt === mine) attempt = undefined
        send({ type: 'failed', transport: 'webrtc', failure })
      },
      leaving: events.leaving,
      isLive: options.isLive,
      over() {
        if (plays()) events.over()
      },
      measured() {
        if (realTime && plays()) events.updated(Date.now() + realTime.skew - usualAge)
      },
    }
    const plays = () => mine.realTime !== undefined && mine.realTime === realTime
    options.openRealTime(options.whep, about, wantedQuality).then(
      (opened) => {
        mine.realTime = opened
        if (gone || attempt !== mine) return opened.close()
        if (alone) opened.attach()
      },
      () => about.failed({ code: 'unreachable' }),
    )
  }

  function takeOver(): void {
    const opened = attempt?.realTime
    attempt = undefined
    if (!opened || opened === realTime) return
    events.leaving()
    unloadPlaylist()
    realTime?.close()
    realTime = opened
    realTime.attach()
  }

  /** Loads a source once the engine's code is there, unless something else plays by then. */
  function load(url: string, at: number | undefined): void {
    const mine = ++turn
    if (playlist) {
      loaded = true
      playlist.lowLatency = low
      return playlist.load(url, at)
    }
    const about: PlaylistEvents = { updated: events.updated, failed: events.failed }
    const isLive = async () => source?.kind !== 'live' || options.isLive()
    making ??= options.createPlaylist(about, wantedQuality, isLive).then(
      (made) => {
        playlist = made
        if (gone) made.destroy()
      },
      () => {
        making = undefined
      },
    )
    void making.then(() => {
      if (gone || turn !== mine) return
      if (playlist) load(url, at)
      else events.failed('the engine could not be loaded')
    })
  }

  function playPlaylist(lowLatency: boolean): void {
    if (!source) return
    low = lowLatency
    if (loaded && playlist) {
      // Another distance from the edge; what is there is in the buffer already.
      playlist.lowLatency = low
      const position = playlist.livePosition
      if (position !== undefined && position < video.currentTime) video.currentTime = position
      return
    }
    leave()
    load(source.url, undefined)
  }

  /** Takes the element from whatever has it. */
  function leave(): void {
    if (realTime || loaded) events.leaving()
    realTime?.close()
    realTime = undefined
    unloadPlaylist()
  }

  function unloadPlaylist(): void {
    if (loaded) playlist?.unload()
    loaded = false
    turn++
  }

  function drop(): void {
    send({ type: 'stop' })
    leave()
    source = undefined
  }

  function wantedChanged(by: 'viewer' | 'channel'): void {
    const ladder = ladderOf(options.wanted(), able)
    const anew = by === 'viewer'
    if (anew || ladder.join() !== state.ladder.join()) send({ type: 'ladder', ladder, anew })
  }

  /** The playlist engine, while what it says is of the element. */
  function shown(): PlaylistEngine | undefined {
    return loaded ? playlist : undefined
  }

  return {
    load(next, at) {
      const anew = next.assetId !== liveAsset
      if (next.kind === 'live' && at === undefined) {
        const isGoingOn = realTime && !realTime.silent && !anew && source?.kind === 'live'
        liveAsset = next.assetId
        source = next
        // Another generation of the playlists is nothing to somebody who watches none, unless there are more tracks now.
        if (isGoingOn) return realTime?.renew()
        unloadPlaylist()
        wantedChanged('channel')
        return send({ type: 'start', anew })
      }
      send({ type: 'stop' })
      realTime?.close()
      realTime = undefined
      source = next
      load(next.url, at)
    },
    unload: drop,
    destroy() {
      drop()
      gone = true
      stopListening()
      playlist?.destroy()
    },
    wantedChanged,
    stalled() {
      if (!realTime) send({ type: 'trouble' })
    },
    tick: (free) => send({ type: 'tick', free }),
    get choice() {
      return view()
    },
    get moving() {
      return realTime && !realTime.silent
    },
    get date() {
      if (!realTime) return playlist?.date
      const { latency, skew } = realTime
      return latency === undefined ? undefined : Date.now() + skew - latency * 1000
    },
    get window() {
      if (!realTime) return playlist?.window
      // Nothing before now is in the window: whoever rewinds leaves real time.
      const now = Date.now() + realTime.skew
      return { start: now, end: now }
    },
    get duration() {
      return shown()?.duration
    },
    get growing() {
      return realTime !== undefined || (playlist?.growing ?? false)
    },
    timeOf: (date) => shown()?.timeOf(date),
    get livePosition() {
      return shown()?.livePosition
    },
    get holdBack() {
      return shown()?.holdBack
    },
    get ahead() {
      if (!realTime) return playlist?.ahead
      // An encoder that is away is waited for; there would be nothing newer by other ways.
      return realTime.silent ? 0 : undefined
    },
    get arrived() {
      return shown()?.arrived
    },
    behindHole: (time) => shown()?.behindHole(time),
    get qualities() {
      return (shown() ?? realTime)?.qualities
    },
  }

  function view(): Choice {
    const { ladder, marks, playing, trying } = state
    const now = performance.now()
    const better = playing ? ladder.slice(0, ladder.indexOf(playing)) : []
    return {
      able,
      playing,
      trying: trying?.transport,
      failures: better.flatMap((transport) => {
        const { failure, notBefore } = marks[transport]
        return failure ? [{ transport, failure, again: Math.max(0, (notBefore - now) / 1000) }] : []
      }),
      latency: realTime?.latency,
      height: realTime?.height,
      soundMissing: realTime?.soundMissing,
      encodedAgain: realTime?.encodedAgain,
    }
  }
}

/** What a right clock is usually ahead of the newest date; milliseconds. See `edge-clock.ts`. */
const usualAge = 400
