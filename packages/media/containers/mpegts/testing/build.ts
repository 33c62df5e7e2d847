import { concatBytes } from '../../../bytes/bytes.ts'
import { createAdtsHeader } from '../../../codecs/aac/adts.ts'
import { parseAvcC } from '../../../codecs/h264/avcc.ts'
import { AVCC } from '../../../codecs/h264/fixtures.ts'
import { packetize } from '../packetize.ts'
import { printPat } from '../pat.ts'
import { printPesHeader } from '../pes.ts'
import { type Descriptor, type MapEntry, printPmt } from '../pmt.ts'
import { printSection } from '../section.ts'

/** Builds transport streams for tests, one unit after the other; counters are kept by PID. */
export class TsBuilder {
  readonly #counters = new Map<number, number>()
  readonly pieces: Uint8Array[] = []

  get bytes(): Uint8Array {
    return concatBytes(this.pieces)
  }

  /** Whole packets. */
  get packets(): Uint8Array[] {
    const { bytes } = this
    return Array.from({ length: bytes.byteLength / 188 }, (_, i) => bytes.slice(i * 188, (i + 1) * 188))
  }

  unit(pid: number, ...pieces: Uint8Array[]): this {
    const { bytes, counter } = packetize(pieces, { pid, counter: this.#counters.get(pid) ?? 15 })
    this.#counters.set(pid, counter)
    this.pieces.push(bytes)
    return this
  }

  /** Stuffing: packets are believed to be some when three follow each other. */
  nulls(count: number): this {
    for (let i = 0; i < count; i++) this.unit(0x1fff, new Uint8Array(184))
    return this
  }

  section(pid: number, section: Uint8Array): this {
    return this.unit(pid, Uint8Array.of(0), section, new Uint8Array(Math.max(0, 183 - section.byteLength)).fill(0xff))
  }

  pat(programs: readonly { number: number; mapPid: number }[], version = 0): this {
    return this.section(0, printSection({ tableId: 0, id: 1, version, body: printPat(programs) }))
  }

  pmt(mapPid: number, number: number, streams: readonly MapEntry[], version = 0): this {
    const body = printPmt({ pcrPid: streams[0]?.pid ?? 0x1fff, streams })
    return this.section(mapPid, printSection({ tableId: 2, id: number, version, body }))
  }

  /** Programme 1 with its map on PID 0x1000. */
  tables(streams: readonly MapEntry[], version = 0): this {
    return this.pat([{ number: 1, mapPid: 0x1000 }]).pmt(0x1000, 1, streams, version)
  }

  /** A PES packet that says its length when it can. */
  pes(pid: number, streamId: number, times: { pts: number; dts?: number }, payload: Uint8Array): this {
    const { pts, dts = pts } = times
    return this.unit(pid, printPesHeader(streamId, { pts, dts }, payload.byteLength), payload)
  }

  /** A PES packet without length, as encoders send pictures. */
  openPes(pid: number, times: { pts: number; dts?: number }, payload: Uint8Array): this {
    const { pts, dts = pts } = times
    return this.unit(pid, printPesHeader(0xe0, { pts, dts }, 0x10000), payload)
  }

  /** A PES packet without a time: 00 00 01, stream id, length, flags, no header data. */
  timeless(pid: number, streamId: number, payload: Uint8Array, stated = true): this {
    const length = stated ? payload.byteLength + 3 : 0
    return this.unit(pid, Uint8Array.of(0, 0, 1, streamId, length >> 8, length & 0xff, 0x80, 0, 0), payload)
  }
}

export const VIDEO = 0x100
export const AUDIO = 0x101

export function entry(pid: number, type: number, ...descriptors: Descriptor[]): MapEntry {
  return { pid, type, descriptors }
}

export const H264 = entry(VIDEO, 0x1b)
export const AAC = entry(AUDIO, 0x0f)

const { sps, pps } = parseAvcC(AVCC.hd1080)
const other = parseAvcC(AVCC.sarColour)

function startCoded(...nals: readonly Uint8Array[]): Uint8Array {
  return concatBytes(nals.flatMap((nal) => [Uint8Array.of(0, 0, 0, 1), nal]))
}

const DELIMITER = Uint8Array.of(0x09, 0xf0)

/** An IDR slice (I, `first_mb_in_slice` 0) and a P slice, with bytes to tell pictures apart. */
export function idr(mark: number, size = 20): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => (i === 0 ? 0x65 : i === 1 ? 0x88 : 1 + ((mark + i) % 200)))
}
export function slice(mark: number, size = 20): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => (i === 0 ? 0x41 : i === 1 ? 0xe0 : 1 + ((mark + i) % 200)))
}

/** An access unit in the byte stream format: delimiter, parameter sets, picture. */
export function keyPicture(mark: number, size?: number): Uint8Array {
  return startCoded(DELIMITER, ...sps, ...pps, idr(mark, size))
}
/** With the parameter sets of another size. */
export function otherKeyPicture(mark: number): Uint8Array {
  return startCoded(DELIMITER, ...other.sps, ...other.pps, idr(mark))
}
export function picture(mark: number, size?: number): Uint8Array {
  return startCoded(DELIMITER, slice(mark, size))
}

/** As it is in the access unit that comes out. */
export function lengthPrefixed(nal: Uint8Array): Uint8Array {
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, nal.byteLength)
  return concatBytes([length, nal])
}

const header = createAdtsHeader(Uint8Array.of(0x11, 0x90))

/** A raw data block of AAC, 48 kHz, stereo. */
export function rawAac(mark: number, size = 30): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => (mark + i) % 200)
}
export function adts(mark: number, size?: number): Uint8Array {
  const raw = rawAac(mark, size)
  return concatBytes([header(raw.byteLength), raw])
}
