import type { AccessUnit, TrackId } from '@bandstand/media/access-unit.ts'
import type { TrackConfig } from '@bandstand/media/track.ts'
import type { LiveBroadcast } from '../packager/live.ts'
import type { BroadcastRegister, ChannelRecord, Log, Publisher, PublishRefusal, PublishRequest } from '../ports.ts'
import { createLease, type LeaseHolder } from './lease.ts'
import type { EncoderDiagnosis, EncoderFacts, MediaDiagnosis } from './diagnosis.ts'

/** After an encoder said goodbye the broadcast still waits this long, because "stop, change a setting, start" is common. */
export const UNPUBLISH_GRACE_MS = 3_000

/** A just-ended broadcast's playlists stay reachable so that players read the end of it. */
export const ENDED_LINGER_MS = 120_000

/** Timeline, packager, live window and recording of one broadcast, as the channel drives it. All times are Unix ms. */
export interface Broadcast {
  readonly assetId: string
  /** `undefined` until the first epoch has opened: there is nothing to watch before. */
  readonly live: LiveBroadcast | undefined
  /** Of the multivariant playlist; rises when players must read it again. */
  readonly generation: number
  /** An encoder begins or returns: its clock is new. */
  encoderArrived(now: number): void
  announce(expected: { readonly video: boolean; readonly audio: boolean }, now: number): void
  configure(track: TrackId, config: TrackConfig, now: number): void
  unit(unit: AccessUnit, now: number): void
  /** The encoder is gone: what it sent is finished and listed; the broadcast waits. */
  encoderLeft(now: number): void
  /** Lets time pass; called about 10 times a second. */
  tick(now: number): void
  /** Finishes playlists and recording. Resolves when the recording is on disk. */
  end(now: number): Promise<{ readonly duration: number; readonly bytes: number }>
  /** Finishes the open parts and the recording's files but not the broadcast: the server is stopping. */
  suspend(now: number): Promise<void>
  /** Facts from the encoder's metadata, where they matter for the playlists. */
  describe(facts: EncoderFacts): void
  /** Lets go of the memory of a broadcast that has ended; its playlists are not to be had any more. */
  close(): void
  diagnose(): MediaDiagnosis | undefined
}

export interface ChannelOptions {
  readonly record: ChannelRecord
  readonly takeover: 'allow' | 'refuse'
  /** Milliseconds that a broadcast waits for a lost encoder. */
  readonly reconnectWindow: number
  readonly createBroadcast: (record: ChannelRecord, onOpened: (assetId: string, startedAt: number) => void) => Broadcast
  readonly register: BroadcastRegister
  readonly log: Log
  /** Unix ms. */
  readonly now: () => number
  /** Called when `live`, the broadcast or the encoder changes. */
  readonly onChange: () => void
}

/** A broadcast that can be watched. */
export interface OnAir {
  readonly assetId: string
  /** Unix ms. */
  readonly startedAt: number
  /** Of the multivariant playlist; rises when players must read it again. */
  readonly generation: number
}

/** One channel: the lease, the broadcast that outlives connections, and the broadcast that ended last. */
export interface Channel {
  record: ChannelRecord
  /** The running broadcast once it can be watched, else the one that just ended. */
  readonly live: LiveBroadcast | undefined
  /** The running broadcast, when it can be watched. */
  readonly onAir: OnAir | undefined
  readonly publishing: boolean
  publish(
    request: PublishRequest,
    stop: (why: PublishRefusal) => void,
  ): { readonly publisher: Publisher } | { readonly refusal: PublishRefusal }
  /** Stops the encoder, if any. */
  revoke(why: PublishRefusal): void
  /** Ends the broadcast now, for example because its channel is being deleted. */
  endBroadcast(): Promise<void>
  /** Goes on with a broadcast that a former process left open; it is finished when no encoder returns by `deadline`. */
  restore(broadcast: Broadcast, startedAt: number, deadline: number): void
  suspend(): Promise<void>
  /** Lets time pass; called about 10 times a second. */
  tick(): void
  /** What the connected encoder sends; `undefined` while none is connected. */
  diagnose(): EncoderDiagnosis | undefined
  /** True when nothing is left that must be kept in memory. */
  readonly idle: boolean
}

interface Running {
  readonly broadcast: Broadcast
  startedAt: number | undefined
  /** Unix ms at which the broadcast ends unless an encoder comes; `undefined` while one is connected. */
  deadline: number | undefined
  /** Encoders that came after the first. */
  reconnects: number
  encoder: Encoder | undefined
}

interface Encoder {
  readonly request: PublishRequest
  readonly connectedAt: number
  facts: EncoderFacts
}

