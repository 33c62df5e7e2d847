/**
 * Which transport plays the live edge: starts with the best, falls to steadier ones, climbs back by itself, never flaps.
 * Without DOM, network or clock: events and the time go in, state and actions come out.
 *
 *   start ──► trying webrtc ──ready──► webrtc playing ──failed──► next steadier playing
 *                 └──not within 2 s──► next steadier playing ──wait, steady──► trying behind the picture ──► …
 *
 * WebRTC can be tried behind the picture that plays. HLS with low latency cannot: it is climbed to by switching, so its waits
 * are longer. Each failure of its own doubles the wait of the transport that failed; ten minutes without trouble take one
 * off the count. Times are milliseconds of any one clock.
 */
import {
  CONNECT_LIMIT,
  FIRST_WAIT,
  LONGEST_WAIT,
  PICTURE_LIMIT,
  PROVEN,
  STALLS_WAIT,
  STEADY,
  TROUBLE_WINDOW,
  TROUBLES_MAX,
} from './limits.ts'
import { type Transport, transports } from './transport.ts'

/** Why a transport does not play. */
export interface Failure {
  /** Of the server's problem document, or the player's own: `slow`, `no-picture`, `lost`, `stalls`, … */
  readonly code: string
  /** For people, where the server gave one. */
  readonly text?: string
  /** Trying again soon is of no use: the broadcast or the server would have to change. */
  readonly lasting?: boolean
}

/** What is remembered of one transport. */
export interface Mark {
  /** Counts up with each failure, down with each `PROVEN` that it played without trouble. */
  readonly failures: number
  /** It is not tried before. */
  readonly notBefore: number
  readonly failure: Failure | undefined
}

export interface ChoiceState {
  /** What may be played, best first; see `ladderOf`. */
  readonly ladder: readonly Transport[]
  /** The live edge is wanted at all: not while offline, and not by somebody who has rewound. */
  readonly wanted: boolean
  readonly playing: Transport | undefined
  /** When it began to play, or last had trouble. */
  readonly steadySince: number
  /** Troubles of what plays, oldest first. */
  readonly troubles: readonly number[]
  /** A better one that is being tried, behind the picture where there is one. */
  readonly trying: { readonly transport: Transport; readonly until: number; readonly connected: boolean } | undefined
  readonly marks: Readonly<Record<Transport, Mark>>
}

export type ChoiceEvent =
  /** Setting, force or abilities have changed. `anew`: the viewer asked, so what failed before is tried at once. */
  | { readonly type: 'ladder'; readonly ladder: readonly Transport[]; readonly anew: boolean }
  /** The live edge is to be played. `anew`: another broadcast, about which nothing is known. */
  | { readonly type: 'start'; readonly anew: boolean }
  | { readonly type: 'stop' }
  /** What is being tried has connected; its picture is on the way. */
  | { readonly type: 'connected'; readonly transport: Transport }
  /** What is being tried has a picture. */
  | { readonly type: 'ready'; readonly transport: Transport }
  | { readonly type: 'failed'; readonly transport: Transport; readonly failure: Failure }
  /** What plays has stalled by its own fault. */
  | { readonly type: 'trouble' }
  /** Another network: what failed on the last one may work. */
  | { readonly type: 'network' }
  /** `free`: something better may be tried now; not while paused, hidden or behind. */
  | { readonly type: 'tick'; readonly free: boolean }

export type ChoiceAction =
  /** Connect it; it answers with `connected`, `ready` or `failed`. */
  | { readonly do: 'try'; readonly transport: Transport }
  /** Stop trying it. */
  | { readonly do: 'drop'; readonly transport: Transport }
  /** It takes the picture over now. */
  | { readonly do: 'play'; readonly transport: Transport }

export interface ChoiceStep {
  readonly state: ChoiceState
  readonly actions: readonly ChoiceAction[]
}

const unmarked: Mark = { failures: 0, notBefore: 0, failure: undefined }

export const initialChoice: ChoiceState = {
  ladder: [],
  wanted: false,
  playing: undefined,
  steadySince: 0,
  troubles: [],
  trying: undefined,
  marks: { webrtc: unmarked, 'll-hls': unmarked, hls: unmarked },
}

