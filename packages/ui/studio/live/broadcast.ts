import { backoff } from '../../channel/backoff.ts'
import type { Layer } from './sizes.ts'
import { openWhip, thisBrowser, type WhipBrowser, type WhipSession, type WhipTracks } from './whip.ts'
import { isLasting, type Refusal } from './words.ts'

/** How far a broadcast is. `ended`: it could not go on, and `why` says so; `stopped` by hand, or not begun. */
export type LiveState = 'stopped' | 'connecting' | 'live' | 'reconnecting' | 'ended'

export interface BroadcastOptions {
  readonly url: string
  /** Asked before each connection: it may have been changed. */
  readonly key: () => Promise<string>
  readonly tracks: () => WhipTracks
  readonly layers: () => readonly Layer[]
  /** The state has changed. */
  readonly onChange: () => void
  readonly browser?: WhipBrowser
}

/** One broadcast from the page: connects again by itself until it is stopped, or until that cannot help. */
export interface PageBroadcast {
  readonly state: LiveState
  /** Why it is not live, where it should be. */
  readonly why: Refusal | undefined
  start(): void
  stop(): void
  /** Others are sent from now on. */
  replaceTracks(): void
  stats(): Promise<RTCStatsReport | undefined>
}

export function createPageBroadcast(options: BroadcastOptions): PageBroadcast {
  const { onChange, browser = thisBrowser } = options
  let state: LiveState = 'stopped'
  let why: Refusal | undefined
  let session: WhipSession | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let attempts = 0
  let failingSince = 0
  /** Rises with each start and stop: what belongs to an earlier one counts no more. */
  let turn = 0

  function enter(next: LiveState, reason?: Refusal): void {
    state = next
    why = reason
    onChange()
  }

  function end(): void {
    clearTimeout(timer)
    session?.close()
    session = undefined
  }

  async function connect(own: number): Promise<void> {
    let key: string
    try {
      key = await options.key()
    } catch (error) {
      return failed(own, {
        code: 'unreachable',
        text: error instanceof Error ? error.message : 'The server cannot be reached.',
      })
    }
    if (own !== turn) return
    session = openWhip(
      { url: options.url, key, tracks: options.tracks(), layers: options.layers() },
      {
        connected() {
          if (own !== turn) return
          attempts = 0
          enter('live')
        },
        failed: (refusal) => failed(own, refusal),
      },
      browser,
    )
  }

  function failed(own: number, refusal: Refusal): void {
    if (own !== turn) return
    end()
    if (isLasting(refusal)) {
      turn++
      return enter('ended', refusal)
    }
    if (attempts++ === 0) failingSince = Date.now()
    enter('reconnecting', refusal)
    timer = setTimeout(() => void connect(own), backoff(attempts, Date.now() - failingSince, Math.random()))
  }

  return {
    get state() {
      return state
    },
    get why() {
      return why
    },
    start() {
      end()
      attempts = 0
      enter('connecting')
      void connect(++turn)
    },
    stop() {
      turn++
      end()
      enter('stopped')
    },
    replaceTracks() {
      // A track that came to an end meanwhile cannot be replaced; the next connection has the new ones.
      session?.replace(options.tracks()).catch(() => undefined)
    },
    stats: async () => session?.stats(),
  }
}