export function createChannel(options: ChannelOptions): Channel {
  const { log, register, now, onChange, createBroadcast } = options
  const lease = createLease(options.takeover)
  let record = options.record
  let running: Running | undefined
  let ended: { broadcast: Broadcast; forgetAt: number } | undefined
  let stopping = false

  function forgetEnded(): void {
    ended?.broadcast.close()
    ended = undefined
  }

  function start(): Running {
    const fresh: Running = {
      startedAt: undefined,
      deadline: undefined,
      reconnects: 0,
      encoder: undefined,
      broadcast: createBroadcast(record, (assetId, startedAt) => {
        fresh.startedAt = startedAt
        forgetEnded()
        log.info({ channel: record.slug, asset: assetId }, 'live')
        register.started({ assetId, channelId: record.id, startedAt }).catch((error: unknown) => {
          log.error({ channel: record.slug, asset: assetId, err: error }, 'the broadcast could not be registered')
        })
        onChange()
      }),
    }
    running = fresh
    return fresh
  }

  async function finish(): Promise<void> {
    const last = running
    const at = now()
    if (last === undefined) return
    running = undefined
    const { broadcast, startedAt } = last
    if (startedAt === undefined) {
      await broadcast.end(at)
      return
    }
    forgetEnded()
    ended = { broadcast, forgetAt: at + ENDED_LINGER_MS }
    const finished = broadcast.end(at)
    onChange()
    try {
      const { duration, bytes } = await finished
      await register.ended({ assetId: broadcast.assetId, endedAt: at, duration, bytes })
      log.info({ channel: record.slug, asset: broadcast.assetId, seconds: Math.round(duration / 1000) }, 'ended')
      onChange()
    } catch (error) {
      log.error({ channel: record.slug, asset: broadcast.assetId, err: error }, 'the broadcast could not be finished')
    }
  }

  function createPublisher(holder: LeaseHolder, current: Running): Publisher {
    const holds = () => lease.holder === holder && running === current
    return {
      channel: record.slug,
      announce(expected) {
        if (holds()) current.broadcast.announce(expected, now())
      },
      configure(track, config) {
        if (holds()) current.broadcast.configure(track, config, now())
      },
      unit(unit) {
        if (!holds()) return
        const at = now()
        holder.lastMedia = at
        current.broadcast.unit(unit, at)
      },
      describe(facts) {
        if (!holds() || current.encoder === undefined) return
        current.encoder.facts = { ...current.encoder.facts, ...facts }
        current.broadcast.describe(current.encoder.facts)
      },
      end(how) {
        if (!lease.release(holder)) return
        if (running !== current) return
        const at = now()
        current.broadcast.encoderLeft(at)
        current.deadline = at + (how === 'unpublished' ? UNPUBLISH_GRACE_MS : options.reconnectWindow)
        log.info({ channel: record.slug, how }, how === 'unpublished' ? 'encoder stopped' : 'encoder lost')
        onChange()
      },
    }
  }

  return {
    get record() {
      return record
    },
    set record(changed) {
      record = changed
    },
    get live() {
      return running?.broadcast.live ?? ended?.broadcast.live
    },
    get onAir() {
      if (running?.startedAt === undefined) return undefined
      const { assetId, generation } = running.broadcast
      return { assetId, startedAt: running.startedAt, generation }
    },
    get publishing() {
      return lease.holder !== undefined
    },
    get idle() {
      return running === undefined && ended === undefined && lease.holder === undefined
    },

    publish(request, stop) {
      if (stopping) return { refusal: { code: 'unavailable', reason: 'the server is stopping; try again in a moment' } }
      const at = now()
      const holder: LeaseHolder = { remote: request.remote, stop, lastMedia: at }
      const before = lease.holder
      const refusal = lease.acquire(holder, at)
      if (refusal !== undefined) return { refusal }
      const current = running ?? start()
      if (before !== undefined) {
        current.broadcast.encoderLeft(at)
        log.warn({ channel: record.slug, remote: request.remote, from: before.remote }, 'encoder taken over')
      }
      current.deadline = undefined
      if (running?.encoder !== undefined) current.reconnects++
      current.encoder = { request, connectedAt: at, facts: {} }
      current.broadcast.encoderArrived(at)
      onChange()
      return { publisher: createPublisher(holder, current) }
    },

    revoke(why) {
      const had = lease.holder !== undefined
      lease.revoke(why)
      if (!had || running === undefined) return
      const at = now()
      running.broadcast.encoderLeft(at)
      running.deadline = at + UNPUBLISH_GRACE_MS
      onChange()
    },

    endBroadcast: finish,

    restore(broadcast, startedAt, deadline) {
      running = { broadcast, startedAt, deadline, reconnects: 0, encoder: undefined }
    },

    async suspend() {
      stopping = true
      lease.revoke({ code: 'stopped', reason: 'the server is stopping; it continues this broadcast when it is back' })
      // It stays to be had: players are just being told of its last parts.
      await running?.broadcast.suspend(now())
    },

    tick() {
      const at = now()
      running?.broadcast.tick(at)
      if (running?.deadline !== undefined && at >= running.deadline) void finish()
      if (ended !== undefined && at >= ended.forgetAt) forgetEnded()
    },

    diagnose() {
      if (lease.holder === undefined || running?.encoder === undefined) return undefined
      const { request, connectedAt, facts } = running.encoder
      return {
        protocol: request.protocol,
        remote: request.remote,
        encoder: request.encoder ?? (typeof facts['encoder'] === 'string' ? facts['encoder'] : undefined),
        connectedAt,
        reconnects: running.reconnects,
        ...running.broadcast.diagnose(),
      }
    },
  }
}
