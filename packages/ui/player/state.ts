/**
 * What the player is doing and what it should do next, without DOM, network or clock: events in, state and effects
 * out. Dates are Unix milliseconds of the broadcast (program date time).
 *
 *   offline ──► starting ──► live ◄──► behind      replay ──► ended
 *      ▲            └──────► stalled ◄────┘           ▲
 *      └── broadcast over ──────┴── rewound past its end ┘
 */
import { backoff } from '../channel/backoff.ts'

export type Phase = 'offline' | 'starting' | 'live' | 'behind' | 'stalled' | 'replay' | 'ended'

/** `live`: the short live playlist of the channel. `vod`: the asset from its first frame on. */
export interface Source {
  readonly kind: 'live' | 'vod'
  readonly assetId: string
}

export interface PlayerState {
  readonly phase: Phase
  readonly source: Source | undefined
  /** What the server last said of the channel; an asset's page says `live: false`. */
  readonly channel: { readonly live: boolean; readonly assetId: string; readonly generation: number }
  /** Where playback should go on after a reload; `undefined` means the live edge (or the beginning of a replay). */
  readonly at: number | undefined
  /** The viewer has gone back within the live playlist. One who is merely late wants the live edge. */
  readonly rewound: boolean
  /** Failures in a row. */
  readonly attempt: number
  /** When the first of them was; milliseconds. */
  readonly failingSince: number
  /** A picture has been seen since the source was loaded. */
  readonly seen: boolean
}

export type PlayerEvent =
  | { readonly type: 'channel'; readonly live: boolean; readonly assetId: string; readonly generation: number }
  /** Open one asset and nothing else (`/watch/{asset}`), from its beginning also while it is still being broadcast. */
  | { readonly type: 'asset'; readonly assetId: string }
  /** Media time moves. `behind` in seconds from the live edge, `date` of the frame shown. */
  | { readonly type: 'progress'; readonly behind: number; readonly date: number | undefined }
  | { readonly type: 'stalled' }
  /** The source cannot be loaded or decoded, and the engine has given up. */
  | { readonly type: 'failed' }
  /** The pause after a failure is over, and the server was asked about the channel just now. */
  | { readonly type: 'retry' }
  /** The viewer asks for a moment. `window` is the first date that the loaded playlist holds, `edge` its last. */
  | { readonly type: 'seek'; readonly date: number; readonly window: number; readonly edge: number }
  | { readonly type: 'go-live' }
  /** The end of a finished playlist was played. */
  | { readonly type: 'finished' }
  /** The server is sure that it has no such recording, or no more. */
  | { readonly type: 'gone'; readonly assetId: string }
  /** The machine's network, or the server, came back, and the server was asked about the channel just now. */
  | { readonly type: 'online' }

export type Effect =
  | { readonly do: 'load'; readonly source: Source; readonly at: number | undefined }
  | { readonly do: 'seek'; readonly date: number }
  | { readonly do: 'seek-live' }
  | { readonly do: 'unload' }
  /** After so many milliseconds ask the server about the channel, then send `retry`. */
  | { readonly do: 'retry'; readonly after: number }
  /** Ask the server about the channel now instead of at the next poll. */
  | { readonly do: 'ask' }

export interface Step {
  readonly state: PlayerState
  readonly effects: readonly Effect[]
}

export const initial: PlayerState = {
  phase: 'offline',
  source: undefined,
  channel: { live: false, assetId: '', generation: 0 },
  at: undefined,
  rewound: false,
  attempt: 0,
  failingSince: 0,
  seen: false,
}

/** Seconds behind the edge at which a viewer counts as behind, and (lower, against flicker) as live again. */
export const behindLimit = { leave: 8, enter: 5 } as const
/** A seek that lands closer than this to the edge means "live"; seconds. */
const edgeSnap = 4
/** Less than this listed after the picture is nothing; seconds. */
const dry = 0.75
/** A list that was read so long ago may have more by now: the longest that a server takes to add a segment, and some; milliseconds. */
const fresh = 10_000

/**
 * @param random in [0, 1), for the spread of retries.
 * @param now milliseconds of any clock that does not go back.
 */
