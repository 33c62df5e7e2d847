import type { AccessUnit, TrackId } from '@bandstand/media/access-unit.ts'
import type { TrackConfig } from '@bandstand/media/track.ts'
import type { LiveBroadcast } from '../packager/live.ts'
import type {
  Admission,
  AnnouncedTracks,
  BroadcastRegister,
  ChannelRecord,
  Log,
  Publisher,
  PublishRefusal,
  PublishRequest,
} from '../ports.ts'
import { type Claim, createCandidates, type Granted } from './candidates.ts'
import { createChannelBroadcasts, type FinishedBroadcast, type Running } from './channel-broadcasts.ts'
import { countIn, type EncoderDiagnosis, type EncoderFacts, type MediaDiagnosis, mergeFacts } from './diagnosis.ts'
import type { Hub } from './hub.ts'
import { createLease, type LeaseHolder } from './lease.ts'
import type { RungRendition } from './rung-hubs.ts'

/** After an encoder said goodbye the broadcast still waits this long, because "stop, change a setting, start" is common. */
export const UNPUBLISH_GRACE_MS = 3_000

/** Timeline, packager, live window and recording of one broadcast, as the channel drives it. All times are Unix ms. */
export interface Broadcast {
  readonly assetId: string
  /** Its timeline, for readers; ends with it. */
  readonly hub: Hub
  /** Smaller renditions made of it that may be watched, highest first. */
  readonly rungs: readonly RungRendition[]
  /** Somebody watches one of them, or wants to. */
  askForRungs(): void
  /** `undefined` until the first epoch has opened: there is nothing to watch before. */
  readonly live: LiveBroadcast | undefined
  /** Of the multivariant playlist; rises when players must read it again. */
  readonly generation: number
  /** An encoder begins or returns: its clock is new. */
  encoderArrived(now: number): void
  announce(expected: AnnouncedTracks, now: number): void
  /** @param bitrate as `Publisher.configure` */
  configure(track: TrackId, config: TrackConfig, now: number, bitrate?: number): void
  unit(unit: AccessUnit, now: number): void
  /** The encoder is gone: what it sent is finished and listed; the broadcast waits. */
  encoderLeft(now: number): void
  /** Lets time pass; called about 10 times a second. */
  tick(now: number): void
  /** Finishes playlists and recording. Resolves when the recording is on disk, and says what failed before that, if anything. */
  end(now: number): Promise<FinishedBroadcast>
  /** Finishes the open parts and the recording's files but not the broadcast: the server is stopping. */
  suspend(now: number): Promise<void>
  /** Facts from the encoder's metadata, where they matter for the playlists. */
  describe(facts: EncoderFacts): void
  /** Lets go of the memory of a broadcast that has ended; its playlists are not to be had any more. */
  close(): void
  diagnose(): MediaDiagnosis | undefined
}

/** A broadcast for those who take its access units. */
export type BroadcastUnits = Pick<Broadcast, 'hub' | 'rungs' | 'askForRungs' | 'diagnose'>

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

/** One channel: the lease, the broadcast that outlives connections, and the broadcasts that ended a short while ago. */
export interface Channel {
  record: ChannelRecord
  /** The running broadcast once it can be watched, else the one that just ended. */
  readonly live: LiveBroadcast | undefined
  /** The running broadcast's access units. */
  readonly units: BroadcastUnits | undefined
  /** The running broadcast or one that ended a short while ago. */
  find(assetId: string): LiveBroadcast | undefined
  /** The running broadcast, when it can be watched. */
  readonly onAir: OnAir | undefined
  readonly publishing: boolean
  /** An encoder feeds it that does not count as lost. */
  readonly isSending: boolean
  /** Where another encoder feeds the channel, the publisher takes over from it once it has something to show. */
  publish(request: PublishRequest, stop: (why: PublishRefusal) => void, admission: Admission): Granted
  /** Stops the encoders that may not publish any more. */
  review(): void
  /** Stops the encoder, ends the broadcast and lets go of everything: the channel is being deleted. */
  close(why: PublishRefusal): Promise<void>
  /**
   * Goes on with a broadcast that a former process left open; it is finished when no encoder returns by `deadline`. An
   * older one of the same channel, whose end was cut off, is finished at once.
   */
  restore(broadcast: Broadcast, startedAt: number, deadline: number): void
  /** The server is stopping: the running broadcast is left open, those that are being finished are waited for. */
  suspend(): Promise<void>
  /**
   * The clock has leapt by so many ms in which no encoder was heard, for the server itself stood or the clock was set (negative: back):
   * none is lost by it, and who is waited for has as long as ever. To be called before anything that came meanwhile is judged.
   */
  leapt(ms: number): void
  /** Lets time pass; called about 10 times a second. */
  tick(): void
  /** What the connected encoder sends; `undefined` while none is connected. */
  diagnose(): EncoderDiagnosis | undefined
  /** True when nothing is left that must be kept in memory. */
  readonly idle: boolean
}

