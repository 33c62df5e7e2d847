import type { LiveBroadcast } from '../packager/live.ts'
import type {
  Admission,
  BroadcastRegister,
  ChannelDirectory,
  ChannelRecord,
  Log,
  PublishPort,
  PublishRefusal,
  PublishRequest,
} from '../ports.ts'
import type { AssetIndex } from '../store/port.ts'
import type { Granted } from './candidates.ts'
import { type Broadcast, type BroadcastUnits, type Channel, createChannel, type OnAir } from './channel.ts'
import type { EncoderDiagnosis } from './diagnosis.ts'
import type { Hub } from './hub.ts'

/** How often time is let pass in channels; deadlines are as exact as this. */
const TICK_MS = 100

/**
 * A tick that is so much late says that the server stood, for a machine that was suspended or had no processor for it; one that comes so
 * much before the one before it, that the clock was set back.
 */
const STOOD_MS = 500

/** A machine that has too much to do stands again and again: the log has a line a minute of it. */
const TELL_MS = 60_000

/** Channels with an encoder or a broadcast at one time. */
const MAX_CHANNELS = 1_000

export interface StreamsOptions {
  readonly directory: ChannelDirectory
  readonly register: BroadcastRegister
  readonly takeover: 'allow' | 'refuse'
  /** Milliseconds that a broadcast waits for a lost encoder. */
  readonly reconnectWindow: number
  /** Makes a new broadcast, or goes on with a recovered one. `onOpened` is called when its first epoch opens. */
  readonly createBroadcast: (
    channel: ChannelRecord,
    onOpened: (assetId: string, startedAt: number) => void,
    recovered?: AssetIndex,
  ) => Broadcast
  readonly log: Log
  /** Unix ms. */
  readonly now: () => number
  /** A channel went live or offline, or its encoder came or went. */
  readonly onChange: (channelId: string) => void
}

/** A broadcast that begins, or that is taken up again after a restart: nothing has been published to its hub yet. */
export interface BegunBroadcast {
  readonly channel: ChannelRecord
  readonly assetId: string
  readonly hub: Hub
}

/** What a configured source asks. */
export interface SourceFeed extends Omit<PublishRequest, 'key'> {
  /** Its next media are still to come: it wants to go on with a running broadcast that nobody feeds, and nothing else. */
  readonly isAhead?: boolean
}

/** All channels with an encoder, a running or a just-ended broadcast. */
export interface Streams extends PublishPort {
  /**
   * A source that the owner has configured for the channel; it has no key, and never takes over from an encoder that sends.
   *
   * @param admission of the channel; there is no key that could be revoked, but the channel may be deleted.
   * @param stop as for `publish`.
   */
  feed(admission: Admission, request: SourceFeed, stop: (why: PublishRefusal) => void): Granted
  /** What viewers of the channel get, by slug. */
  find(slug: string): LiveBroadcast | undefined
  /** A broadcast of the channel by its asset id: the running one, or one that ended a short while ago. */
  findAsset(slug: string, assetId: string): LiveBroadcast | undefined
  /** Access units of the channel's running broadcast, by slug; there may be no epoch yet. */
  units(slug: string): BroadcastUnits | undefined
  /**
   * Tells of every broadcast from now on, also of those whose encoder never sends anything; their end is their hub's.
   *
   * @returns what ends it.
   */
  onBroadcast(listener: (begun: BegunBroadcast) => void): () => void
  onAir(channelId: string): OnAir | undefined
  diagnose(channelId: string): EncoderDiagnosis | undefined
  /** Keys have changed: stops the channel's encoders that may not go on. */
  review(channelId: string): void
  /** Stops the encoder and ends the broadcast: the channel is being deleted. */
  remove(channelId: string): Promise<void>
  rename(channel: ChannelRecord): void
  /**
   * Takes up the broadcasts that a former process left open. An encoder may return to each within the reconnect
   * window; without one it is finished properly. Of two of one channel the later goes on.
   */
  restore(open: readonly { channel: ChannelRecord; startedAt: number; index: AssetIndex }[]): void
  /** Stops encoders, finishes open parts and files; broadcasts are not ended by it. */
  suspend(): Promise<void>
}

