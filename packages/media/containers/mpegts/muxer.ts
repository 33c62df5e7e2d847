import type { AccessUnit, TrackId } from '../../access-unit.ts'
import { concatBytes, sameBytes } from '../../bytes/bytes.ts'
import { MediaError } from '../../error.ts'
import type { TrackConfig } from '../../track.ts'
import { type Carriage, carriageOf } from './carriage.ts'
import { packetize } from './packetize.ts'
import { PAT_PID, PAT_TABLE, printPat } from './pat.ts'
import { printPesHeader } from './pes.ts'
import { PMT_TABLE, printPmt } from './pmt.ts'
import { printSection } from './section.ts'

const MAP_PID = 0x1000
const FIRST_PID = 0x100
const PROGRAM = 1
/** Ticks of 90 kHz. Tables come with each key frame and after this time: who joins in between waits no longer. */
const TABLES_EVERY = 9_000
/** The clock comes with each picture, at 10 a second at least (ISO/IEC 13818-1 §2.7.2); ticks. */
const CLOCK_EVERY = 7_200
/** Tracks of one programme: its map fits into one packet. */
const MAX_TRACKS = 8
/** How far units come before their decode time, ticks: sound may come so much later than the pictures that set the clock. */
const LEAD = 36_000

export interface MuxedTrack {
  readonly track: TrackId
  readonly config: TrackConfig
}

export interface TsMuxer {
  /**
   * The tracks of what follows, first or changed; their times go on.
   * @throws MediaError `unsupported` for codecs that transport streams do not carry, `too-large` for more than 8 tracks, and as the parsers of the configurations.
   */
  begin(tracks: readonly MuxedTrack[]): void
  /**
   * Packets of one unit, tables and clock before it where they are due: a multiple of 188 bytes.
   * @param unit its times at the timescale of its track, in the order of their decode times or nearly so. Units of tracks that were not
   *   begun give nothing.
   * @throws MediaError `truncated` for NAL units that run past their unit's end; `too-large` for sound that no header can describe.
   */
  write(unit: AccessUnit): Uint8Array
}

/** Writes an MPEG transport stream of one programme: H.264, HEVC, AAC (ADTS), MP3, AC-3, E-AC-3, Opus. */
export function createTsMuxer(): TsMuxer {
  return new Muxer()
}

interface Output {
  readonly pid: number
  readonly timescale: number
  readonly isVideo: boolean
  readonly carriage: Carriage
}

class Muxer implements TsMuxer {
  #outputs: ReadonlyMap<TrackId, Output> = new Map()
  #map: Uint8Array = new Uint8Array(0)
  #version = -1
  #clockPid = FIRST_PID
  readonly #counters = new Map<number, number>()
  /** Ticks at which tables and clock came last. */
  #tablesAt = Number.NEGATIVE_INFINITY
  #clockAt = Number.NEGATIVE_INFINITY

  begin(tracks: readonly MuxedTrack[]): void {
    if (tracks.length > MAX_TRACKS)
      throw new MediaError('too-large', `mpegts: ${tracks.length} tracks in one programme`)
    const outputs = tracks.map(({ track, config }, i): [TrackId, Output] => [
      track,
      {
        pid: FIRST_PID + i,
        timescale: config.timescale,
        isVideo: config.kind === 'video',
        carriage: carriageOf(config),
      },
    ])
    this.#outputs = new Map(outputs)
    const streams = outputs.map(([, { pid, carriage }]) => ({
      pid,
      type: carriage.type,
      descriptors: carriage.descriptors,
    }))
    this.#clockPid = (outputs.find(([, { isVideo }]) => isVideo) ?? outputs[0])?.[1].pid ?? FIRST_PID
    const map = printPmt({ pcrPid: this.#clockPid, streams })
    if (!sameBytes(map, this.#map)) {
      this.#map = map
      this.#version = (this.#version + 1) & 31
    }
    this.#tablesAt = Number.NEGATIVE_INFINITY
  }

  write({ track, dts, pts, key, data }: AccessUnit): Uint8Array {
    const output = this.#outputs.get(track)
    if (output === undefined) return new Uint8Array(0)
    const { pid, timescale, isVideo, carriage } = output
    const ticks = (time: number): number => Math.round((time * 90_000) / timescale)
    const times = { dts: ticks(dts), pts: ticks(pts) }
    const packets: Uint8Array[] = []
    const isLate = times.dts - this.#tablesAt >= TABLES_EVERY
    if (isLate || (isVideo && key)) packets.push(...this.#tables(times.dts))
    const isOnClock = pid === this.#clockPid
    const isDue = (isOnClock && isVideo) || times.dts - this.#clockAt >= CLOCK_EVERY
    const clock = isDue ? this.#clock(times.dts) : undefined
    if (clock !== undefined && !isOnClock) packets.push(this.#packets(this.#clockPid, [], clock))
    const pieces = carriage.pieces({ key, data })
    const payload = pieces.reduce((sum, { byteLength }) => sum + byteLength, 0)
    if (!isVideo && payload > 0xff00) throw new MediaError('too-large', `mpegts: ${payload} bytes of sound in one unit`)
    const header = printPesHeader(carriage.streamId, shift(times), payload)
    packets.push(this.#packets(pid, [header, ...pieces], isOnClock ? clock : undefined, key && isVideo))
    return packets.length === 1 ? (packets[0] as Uint8Array) : concatBytes(packets)
  }

  #tables(now: number): Uint8Array[] {
    this.#tablesAt = now
    const association = printPat([{ number: PROGRAM, mapPid: MAP_PID }])
    const pat = printSection({ tableId: PAT_TABLE, id: 1, version: 0, body: association })
    const pmt = printSection({ tableId: PMT_TABLE, id: PROGRAM, version: this.#version, body: this.#map })
    return [this.#section(PAT_PID, pat), this.#section(MAP_PID, pmt)]
  }

  /** Behind its pointer_field; the rest of the packet is stuffing of the section's kind, as all receivers know it. */
  #section(pid: number, section: Uint8Array): Uint8Array {
    const payload = new Uint8Array(184).fill(0xff)
    payload[0] = 0
    payload.set(section, 1)
    return this.#packets(pid, [payload])
  }

  /** Never goes back, also where sound runs before the pictures. */
  #clock(dts: number): number {
    this.#clockAt = Math.max(this.#clockAt, dts)
    return this.#clockAt
  }

  #packets(pid: number, pieces: readonly Uint8Array[], pcr?: number, isRandomAccess = false): Uint8Array {
    const { bytes, counter } = packetize(pieces, {
      pid,
      counter: this.#counters.get(pid) ?? 15,
      isRandomAccess,
      ...(pcr === undefined ? {} : { pcr }),
    })
    this.#counters.set(pid, counter)
    return bytes
  }
}

function shift({ pts, dts }: { readonly pts: number; readonly dts: number }): { pts: number; dts: number } {
  return { pts: pts + LEAD, dts: dts + LEAD }
}
