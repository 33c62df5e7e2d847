import type { Channel } from '@bandstand/contract/api/channel.ts'
import type { Replay } from '@bandstand/contract/api/replay.ts'
import { addresses, type Place } from '../channel/address.ts'
import { answerLimit, type Feed, feedOf } from '../channel/feed.ts'
import type { Engine, EngineEvents } from './engine.ts'
import { createLastReplay } from './last-replay.ts'
import { createSession, type Session } from './session.ts'
import type { Phase } from './state.ts'

/** What the player is opened for: one recording, else a channel. */
export interface Programme {
  readonly place: Place
  /** Id of the recording; empty for the channel of `place`. */
  readonly asset: string
}

/** What is being watched: the session that plays it, and what the server says of it. */
export interface Watching {
  readonly session: Session | undefined
  readonly phase: Phase
  /** Of the channel; `undefined` until they are known, and for a recording. */
  readonly facts: Channel | undefined
  /** The server knows nothing of that name. */
  readonly missing: boolean
  /** There is no picture of the channel to show. */
  readonly dark: boolean
  /** The newest past broadcast of the channel, while it is dark. */
  readonly last: Replay | undefined
  open(programme: Programme, video: HTMLVideoElement): void
  close(): void
}

interface WatchingOptions {
  createEngine(video: HTMLVideoElement, events: EngineEvents, place: Place): Engine
  /** A source is about to be loaded. */
  onLoad(): void
  /** Something of this has changed. */
  onChange(): void
  onPhase(phase: Phase): void
}

export function createWatching(options: WatchingOptions): Watching {
  let programme: Programme | undefined
  let session: Session | undefined
  let feed: Feed | undefined
  let unwatch: (() => void) | undefined
  let facts: Channel | undefined
  let assetMissing = false
  /** The server is being asked about the recording. */
  let looking: Promise<void> | undefined
  let phase: Phase | undefined
  const last = createLastReplay(options.onChange)

  function openAsset(opened: Programme, started: Session): void {
    started.send({ type: 'asset', assetId: opened.asset })
    void lookFor(opened)
  }

  /** Where there is no such recording, or no more, it is not tried again and again. Never rejects. */
  function lookFor(opened: Programme): Promise<void> {
    looking ??= isMissing(opened.place.server, opened.asset).then((missing) => {
      looking = undefined
      if (programme !== opened) return
      assetMissing = missing
      if (missing) {
        session?.destroy()
        session = undefined
        tellPhase()
      }
      options.onChange()
    })
    return looking
  }

  /** Asks about the channel, and about the recording that is played where that fails: what was seen to its end stays. Never rejects. */
  async function ask(opened: Programme): Promise<void> {
    await feed?.ask()
    if (programme !== opened || !session?.state.attempt) return
    if (opened.asset) return lookFor(opened)
    // Without recording there is no more to see when the broadcast is over, for those who had gone back.
    const { source } = session.state
    const isRunning = facts?.live === true && facts.assetId === source?.assetId
    if (source?.kind !== 'vod' || isRunning || !(await isMissing(opened.place.server, source.assetId))) return
    if (programme === opened) session?.send({ type: 'gone', assetId: source.assetId })
  }

  function openChannel(place: Place, started: Session): void {
    feed = feedOf(place)
    unwatch = feed.watch(
      (next) => {
        facts = next
        started.engine?.wantedChanged('channel')
        const { live, assetId, generation } = next
        started.send({ type: 'channel', live: live && assetId !== null, assetId: assetId ?? '', generation })
        lookForLast()
        options.onChange()
      },
      (news) => {
        if (news === 'back') started.online()
        // Nothing is broadcast where there is no channel. What plays goes on to its end, and beyond that where it was a mistake.
        else started.send({ type: 'channel', live: false, assetId: '', generation: facts?.generation ?? 0 })
        options.onChange()
      },
    )
  }

  function onSession(): void {
    if (tellPhase()) lookForLast()
    options.onChange()
  }

  /** @returns whether it has changed */
  function tellPhase(): boolean {
    if (watching.phase === phase) return false
    phase = watching.phase
    options.onPhase(phase)
    return true
  }

  function lookForLast(): void {
    if (facts && programme) last.update(programme.place, facts, watching.dark)
  }

  const watching: Watching = {
    get session() {
      return session
    },
    get phase() {
      return session?.state.phase ?? 'offline'
    },
    get facts() {
      return facts
    },
    get missing() {
      return feed?.missing ?? assetMissing
    },
    get dark() {
      return !programme?.asset && (watching.phase === 'offline' || watching.phase === 'ended')
    },
    get last() {
      return last.replay
    },
    open(next, video) {
      programme = next
      const { server, channel } = next.place
      session = createSession({
        ...{ server, channel, video },
        createEngine: (element, events) => options.createEngine(element, events, next.place),
        onLoad: options.onLoad,
        onChange: onSession,
        ask: () => ask(next),
      })
      if (next.asset) openAsset(next, session)
      else openChannel(next.place, session)
    },
    close() {
      unwatch?.()
      unwatch = undefined
      last.forget()
      feed = undefined
      facts = undefined
      assetMissing = false
      looking = undefined
      session?.destroy()
      session = undefined
      programme = undefined
      if (phase !== undefined) tellPhase()
    },
  }
  return watching
}

/** Whether the server is sure that there is no such recording. Where it cannot be asked, the playlist itself decides. */
async function isMissing(server: string, asset: string): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(answerLimit)
    return (await fetch(addresses.assetFacts(server, asset), { cache: 'no-store', signal })).status === 404
  } catch {
    return false
  }
}
