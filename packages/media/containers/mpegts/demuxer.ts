import { MediaError } from '../../error.ts'
import { TsClock } from './clock.ts'
import type { TsCounters, TsEvent } from './event.ts'
import { MPEGTS_LIMITS, type MpegTsLimits } from './limits.ts'
import { emptyPacket, NULL_PID, parsePacket, type TsPacket } from './packet.ts'
import { PAT_PID } from './pat.ts'
import { ProgramStreams, type TakenStream } from './program.ts'
import { PacketSync } from './sync.ts'
import { Tables } from './tables.ts'

export interface TsDemuxerOptions {
  readonly limits?: MpegTsLimits
  /** Unwrapped time (90 kHz) that the first one is brought near to: renditions of one ladder so stay together. */
  readonly near?: number
  /** How many sounds are read, at most; 1 when absent. */
  readonly sounds?: number
  /**
   * Pictures and frames of sound that one call looks at, at most, and those of one more PES packet: for who reads much in one go. Without
   * end when absent.
   */
  readonly unitsAtOnce?: number
}

export interface TsDemuxer {
  /**
   * @returns what is complete now. Access units have memory of their own.
   * @throws MediaError with a sentence for the encoder's owner, when nothing can be made of the bytes, and `too-large` for more than
   *   `unitsAtOnce`; the demuxer is of no use then.
   */
  receive(bytes: Uint8Array): readonly TsEvent[]
  /**
   * The input ends here, or goes on behind a border at which counters may begin anew (a segment's end): what waits for its end comes out
   * as it is.
   */
  flush(): readonly TsEvent[]
  readonly counters: Readonly<TsCounters>
}

/**
 * Access units out of an MPEG transport stream (ISO/IEC 13818-1, ITU-T H.222.0), in any pieces: the first video and the first sound, or
 * several, that can be read, of the first programme that has media.
 */
export function createTsDemuxer(options: TsDemuxerOptions = {}): TsDemuxer {
  return new Demuxer(options)
}

/** What is known of the packets of one PID. */
interface Route {
  /** Last continuity_counter, −1 where any may follow. */
  counter: number
  /** The last packet came twice, as is allowed once. */
  isRepeated: boolean
  /** `undefined` for tables. */
  readonly stream: TakenStream | undefined
}

class Demuxer implements TsDemuxer {
  readonly #limits: MpegTsLimits
  readonly #sync: PacketSync
  readonly #tables: Tables
  readonly #program: ProgramStreams
  readonly #packet: TsPacket = emptyPacket()
  readonly #routes = new Map<number, Route>([[PAT_PID, newRoute(undefined)]])
  #events: TsEvent[] = []
  #hasTables = false
  #isRunning = false
  readonly #unitsAtOnce: number
  /** What `counters.units` may come to in this call. */
  #mostUnits = 0
  readonly counters: TsCounters = {
    packets: 0,
    lostPackets: 0,
    skippedBytes: 0,
    discontinuities: 0,
    badTables: 0,
    tableChanges: 0,
    malformed: 0,
    unconfigured: 0,
    units: 0,
  }

