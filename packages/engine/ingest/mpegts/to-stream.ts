import { FURTHER_SOUNDS, type TrackId, VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { sameBytes } from '@bandstand/media/bytes/bytes.ts'
import { createTsDemuxer, type TsDemuxer } from '@bandstand/media/containers/mpegts/demuxer.ts'
import type { TsCounters, TsEvent } from '@bandstand/media/containers/mpegts/event.ts'
import { MediaError } from '@bandstand/media/error.ts'
import type { TrackConfig } from '@bandstand/media/track.ts'
import { TrafficMeter } from '@bandstand/media/traffic.ts'
import type { Publisher } from '../../ports.ts'
import { createDamage, type Damage } from './damage.ts'
import { factsOf, refusalOf } from './facts.ts'
import { MPEGTS_INGEST_LIMITS, type MpegTsIngestLimits } from './limits.ts'
import { numberSounds } from './sounds.ts'

/** What was left out so far. */
export interface DroppedCounts {
  /** Pictures that refer, or may refer, to one that is lost or damaged: all up to the next key frame. */
  afterLoss: number
  /** Times that pictures, and sound, were lost or damaged. */
  damagedVideo: number
  damagedAudio: number
}

export interface TsToStreamOptions {
  /** Its times come on the encoder's clock, 90 kHz, unwrapped. */
  readonly publisher: Pick<Publisher, 'announce' | 'configure' | 'unit' | 'describe'>
  readonly limits?: MpegTsIngestLimits
  /** A clock in ms at the beginning; any clock that only rises. */
  readonly now: number
}

export interface TsToStream {
  /**
   * @param bytes of a transport stream, in any pieces.
   * @param now ms, the clock of the options.
   * @returns a text for the encoder's owner when it has to go: nothing of it can be read, it changes all the time, or comes much faster
   *   than it plays. Nothing is read after that.
   */
  receive(bytes: Uint8Array, now: number): string | undefined
  /** The input ends, or goes on behind a border at which its counters may begin anew (a segment's end). As `receive`. */
  flush(now: number): string | undefined
  readonly dropped: Readonly<DroppedCounts>
  readonly counters: Readonly<TsCounters>
  /** Configurations so far, of all tracks; the same one again does not count. */
  readonly configurations: number
}

/** Bytes of a transport stream to announced tracks, configurations and access units. Never throws for bad media: it is counted and told. */
export function createTsToStream(options: TsToStreamOptions): TsToStream {
  return new ToStream(options)
}

const RESTLESS =
  'The encoder changes its settings all the time: keep programme, size, profile and sound as they are while it streams.'
const HASTY = 'The stream comes much faster than it plays: send it in real time (ffmpeg: -re).'

class ToStream implements TsToStream {
  readonly #publisher: TsToStreamOptions['publisher']
  readonly #limits: MpegTsIngestLimits
  readonly #since: number
  readonly #demuxer: TsDemuxer
  readonly #traffic: TrafficMeter
  readonly #configs = new Map<TrackId, TrackConfig>()
  /** Sounds that are taken, by packet identifier: what each is here, and in which language. */
  #sounds: ReadonlyMap<number, TrackId> = new Map()
  #languages: ReadonlyMap<number, string | undefined> = new Map()
  /** Configurations of those, as they came. */
  readonly #heard = new Map<number, TrackConfig>()
  /** Pictures are dropped until one that refers to none before it. */
  #needsKey = false
  /** What the publisher was told last of each, to tell it at 1, 2, 4, 8 … */
  readonly #told = new Map<string, number>()
  readonly #damage: Damage
  #refusal: string | undefined
  configurations = 0
  readonly dropped: DroppedCounts = { afterLoss: 0, damagedVideo: 0, damagedAudio: 0 }

  constructor({ publisher, limits = MPEGTS_INGEST_LIMITS, now }: TsToStreamOptions) {
    this.#publisher = publisher
    this.#limits = limits
    this.#since = now
    this.#damage = createDamage(limits.damageMs, now)
    this.#traffic = new TrafficMeter(limits.windowMs)
    this.#demuxer = createTsDemuxer({ sounds: 1 + FURTHER_SOUNDS.most })
  }

  get counters(): Readonly<TsCounters> {
    return this.#demuxer.counters
  }

  receive(bytes: Uint8Array, now: number): string | undefined {
    return this.#guarded(() => this.#demuxer.receive(bytes), now)
  }

  flush(now: number): string | undefined {
    return this.#guarded(() => this.#demuxer.flush(), now)
  }

  #guarded(read: () => readonly TsEvent[], now: number): string | undefined {
    if (this.#refusal !== undefined) return this.#refusal
    try {
      const before = this.counters.units
      const events = read()
      if (this.#traffic.add(this.counters.units - before, now) > this.#limits.unitsPerWindow) this.#refusal = HASTY
      if (this.#refusal !== undefined) return this.#refusal
      for (const event of events) {
        this.#onEvent(event)
        if (event.type !== 'unit' && this.#isRestless(now)) this.#refusal = RESTLESS
        if (this.#refusal !== undefined) return this.#refusal
      }
      this.#tellLosses(now)
    } catch (error) {
      if (!(error instanceof MediaError)) throw error
      this.#refusal = error.message
    }
    return this.#refusal
  }

  #onEvent(event: TsEvent): void {
    switch (event.type) {
      case 'tracks':
        this.#onTracks(event)
        return
      case 'config':
        if (event.kind === 'audio') this.#heard.set(event.pid, event.config)
        this.#configure(this.#trackOf(event), this.#described(event.pid, event.config))
        return
      case 'unit':
        this.#unit(event)
        return
      case 'loss':
        if (event.kind === 'audio') this.dropped.damagedAudio++
        else {
          this.dropped.damagedVideo++
          this.#needsKey = true
        }
    }
  }

  #onTracks(event: Extract<TsEvent, { type: 'tracks' }>): void {
    const { streams } = event
    this.#refusal = refusalOf(streams)
    const taken = streams.filter(({ isTaken }) => isTaken)
    const sounds = taken.filter(({ kind }) => kind === 'audio')
    this.#sounds = numberSounds(
      sounds.map(({ pid }) => pid),
      this.#sounds,
    )
    this.#languages = new Map(sounds.map(({ pid, language }) => [pid, language]))
    this.#publisher.announce({
      video: taken.length > sounds.length,
      audio: sounds.length > 0,
      ...(sounds.length > 1 && { furtherSounds: sounds.length - 1 }),
    })
    this.#publisher.describe(factsOf(event, this.#limits))
    // One that is another track now, or in another language, does not say its configuration again.
    for (const [pid, config] of this.#heard) {
      if (this.#sounds.has(pid)) this.#configure(this.#sounds.get(pid), this.#described(pid, config))
      else this.#heard.delete(pid)
    }
  }

  #trackOf({ kind, pid }: { readonly kind: 'video' | 'audio'; readonly pid: number }): TrackId | undefined {
    return kind === 'video' ? VIDEO_TRACK : this.#sounds.get(pid)
  }

  /** With the language that the table says. */
  #described(pid: number, config: TrackConfig): TrackConfig {
    const language = this.#languages.get(pid)
    return config.kind === 'video' || language === undefined ? config : { ...config, language }
  }

  #configure(track: TrackId | undefined, config: TrackConfig): void {
    if (track === undefined) return
    const known = this.#configs.get(track)
    // The same programme from another PID, for example.
    if (known !== undefined && isSame(known, config)) return
    this.#configs.set(track, config)
    this.configurations++
    this.#publisher.configure(track, config)
  }

  #unit({ kind, pid, pts, dts, key, data }: Extract<TsEvent, { type: 'unit' }>): void {
    const track = this.#trackOf({ kind, pid })
    if (track === undefined) return
    if (kind === 'video') {
      if (key) this.#needsKey = false
      if (this.#needsKey) {
        this.dropped.afterLoss++
        return
      }
    }
    this.#publisher.unit({ track, dts, pts, key, data })
  }

  #isRestless(now: number): boolean {
    const over = this.configurations + this.#demuxer.counters.tableChanges - this.#limits.changes
    return over > 0 && over > (now - this.#since) / 1000
  }

  /** At 1, 2, 4, 8 …: the studio sees it early, and a bad line causes no flood. */
  #tellLosses(now: number): void {
    const { lostPackets, malformed, unconfigured } = this.#demuxer.counters
    this.#tell('lostPackets', lostPackets)
    this.#tell('droppedMalformed', malformed)
    this.#tell('droppedUnconfigured', unconfigured)
    this.#tell('droppedAfterLoss', this.dropped.afterLoss)
    this.#tell('damagedPictures', this.dropped.damagedVideo)
    this.#tell('damagedSound', this.dropped.damagedAudio)
    const { afterLoss, damagedVideo, damagedAudio } = this.dropped
    const damagedUnits = this.#damage.update(afterLoss + damagedVideo + damagedAudio, now)
    if (damagedUnits !== undefined) this.#publisher.describe({ damagedUnits })
  }

  #tell(fact: string, count: number): void {
    if (count < 2 * (this.#told.get(fact) ?? 0.5)) return
    this.#told.set(fact, count)
    this.#publisher.describe({ [fact]: count })
  }
}

function isSame(a: TrackConfig, b: TrackConfig): boolean {
  const isSpokenAlike = a.kind === 'video' || (b.kind === 'audio' && a.language === b.language)
  return (
    isSpokenAlike &&
    a.codecString === b.codecString &&
    a.timescale === b.timescale &&
    sameBytes(a.decoderConfig, b.decoderConfig)
  )
}