/** @param random in [0, 1), so that the viewers of one server do not come back all at once. */
export function choose(before: ChoiceState, event: ChoiceEvent, now: number, random = 0.5): ChoiceStep {
  const actions: ChoiceAction[] = []
  let state = before

  function mark(transport: Transport, failure: Failure): void {
    // A server or an encoder that is away is none of the transport's, and nobody should wait for it longer than it is away.
    const isAway = failure.code === 'unreachable' || failure.code === 'not-ready'
    const count = state.marks[transport].failures + (isAway ? 0 : 1)
    const first = failure.code === 'stalls' ? STALLS_WAIT : FIRST_WAIT
    const grown = isAway ? first : Math.min(LONGEST_WAIT, first * 2 ** Math.min(count - 1, 10))
    const wait = (failure.lasting ? LONGEST_WAIT : grown) * (0.75 + random / 2)
    const next: Mark = { failures: count, notBefore: now + wait, failure }
    state = { ...state, marks: { ...state.marks, [transport]: next } }
  }

  /** What plays has stood its time until now, when something befalls it. What it stood in trouble proves nothing. */
  function credit(transport: Transport): void {
    const known = state.marks[transport]
    const failures = Math.max(0, known.failures - Math.floor((now - state.steadySince) / PROVEN))
    state = { ...state, steadySince: now, marks: { ...state.marks, [transport]: { ...known, failures } } }
  }

  function forget(): void {
    state = { ...state, marks: initialChoice.marks }
  }

  function drop(): void {
    if (!state.trying) return
    actions.push({ do: 'drop', transport: state.trying.transport })
    state = { ...state, trying: undefined }
  }

  function play(transport: Transport): void {
    if (state.trying && state.trying.transport !== transport) drop()
    state = { ...state, trying: undefined, playing: transport, steadySince: now, troubles: [] }
    actions.push({ do: 'play', transport })
  }

  function attempt(transport: Transport): void {
    if (transport !== 'webrtc') return play(transport)
    state = { ...state, trying: { transport, until: now + CONNECT_LIMIT, connected: false } }
    actions.push({ do: 'try', transport })
  }

  /** The best that may be tried now. HLS at the end of the ladder always may: somebody has to be watching something. */
  function best(): Transport | undefined {
    const due = state.ladder.find((transport) => state.marks[transport].notBefore <= now)
    const last = state.ladder.at(-1)
    return due ?? (last === 'webrtc' ? undefined : last)
  }

  function begin(): void {
    const { playing, troubles } = state
    drop()
    fall()
    // Loading the same once more is no cure: what it has done so far counts.
    if (playing && state.playing === playing) state = { ...state, troubles }
  }

  /** From what has just failed, or from nothing, to the best of what is left. */
  function fall(): void {
    state = { ...state, playing: undefined, troubles: [] }
    const next = best()
    if (next) attempt(next)
  }

  function climb(): void {
    const { playing, trying, ladder } = state
    if (!playing || trying || now - state.steadySince < STEADY) return
    const better = ladder.slice(0, Math.max(0, ladder.indexOf(playing)))
    const next = better.find((transport) => state.marks[transport].notBefore <= now)
    if (next) attempt(next)
  }

  function expire(): void {
    const { trying, playing } = state
    if (!trying || now < trying.until) return
    drop()
    mark(trying.transport, { code: trying.connected ? 'no-picture' : 'slow' })
    if (!playing) fall()
  }

  switch (event.type) {
    case 'ladder': {
      state = { ...state, ladder: event.ladder }
      if (event.anew) forget()
      if (!state.wanted) break
      // An attempt at what is wanted anyway goes on.
      if (state.trying && state.trying.transport !== event.ladder[0]) drop()
      if (state.playing && !event.ladder.includes(state.playing)) begin()
      else if (!state.playing && !state.trying) begin()
      else if (event.anew && state.playing && !state.trying) {
        const first = best()
        if (first && first !== state.playing) attempt(first)
      }
      break
    }
    case 'start':
      state = { ...state, wanted: true }
      if (event.anew) forget()
      begin()
      break
    case 'stop':
      drop()
      state = { ...state, wanted: false, playing: undefined, troubles: [] }
      break
    case 'connected':
      if (state.trying?.transport === event.transport) {
        state = { ...state, trying: { transport: event.transport, until: now + PICTURE_LIMIT, connected: true } }
      }
      break
    case 'ready':
      if (state.trying?.transport === event.transport) play(event.transport)
      break
    case 'failed':
      if (state.trying?.transport === event.transport) {
        state = { ...state, trying: undefined }
        mark(event.transport, event.failure)
        if (!state.playing) fall()
      } else if (state.playing === event.transport) {
        credit(event.transport)
        mark(event.transport, event.failure)
        fall()
      }
      break
    case 'trouble': {
      const { playing } = state
      if (!playing) break
      credit(playing)
      const troubles = [...state.troubles.filter((at) => now - at < TROUBLE_WINDOW), now]
      state = { ...state, troubles }
      if (troubles.length >= TROUBLES_MAX && playing !== state.ladder.at(-1)) {
        mark(playing, { code: 'stalls' })
        fall()
      }
      break
    }
    case 'network':
      // What failed lastingly failed on any network.
      for (const transport of transports) {
        const known = state.marks[transport]
        if (known.failure && !known.failure.lasting) {
          state = { ...state, marks: { ...state.marks, [transport]: { ...known, notBefore: now } } }
        }
      }
      break
    case 'tick':
      expire()
      if (state.wanted && !state.playing && !state.trying) fall()
      else if (event.free) climb()
      else if (state.playing) drop()
  }
  return { state, actions }
}