export function createChannel(options: ChannelOptions): Channel {
  const { log, now, onChange } = options
  const longestWait = Math.max(options.reconnectWindow, UNPUBLISH_GRACE_MS)
  const lease = createLease(options.takeover)
  let record = options.record
  /** By what the lease's holder publishes. */
  let admitted: Admission | undefined
  const candidates = createCandidates({ channel: () => record.slug, grant, log, now })
  const broadcasts = createChannelBroadcasts({
    record: () => record,
    createBroadcast: options.createBroadcast,
    register: options.register,
    log,
    longestWait,
    now,
    onChange,
  })

  /** A step of a broadcast that an encoder feeds; where it fails, the encoder is told to start again. */
  function feed(current: Running<Broadcast>, step: (broadcast: Broadcast) => void): void {
    if (broadcasts.attempt(current, step)) return
    lease.revoke({ code: 'unavailable', reason: 'the server could not go on with this stream; start it again' })
  }

  /** @param endsAt Unix ms at which the broadcast would have ended without this encoder, if it was without one. */
  function createPublisher(holder: LeaseHolder, current: Running<Broadcast>, endsAt: number | undefined): Publisher {
    let hasFed = false
    /** Audio tracks that are left out, as the log has it: told at 1, 2, 4, 8 …, for they may come one by one. */
    let toldLeftOut = 0
    const holds = () => lease.holder === holder && broadcasts.running === current
    return {
      get channel() {
        return record.slug
      },
      get isUrgent() {
        const { hub, rungs } = current.broadcast
        return holds() && (hub.isUrgent || rungs.some((rung) => rung.hub.isUrgent))
      },
      announce(expected) {
        if (holds()) feed(current, (broadcast) => broadcast.announce(expected, now()))
      },
      configure(track, config, bitrate) {
        if (holds()) feed(current, (broadcast) => broadcast.configure(track, config, now(), bitrate))
      },
      unit(unit) {
        if (!holds()) return
        const at = now()
        holder.lastMedia = at
        hasFed = true
        feed(current, (broadcast) => broadcast.unit(unit, at))
      },
      describe(facts) {
        if (!holds() || current.encoder === undefined) return
        current.encoder.facts = mergeFacts(current.encoder.facts, facts)
        const leftOut = countIn(current.encoder.facts, 'audioTracksLeftOut')
        if (leftOut > 0 && leftOut >= 2 * toldLeftOut) {
          toldLeftOut = leftOut
          log.warn({ channel: record.slug, leftOut }, 'audio tracks of the encoder are left out')
        }
        current.broadcast.describe(current.encoder.facts)
      },
      end(how) {
        if (!lease.release(holder)) return
        if (broadcasts.running !== current) return
        const at = now()
        const later = at + (how === 'unpublished' ? UNPUBLISH_GRACE_MS : options.reconnectWindow)
        // Who comes again and again and sends nothing would keep a broadcast live that has long ended.
        current.deadline = hasFed || endsAt === undefined ? later : Math.min(endsAt, at + longestWait)
        broadcasts.attempt(current, (broadcast) => broadcast.encoderLeft(at))
        log.info({ channel: record.slug, how }, how === 'unpublished' ? 'encoder stopped' : 'encoder lost')
        onChange()
      },
    }
  }

  function grant({ request, admission, stop, connectedAt, foundLost }: Claim): Granted {
    const at = now()
    const holder: LeaseHolder = {
      ...{ remote: request.remote, stop, lastMedia: at, foundLost },
      isSource: request.key === '',
    }
    const before = lease.holder
    const refusal = lease.acquire(holder, at)
    if (refusal !== undefined) return { refusal }
    admitted = admission
    if (before !== undefined) {
      const { running } = broadcasts
      if (running !== undefined) broadcasts.attempt(running, (broadcast) => broadcast.encoderLeft(at))
      log.warn({ channel: record.slug, remote: request.remote, from: before.remote }, 'encoder taken over')
    }
    const current = broadcasts.begin()
    const endsAt = current.deadline
    current.deadline = undefined
    if (current.encoder !== undefined) current.reconnects++
    current.encoder = { request, admission, connectedAt, facts: {} }
    feed(current, (broadcast) => broadcast.encoderArrived(at))
    onChange()
    return { publisher: createPublisher(holder, current, endsAt) }
  }

  /** Stops the encoder, if any; those that wait to take over stay. */
  function revoke(why: PublishRefusal): void {
    const had = lease.holder !== undefined
    lease.revoke(why)
    const { running } = broadcasts
    if (!had || running === undefined) return
    const at = now()
    running.deadline = at + UNPUBLISH_GRACE_MS
    broadcasts.attempt(running, (broadcast) => broadcast.encoderLeft(at))
    onChange()
  }

  function review(): void {
    candidates.review()
    const why = lease.holder === undefined ? undefined : admitted?.objection()
    if (why !== undefined) revoke(why)
  }

  return {
    get record() {
      return record
    },
    set record(changed) {
      record = changed
    },
    get live() {
      return broadcasts.live
    },
    get units() {
      return broadcasts.running?.broadcast
    },
    find: (assetId) => broadcasts.find(assetId),
    get onAir() {
      const { running } = broadcasts
      if (running?.startedAt === undefined) return undefined
      const { assetId, generation } = running.broadcast
      return { assetId, startedAt: running.startedAt, generation }
    },
    get publishing() {
      return lease.holder !== undefined
    },
    get isSending() {
      return lease.holder !== undefined && lease.lost(now()) === undefined
    },
    get idle() {
      return broadcasts.idle && lease.holder === undefined && candidates.size === 0
    },

    publish(request, stop, admission) {
      const at = now()
      const refusal = lease.refusal(request.remote, at)
      if (refusal !== undefined) return { refusal }
      const claim = { request, admission, stop, connectedAt: at, foundLost: lease.lost(at) }
      return lease.holder === undefined ? grant(claim) : { publisher: candidates.admit(claim) }
    },

    review,

    async close(why) {
      candidates.turnAllAway(why)
      revoke(why)
      await broadcasts.finish()
      broadcasts.clear()
    },

    restore: (broadcast, startedAt, deadline) => broadcasts.restore(broadcast, startedAt, deadline),

    async suspend() {
      const why = {
        code: 'restarting',
        reason: 'the server is stopping; it continues this broadcast when it is back',
      } as const
      candidates.turnAllAway(why)
      lease.revoke(why)
      try {
        // It stays to be had: players are just being told of its last parts.
        await broadcasts.running?.broadcast.suspend(now())
      } catch (error) {
        log.error({ channel: record.slug, err: error }, 'the broadcast could not be left in order')
      }
      await broadcasts.settled()
    },

    leapt(ms) {
      lease.leapt(ms, now())
      candidates.leapt(ms)
      broadcasts.leapt(ms)
    },

    tick() {
      const at = now()
      const { running } = broadcasts
      if (running !== undefined) feed(running, (broadcast) => broadcast.tick(at))
      broadcasts.tick(at)
      review()
      candidates.tick()
    },

    diagnose() {
      const { running } = broadcasts
      if (lease.holder === undefined || running?.encoder === undefined) return undefined
      const { request, admission, connectedAt, facts } = running.encoder
      const { keyId } = admission
      return {
        protocol: request.protocol,
        remote: request.remote,
        encoder: request.encoder ?? (typeof facts['encoder'] === 'string' ? facts['encoder'] : undefined),
        connectedAt,
        ...(keyId !== undefined && { keyId }),
        reconnects: running.reconnects,
        damagedUnits: countIn(facts, 'damagedUnits'),
        malformedUnits: countIn(facts, 'droppedMalformed'),
        unconfiguredUnits: countIn(facts, 'droppedUnconfigured'),
        soundsLeftOut: countIn(facts, 'audioTracksLeftOut'),
        ...(request.line !== undefined && { line: request.line() }),
        ...(request.hls !== undefined && { hls: request.hls() }),
        ...running.broadcast.diagnose(),
      }
    },
  }
}
