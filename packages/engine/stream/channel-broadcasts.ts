import type { LiveBroadcast } from '../packager/live.ts'
import type { Admission, BroadcastRegister, ChannelRecord, Log, PublishRequest } from '../ports.ts'
import type { EncoderFacts } from './diagnosis.ts'
import { createEndedBroadcasts } from './ended.ts'
import { deadlineAfterLeap } from './leap.ts'

export interface FinishedBroadcast {
  /** Of the recording, milliseconds. */
  readonly duration: number
  readonly bytes: number
  /** What was to be cut or listed last and was not. */
  readonly failure?: unknown
}

/** What is needed of a broadcast to see it to its end. */
interface Endable {
  readonly assetId: string
  readonly live: LiveBroadcast | undefined
  /** Resolves when the recording is on disk. */
  end(now: number): Promise<FinishedBroadcast>
  /** Lets go of its memory. */
  close(): void
}

/** The broadcast that runs; it outlives connections. */
export interface Running<B> {
  readonly broadcast: B
  /** Unix ms; `undefined` until its first epoch has opened. */
  startedAt: number | undefined
  /** Unix ms at which the broadcast ends unless an encoder comes; `undefined` while one is connected. */
  deadline: number | undefined
  /** Encoders that came after the first. */
  reconnects: number
  encoder: Encoder | undefined
}

/** The one that is connected, or was last. */
interface Encoder {
  readonly request: PublishRequest
  readonly admission: Admission
  /** Unix ms. */
  readonly connectedAt: number
  facts: EncoderFacts
}

export interface ChannelBroadcastsOptions<B> {
  /** Of today: the slug may change. */
  readonly record: () => ChannelRecord
  readonly createBroadcast: (record: ChannelRecord, onOpened: (assetId: string, startedAt: number) => void) => B
  readonly register: BroadcastRegister
  readonly log: Log
  /** ms for which an encoder is waited for at most. */
  readonly longestWait: number
  /** Unix ms. */
  readonly now: () => number
  /** A broadcast can be watched from now on, was ended, or its end is on disk. */
  readonly onChange: () => void
}

/** The broadcasts of one channel, each from its beginning to when its memory goes; at most one runs. */
export interface ChannelBroadcasts<B> {
  readonly running: Running<B> | undefined
  /** The running one once it can be watched, else the one that just ended. */
  readonly live: LiveBroadcast | undefined
  /** The running one or one that ended a short while ago. */
  find(assetId: string): LiveBroadcast | undefined
  /** True when none is left that must be kept in memory. */
  readonly idle: boolean
  /** The running one, or a new one. */
  begin(): Running<B>
  /** Goes on with one that a former process left open; one that runs is finished. Times are Unix ms. */
  restore(broadcast: B, startedAt: number, deadline: number): void
  /** What goes wrong in a broadcast ends that broadcast and nothing else. Says whether all went well. */
  attempt(run: Running<B>, step: (broadcast: B) => void): boolean
  /** Ends the running one, if any. Never rejects; none runs any more when this returns. */
  finish(): Promise<void>
  /** Waits for those that are being finished. */
  settled(): Promise<void>
  /** Finishes a broadcast whose encoder has not returned, and lets go of those that ended long enough ago. @param at Unix ms */
  tick(at: number): void
  /** The clock has leapt by so many ms that count for nothing (negative: back). */
  leapt(ms: number): void
  /** Lets go of those that have ended. */
  clear(): void
}

export function createChannelBroadcasts<B extends Endable>(options: ChannelBroadcastsOptions<B>): ChannelBroadcasts<B> {
  const { record, register, log, now, onChange } = options
  let running: Running<B> | undefined
  const ended = createEndedBroadcasts(notGivenBack)
  /** Broadcasts that are being finished. */
  const finishing = new Set<Promise<void>>()

  function notGivenBack(asset: string, error: unknown): void {
    log.error({ channel: record().slug, asset, err: error }, 'the memory of a broadcast could not be given back')
  }

  function letGo(broadcast: B): void {
    try {
      broadcast.close()
    } catch (error) {
      notGivenBack(broadcast.assetId, error)
    }
  }

  function start(): Running<B> {
    const fresh: Running<B> = {
      startedAt: undefined,
      deadline: undefined,
      reconnects: 0,
      encoder: undefined,
      broadcast: options.createBroadcast(record(), (assetId, startedAt) => {
        fresh.startedAt = startedAt
        const { id, slug } = record()
        log.info({ channel: slug, asset: assetId }, 'live')
        register.started({ assetId, channelId: id, startedAt }).catch((error: unknown) => {
          log.error({ channel: record().slug, asset: assetId, err: error }, 'the broadcast could not be registered')
        })
        onChange()
      }),
    }
    running = fresh
    return fresh
  }

  function finish(): Promise<void> {
    if (running === undefined) return Promise.resolve()
    const done = end(running).finally(() => finishing.delete(done))
    finishing.add(done)
    return done
  }

  async function end({ broadcast, startedAt }: Running<B>): Promise<void> {
    const at = now()
    const fields = { channel: record().slug, asset: broadcast.assetId }
    running = undefined
    if (startedAt !== undefined) ended.add(broadcast, at)
    try {
      const finished = broadcast.end(at)
      if (startedAt !== undefined) onChange()
      const { duration, bytes, failure } = await finished
      if (failure !== undefined) log.error({ ...fields, err: failure }, 'the end of the broadcast failed')
      if (startedAt === undefined) return
      await register.ended({ assetId: broadcast.assetId, endedAt: at, duration, bytes })
      log.info({ ...fields, seconds: Math.round(duration / 1000) }, 'ended')
      onChange()
    } catch (error) {
      log.error({ ...fields, err: error }, 'the broadcast could not be finished')
    } finally {
      if (startedAt === undefined) letGo(broadcast)
    }
  }

  return {
    get running() {
      return running
    },
    get live() {
      return running?.broadcast.live ?? ended.newest
    },
    find(assetId) {
      return running?.broadcast.assetId === assetId ? running.broadcast.live : ended.find(assetId)
    },
    get idle() {
      return running === undefined && ended.size === 0
    },
    begin: () => running ?? start(),
    restore(broadcast, startedAt, deadline) {
      void finish()
      running = { broadcast, startedAt, deadline, reconnects: 0, encoder: undefined }
    },
    attempt(run, step) {
      try {
        step(run.broadcast)
        return true
      } catch (error) {
        log.error(
          { channel: record().slug, asset: run.broadcast.assetId, err: error },
          'the broadcast failed: it is ended',
        )
        if (running === run) void finish()
        return false
      }
    },
    finish,
    async settled() {
      await Promise.all(finishing)
    },
    tick(at) {
      if (running?.deadline !== undefined && at >= running.deadline) void finish()
      ended.tick(at)
    },
    leapt(ms) {
      const at = now()
      if (running?.deadline !== undefined) {
        running.deadline = deadlineAfterLeap(running.deadline, options.longestWait, ms, at)
      }
      ended.leapt(ms, at)
    },
    clear: () => ended.clear(),
  }
}