export function step(state: PlayerState, event: PlayerEvent, random = 0.5, now = 0): Step {
  switch (event.type) {
    case 'channel':
      return onChannel(state, event)
    case 'asset':
      return load({ ...state, phase: 'starting' }, { kind: 'vod', assetId: event.assetId }, 0)
    case 'progress':
      return onProgress(state, event)
    case 'stalled':
      return onStalled(state)
    case 'failed':
      return onFailed(state, random, now)
    case 'retry':
    case 'online':
      return onRetry(state, event.type)
    case 'seek':
      return onSeek(state, event)
    case 'go-live':
      return onGoLive(state)
    case 'gone':
      return onGone(state, event.assetId)
    case 'finished':
      break
  }
  return onFinished(state)
}

function load(state: PlayerState, source: Source, at: number | undefined): Step {
  return {
    state: {
      ...{ ...state, source, at, rewound: false, seen: false },
      phase: state.phase === 'stalled' ? 'stalled' : 'starting',
    },
    effects: [{ do: 'load', source, at }],
  }
}

/**
 * The same once more. In the live playlist a viewer who was at the edge wants the edge; elsewhere the moment he was at, which
 * a playlist that is loaded at its edge may no longer hold.
 */
function reload(state: PlayerState, { kind, assetId }: Source): Step {
  const isAtEdge = kind === 'live' && !state.rewound
  return isAtEdge ? load(state, { kind, assetId }, undefined) : load(state, { kind: 'vod', assetId }, state.at)
}

function onChannel(before: PlayerState, event: Extract<PlayerEvent, { type: 'channel' }>): Step {
  const { live, assetId, generation } = event
  const state: PlayerState = { ...before, channel: { live, assetId, generation } }
  if (live) {
    const source: Source = { kind: 'live', assetId }
    if (!state.source || state.phase === 'ended') return load({ ...state, attempt: 0 }, source, undefined)
    // Somebody who has rewound goes on where he is; the live button leads to the new broadcast.
    if (state.source.kind === 'vod') return { state, effects: [] }
    if (state.source.assetId !== assetId) return load({ ...state, attempt: 0 }, source, undefined)
    // It falls with a restarted server, which lists the same broadcast and does not know of its ladder yet: there is nothing new to be had.
    return generation > before.channel.generation ? reload({ ...state, attempt: 0 }, source) : { state, effects: [] }
  }
  if (state.source?.kind === 'vod' && state.phase === 'behind')
    return { state: { ...state, phase: 'replay' }, effects: [] }
  const waiting =
    state.phase === 'stalled' || (state.phase === 'starting' && state.attempt > 0) || state.phase === 'ended'
  if (state.source?.kind === 'live' && waiting) return goOffline(state)
  return { state, effects: [] }
}

function goOffline(state: PlayerState): Step {
  return {
    state: { ...state, phase: 'offline', source: undefined, at: undefined, attempt: 0, seen: false },
    effects: [{ do: 'unload' }],
  }
}

function onProgress(state: PlayerState, event: Extract<PlayerEvent, { type: 'progress' }>): Step {
  if (!state.source) return { state, effects: [] }
  const at = event.date ?? state.at
  const base = { ...state, at, attempt: 0, seen: true }
  if (state.source.kind === 'vod') {
    const phase = state.channel.live && state.source.assetId === state.channel.assetId ? 'behind' : 'replay'
    return { state: { ...base, phase }, effects: [] }
  }
  const limit = state.phase === 'behind' ? behindLimit.enter : behindLimit.leave
  return { state: { ...base, phase: event.behind > limit ? 'behind' : 'live' }, effects: [] }
}

function onStalled(state: PlayerState): Step {
  if (!state.source || state.phase === 'offline' || state.phase === 'ended') return { state, effects: [] }
  if (state.phase === 'starting') return { state, effects: [] }
  return { state: { ...state, phase: 'stalled' }, effects: [{ do: 'ask' }] }
}

function onFailed(state: PlayerState, random: number, now: number): Step {
  if (!state.source) return { state, effects: [] }
  // The channel's own playlist is not kept for long, and that it has ended is no news any more.
  if (state.source.kind === 'live' && !state.rewound && !state.channel.live) return goOffline(state)
  const attempt = state.attempt + 1
  const failingSince = attempt === 1 ? now : state.failingSince
  const phase = state.seen || state.phase === 'stalled' ? 'stalled' : 'starting'
  return {
    state: { ...state, attempt, failingSince, phase },
    effects: [{ do: 'ask' }, { do: 'retry', after: backoff(attempt, now - failingSince, random) }],
  }
}