export function createStreams(options: StreamsOptions): Streams {
  const { directory, log, now } = options
  const byId = new Map<string, Channel>()
  const bySlug = new Map<string, Channel>()
  const listeners = new Set<(begun: BegunBroadcast) => void>()
  let isStopping = false

  const create: StreamsOptions['createBroadcast'] = (channel, onOpened, recovered) => {
    const broadcast = options.createBroadcast(channel, onOpened, recovered)
    const { assetId, hub } = broadcast
    for (const listener of listeners) {
      try {
        listener({ channel, assetId, hub })
      } catch (error) {
        log.error({ channel: channel.slug, asset: assetId, err: error }, 'what was to follow this broadcast failed')
      }
    }
    return broadcast
  }

  function channelFor(record: ChannelRecord): Channel | undefined {
    const known = byId.get(record.id)
    if (known !== undefined) return known
    if (byId.size >= MAX_CHANNELS) return undefined
    const channel = createChannel({
      record,
      takeover: options.takeover,
      reconnectWindow: options.reconnectWindow,
      createBroadcast: create,
      register: options.register,
      log,
      now,
      onChange: () => changed(channel),
    })
    byId.set(record.id, channel)
    bySlug.set(record.slug, channel)
    return channel
  }

  /** Who is told of it and fails is not felt by its encoder. */
  function changed({ record: { id, slug } }: Channel): void {
    try {
      options.onChange(id)
    } catch (error) {
      log.error({ channel: slug, err: error }, 'who is told of a change failed')
    }
  }

  function forget(channel: Channel): void {
    byId.delete(channel.record.id)
    if (bySlug.get(channel.record.slug) === channel) bySlug.delete(channel.record.slug)
  }

  // By the clock of deadlines: the other one stands with a machine that sleeps.
  let ticked = now()
  /** Of standing still: ms that the log has not been told of, and when it was last told. */
  const standing = { untold: 0, toldAt: Number.NEGATIVE_INFINITY }

  function tellOfStanding(ms: number, at: number): void {
    standing.untold += ms
    if (at - standing.toldAt < TELL_MS) return
    log.info({ ms: Math.round(standing.untold) }, 'the server stood still; encoders are waited for that much longer')
    Object.assign(standing, { untold: 0, toldAt: at })
  }

  /** What encoders sent while the server stood is read after its timers, and after what was read before: first the time is given back. */
  function pass(): void {
    const at = now()
    const leap = at - ticked - TICK_MS
    ticked = at
    if (Math.abs(leap) <= STOOD_MS) return
    if (leap < 0) {
      log.info({ ms: Math.round(-leap) }, 'the clock was set back; encoders are waited for as long as ever')
      standing.toldAt = Number.NEGATIVE_INFINITY
    } else tellOfStanding(leap, at)
    for (const channel of byId.values()) channel.leapt(leap)
  }

  const timer = setInterval(() => {
    pass()
    for (const channel of byId.values()) {
      channel.tick()
      if (channel.idle) forget(channel)
    }
  }, TICK_MS)

  return {
    async publish(request, stop) {
      const admission = await directory.admit(request)
      if ('refusal' in admission) return admission
      // The answer may be a moment old.
      const refusal = admission.objection()
      if (refusal !== undefined) return { refusal }
      if (isStopping) {
        return { refusal: { code: 'unavailable', reason: 'the server is stopping; try again in a moment' } }
      }
      pass()
      const channel = channelFor(admission.channel)
      if (channel === undefined) {
        return { refusal: { code: 'limit', reason: `this server carries at most ${MAX_CHANNELS} channels at a time` } }
      }
      return channel.publish(request, stop, admission)
    },
    feed(admission, { isAhead = false, ...request }, stop) {
      const refusal = admission.objection()
      if (refusal !== undefined) return { refusal }
      pass()
      const channel = isStopping ? undefined : channelFor(admission.channel)
      if (channel === undefined) {
        return { refusal: { code: 'unavailable', reason: 'the server is stopping, or carries too many channels' } }
      }
      if (channel.isSending || (isAhead && channel.publishing)) {
        return {
          refusal: { code: 'in-use', reason: 'an encoder feeds this channel; this source goes on when it is gone' },
        }
      }
      if (isAhead && channel.units === undefined) {
        return { refusal: { code: 'unavailable', reason: 'nothing is live on this channel; send media to begin' } }
      }
      return channel.publish({ ...request, key: '' }, stop, admission)
    },
    find: (slug) => bySlug.get(slug)?.live,
    findAsset: (slug, assetId) => bySlug.get(slug)?.find(assetId),
    units: (slug) => bySlug.get(slug)?.units,
    onBroadcast(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    onAir: (channelId) => byId.get(channelId)?.onAir,
    diagnose: (channelId) => byId.get(channelId)?.diagnose(),
    review(channelId) {
      byId.get(channelId)?.review()
    },
    async remove(channelId) {
      const channel = byId.get(channelId)
      if (channel === undefined) return
      forget(channel)
      await channel.close({ code: 'stopped', reason: 'this channel was deleted' })
    },
    rename(record) {
      const channel = byId.get(record.id)
      if (channel === undefined) return
      bySlug.delete(channel.record.slug)
      channel.record = record
      bySlug.set(record.slug, channel)
    },
    restore(open) {
      for (const { channel: record, startedAt, index } of open) {
        const channel = channelFor(record)
        if (channel === undefined) continue
        const fields = { channel: record.slug, asset: index.assetId }
        try {
          const broadcast = create(record, () => {}, index)
          channel.restore(broadcast, startedAt, now() + options.reconnectWindow)
          log.info(fields, 'broadcast taken up again; waiting for its encoder')
        } catch (error) {
          log.error({ ...fields, err: error }, 'broadcast could not be taken up again')
        }
      }
    },
    async suspend() {
      isStopping = true
      clearInterval(timer)
      await Promise.all([...byId.values()].map((channel) => channel.suspend()))
    },
  }
}
