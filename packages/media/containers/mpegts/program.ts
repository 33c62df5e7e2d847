import { sameBytes } from '../../bytes/bytes.ts'
import { MediaError } from '../../error.ts'
import type { TsClock } from './clock.ts'
import type { TsCounters, TsEvent, TsStream } from './event.ts'
import type { MpegTsLimits } from './limits.ts'
import { PesAssembler } from './pes-assembler.ts'
import type { Descriptor, MapEntry } from './pmt.ts'
import type { StreamReader, StreamSink } from './sink.ts'
import { createStreamReader } from './stream-reader.ts'
import { kindOf, languageOf, type StreamKind, type TsFormat } from './stream-type.ts'

/** A stream whose units are read. */
export interface TakenStream {
  readonly pid: number
  push(payload: Uint8Array, start: boolean): void
  /** Packets are missing before what comes next. */
  lose(): void
  /** What is begun ends here. */
  flush(): void
  /** What comes next is of a kind that is not taken, and left out; given up is what says so again and again. */
  unsupported(why: string): void
}

interface Known {
  readonly entry: MapEntry
  readonly kind: StreamKind
  trouble?: string
  taken?: TakenStream
}

export interface ProgramOptions {
  readonly limits: MpegTsLimits
  /** How many sounds are taken, at most. */
  readonly sounds: number
  readonly clock: TsClock
  readonly counters: TsCounters
  readonly emit: (event: TsEvent) => void
  /** Which streams are read now. */
  readonly onTaken: (streams: readonly TakenStream[]) => void
}

/** The streams of the programme that was taken: the first video and the first sounds that can be read are. */
export class ProgramStreams {
  readonly #options: ProgramOptions
  #program = { program: 0, programs: 0 }
  #streams: readonly Known[] = []

  constructor(options: ProgramOptions) {
    this.#options = options
  }

  /** The programme, first or changed. A stream that is still as it was goes on. */
  set(program: number, programs: number, entries: readonly MapEntry[]): void {
    const before = this.#streams
    // What is begun of a stream that goes is whole: its next packet will not come.
    for (const { entry, taken } of before) if (!entries.some((one) => isSameStream(one, entry))) taken?.flush()
    this.#program = { program, programs }
    this.#streams = entries.map(
      (entry) => before.find((one) => isSameStream(one.entry, entry)) ?? { entry, kind: kindOf(entry) },
    )
    this.#take()
  }

  #take(): void {
    const taken: TakenStream[] = []
    this.#first('video', 1, taken)
    this.#first('audio', this.#options.sounds, taken)
    for (const known of this.#streams) {
      if (known.taken !== undefined && !taken.includes(known.taken)) delete known.taken
    }
    this.#options.onTaken(taken)
    this.#options.emit({ type: 'tracks', ...this.#program, streams: this.#streams.map(describe) })
  }

  #first(kind: 'video' | 'audio', most: number, taken: TakenStream[]): void {
    const last = taken.length + most
    for (const known of this.#streams) {
      if (taken.length >= last) return
      if (known.kind.kind !== kind || known.trouble !== undefined) continue
      // A table may name one packet identifier twice.
      if (taken.some(({ pid }) => pid === known.entry.pid)) continue
      try {
        const { format } = known.kind
        if (format !== undefined) known.taken ??= this.#open(known, kind, format)
      } catch (error) {
        if (!(error instanceof MediaError)) throw error
        known.trouble = error.message
      }
      if (known.taken !== undefined) taken.push(known.taken)
    }
  }

  #open(known: Known, kind: 'video' | 'audio', format: TsFormat): TakenStream {
    const { limits, clock, counters, emit } = this.#options
    const { pid, descriptors } = known.entry
    // A reader in the midst of a packet says more after it was given up.
    const isTaken = (): boolean => known.taken === stream
    const loss = (): void => {
      if (isTaken()) emit({ type: 'loss', kind, pid })
    }
    const giveUp = (why: string): void => {
      if (!isTaken()) return
      known.trouble = why
      this.#take()
    }
    /** What was of a kind that is not taken, since the last unit. */
    let doubts = 0
    const unsupported = (why: string): void => {
      counters.malformed++
      if (++doubts >= limits.unsupportedRow) giveUp(why)
    }
    const sink: StreamSink = {
      found(units) {
        counters.units += units
      },
      config(config) {
        if (isTaken()) emit({ type: 'config', kind, pid, config })
      },
      unit(unit) {
        doubts = 0
        if (isTaken()) emit({ type: 'unit', kind, pid, ...unit })
      },
      loss,
      malformed: () => counters.malformed++,
      unconfigured: () => counters.unconfigured++,
      unsupported,
      unreadable: giveUp,
    }
    const reader = createStreamReader({ format, descriptors, clock, sink, limits })
    const bytes = kind === 'video' ? limits.videoBytes : limits.audioBytes
    const assembler = new PesAssembler(bytes, kind === 'video', {
      onPacket: (packet, continues) => reader.packet(packet, continues),
      onLoss() {
        reader.lose()
        loss()
      },
    })
    const stream: TakenStream = streamOf(pid, assembler, reader, loss, unsupported)
    return stream
  }
}

function streamOf(
  pid: number,
  assembler: PesAssembler,
  reader: StreamReader,
  loss: () => void,
  unsupported: (why: string) => void,
): TakenStream {
  const lose = (): void => {
    assembler.lose()
    reader.lose()
    loss()
  }
  return {
    pid,
    push: (payload, start) => assembler.push(payload, start),
    lose,
    flush() {
      assembler.flush()
      reader.lose()
    },
    unsupported(why) {
      lose()
      unsupported(why)
    },
  }
}

function describe({ entry, kind, trouble, taken }: Known): TsStream {
  const language = languageOf(entry.descriptors)
  return {
    ...kind,
    pid: entry.pid,
    isTaken: taken !== undefined,
    ...(language === undefined ? {} : { language }),
    ...(trouble === undefined ? {} : { trouble }),
  }
}

function isSameStream(a: MapEntry, b: MapEntry): boolean {
  return a.pid === b.pid && a.type === b.type && isSameList(a.descriptors, b.descriptors)
}

function isSameList(a: readonly Descriptor[], b: readonly Descriptor[]): boolean {
  return a.length === b.length && a.every(({ tag, data }, i) => tag === b[i]?.tag && sameBytes(data, b[i].data))
}