function onRetry(state: PlayerState, why: 'retry' | 'online'): Step {
  if (!state.source) return { state, effects: [] }
  const troubled = state.phase === 'stalled' || state.attempt > 0
  // The network came back while all was well: only what is in trouble is loaded again.
  if (why === 'online' && !troubled) return { state, effects: [] }
  const attempt = why === 'online' ? 0 : state.attempt
  // It may have played on from what was buffered.
  const phase = state.seen ? 'stalled' : state.phase
  return reload({ ...state, attempt, phase }, state.source)
}

function onSeek(state: PlayerState, event: Extract<PlayerEvent, { type: 'seek' }>): Step {
  const { source, channel } = state
  if (!source) return { state, effects: [] }
  const ofChannel = channel.live && channel.assetId === source.assetId
  if (ofChannel && (event.edge - event.date) / 1000 < edgeSnap) return onGoLive(state)
  if (source.kind === 'live' && event.date < event.window) {
    return load({ ...state, phase: 'behind' }, { kind: 'vod', assetId: source.assetId }, event.date)
  }
  const rewound = source.kind === 'live'
  const phase = rewound ? 'behind' : state.phase === 'ended' ? 'replay' : state.phase
  return { state: { ...state, phase, rewound, at: event.date }, effects: [{ do: 'seek', date: event.date }] }
}

function onGoLive(state: PlayerState): Step {
  const { source, channel } = state
  if (!channel.live) return { state, effects: [{ do: 'ask' }] }
  if (source?.kind === 'live' && source.assetId === channel.assetId && state.phase !== 'stalled') {
    return { state: { ...state, rewound: false, at: undefined }, effects: [{ do: 'seek-live' }] }
  }
  return load({ ...state, phase: 'starting', attempt: 0 }, { kind: 'live', assetId: channel.assetId }, undefined)
}

/** Who had gone back in it has nothing to go on with but what is live. */
function onGone(state: PlayerState, assetId: string): Step {
  const { source, channel } = state
  if (source?.kind !== 'vod' || source.assetId !== assetId) return { state, effects: [] }
  if (!channel.live) return goOffline(state)
  return load({ ...state, phase: 'starting', attempt: 0 }, { kind: 'live', assetId: channel.assetId }, undefined)
}

function onFinished(state: PlayerState): Step {
  if (!state.source) return { state, effects: [] }
  const { source, channel } = state
  if (source.kind === 'vod') {
    const other = channel.live && channel.assetId !== source.assetId
    if (other) return load({ ...state, phase: 'starting' }, { kind: 'live', assetId: channel.assetId }, undefined)
    return { state: { ...state, phase: 'ended' }, effects: [{ do: 'ask' }] }
  }
  if (!channel.live) return goOffline(state)
  if (channel.assetId !== source.assetId) return load(state, { kind: 'live', assetId: channel.assetId }, undefined)
  // The playlist ended before the channel's poll said so.
  return { state: { ...state, phase: 'ended' }, effects: [{ do: 'ask' }] }
}

/** What the engine knows of the list it plays. */
export interface Listed {
  /** Seconds of media after the frame shown, holes left out; `undefined` while that is not known. */
  readonly ahead: number | undefined
  /** Milliseconds since the list was read; infinite before. */
  readonly age: number
}

/** All that is listed has been played. What stands behind it are holes, which nobody can play. */
export function isDry({ ahead }: Pick<Listed, 'ahead'>): boolean {
  return ahead !== undefined && ahead < dry
}

/**
 * Whether a rewound viewer whose picture stands should move over to the live playlist: there is no more to be seen of the recording.
 * How far he is behind says nothing of that. Just behind live his link may be slow, and where a recording was lost he may be minutes
 * away. A list that is old says nothing either: there may be more in it by now.
 */
export function hasCaughtUp(state: PlayerState, listed: Listed): boolean {
  return (
    state.source?.kind === 'vod' &&
    state.channel.live &&
    state.source.assetId === state.channel.assetId &&
    listed.age < fresh &&
    isDry(listed)
  )
}