  constructor({ limits = MPEGTS_LIMITS, near, sounds = 1, unitsAtOnce = Number.POSITIVE_INFINITY }: TsDemuxerOptions) {
    this.#limits = limits
    this.#unitsAtOnce = unitsAtOnce
    this.#sync = new PacketSync(limits)
    this.#program = new ProgramStreams({
      ...{ limits, sounds },
      clock: new TsClock(near),
      counters: this.counters,
      emit: (event) => this.#events.push(event),
      onTaken: (streams) => this.#onTaken(streams),
    })
    this.#tables = new Tables(limits, {
      onProgram: (number, programs, streams) => {
        this.#isRunning = true
        this.#program.set(number, programs, streams)
      },
      onTablePids: (pids) => this.#onTablePids(pids),
      onBadTable: () => this.counters.badTables++,
      onChange: () => this.#onChange(),
    })
  }

  receive(bytes: Uint8Array): readonly TsEvent[] {
    this.#mostUnits = this.counters.units + this.#unitsAtOnce
    this.#sync.push(bytes, (data, at) => this.#onPacket(data, at))
    this.counters.skippedBytes = this.#sync.skipped
    if (!this.#isRunning && this.counters.packets > this.#limits.tablelessPackets) throw nothingToTake(this.#hasTables)
    return this.#give()
  }

  flush(): readonly TsEvent[] {
    for (const route of this.#routes.values()) {
      route.stream?.flush()
      route.counter = -1
    }
    this.#sync.reset()
    return this.#give()
  }

  /** What was read of it is let go of: it may be as much as the bound is there against. */
  #tooMany(): MediaError {
    this.#events = []
    const text = `more than ${this.#unitsAtOnce} pictures and frames of sound in one go`
    return new MediaError('too-large', text, { structure: 'mpegts' })
  }

  #give(): readonly TsEvent[] {
    const events = this.#events
    if (events.length > 0) this.#events = []
    return events
  }

  #onPacket(data: Uint8Array, at: number): void {
    if (this.counters.units > this.#mostUnits) throw this.#tooMany()
    const packet = this.#packet
    parsePacket(data, at, packet)
    this.counters.packets++
    const route = packet.pid === NULL_PID ? undefined : this.#routes.get(packet.pid)
    if (route === undefined) return
    if (packet.discontinuity) {
      this.counters.discontinuities++
      route.counter = -1
    }
    if (packet.damaged) {
      this.counters.lostPackets++
      this.#lose(packet.pid, route)
      route.counter = -1
      return
    }
    // Only packets with payload are counted.
    if (packet.from === packet.to || !this.#isNext(packet, route)) return
    const payload = data.subarray(packet.from, packet.to)
    if (route.stream === undefined) this.#tables.push(packet.pid, payload, packet.start)
    else if (!packet.scrambled) route.stream.push(payload, packet.start)
    else {
      this.counters.lostPackets++
      route.stream.unsupported('it is encrypted')
    }
  }

  /** Continuity (§2.4.3.3). False for a packet that has come already. */
  #isNext({ pid, counter }: TsPacket, route: Route): boolean {
    const last = route.counter
    const isRepeated = counter === last && !route.isRepeated
    route.counter = counter
    route.isRepeated = isRepeated
    if (last === -1 || counter === ((last + 1) & 15)) return true
    if (isRepeated) return false
    this.counters.lostPackets += (counter - last - 1) & 15
    this.#lose(pid, route)
    return true
  }

  #lose(pid: number, { stream }: Route): void {
    if (stream === undefined) this.#tables.lose(pid)
    else stream.lose()
  }

  #onChange(): void {
    const changes = ++this.counters.tableChanges
    const { tableChanges, packetsPerChange } = this.#limits
    if (changes <= tableChanges + this.counters.packets / packetsPerChange) return
    const text =
      'The transport stream changes its programmes all the time: keep its streams as they are while it is sent.'
    throw new MediaError('malformed', text, { structure: 'mpegts' })
  }

  #onTablePids(pids: ReadonlySet<number>): void {
    for (const [pid, { stream }] of this.#routes) if (stream === undefined && !pids.has(pid)) this.#routes.delete(pid)
    // What is read as a stream stays one, whatever the table says.
    for (const pid of pids) if (!this.#routes.has(pid)) this.#routes.set(pid, newRoute(undefined))
    this.#hasTables ||= pids.size > 1
  }

  #onTaken(streams: readonly TakenStream[]): void {
    for (const [pid, { stream }] of this.#routes) {
      if (stream !== undefined && !streams.includes(stream)) this.#routes.delete(pid)
    }
    for (const stream of streams) {
      if (this.#routes.get(stream.pid)?.stream !== stream) this.#routes.set(stream.pid, newRoute(stream))
    }
  }
}

function newRoute(stream: TakenStream | undefined): Route {
  return { counter: -1, isRepeated: false, stream }
}

function nothingToTake(hasTables: boolean): MediaError {
  const text = hasTables
    ? 'The transport stream has no programme with pictures or sound: add one to what the encoder sends.'
    : 'The transport stream has no programme table (PAT and PMT): switch on the tables in the encoder or multiplexer.'
  return new MediaError('malformed', text, { structure: 'mpegts' })
}
