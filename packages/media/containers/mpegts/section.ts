import { crc32 } from './crc32.ts'

/** PAT and PMT sections have at most 1021 bytes behind the length field (ISO/IEC 13818-1 §2.4.4.4, §2.4.4.9). */
const SECTION = 1024
const HEADER = 3

/** Puts sections together that lie in the packets of one PID (§2.4.4.1): several in one packet, or one over several. */
export class SectionAssembler {
  readonly #buffer = new Uint8Array(SECTION)
  /** Bytes in the buffer, −1 while none is begun. */
  #length = -1

  /** A packet is missing: what was begun is forgotten. */
  lose(): void {
    this.#length = -1
  }

  /**
   * @param onSection gets each whole section, valid during the call; not checked yet.
   * @returns sections that could not be, too long ones among them.
   */
  push(payload: Uint8Array, start: boolean, onSection: (section: Uint8Array) => void): number {
    if (!start) return this.#append(payload, onSection)
    const pointer = payload[0] ?? 0
    if (pointer + 1 > payload.byteLength) {
      this.#length = -1
      return 1
    }
    let bad = this.#append(payload.subarray(1, 1 + pointer), onSection)
    this.#length = 0
    bad += this.#append(payload.subarray(1 + pointer), onSection)
    return bad
  }

  #append(bytes: Uint8Array, onSection: (section: Uint8Array) => void): number {
    let rest = bytes
    while (this.#length >= 0 && rest.byteLength > 0) {
      // Stuffing up to the end of the packet.
      if (this.#length === 0 && rest[0] === 0xff) {
        this.#length = -1
        break
      }
      const wanted = this.#length < HEADER ? HEADER : this.#size()
      if (wanted > SECTION) {
        this.#length = -1
        return 1
      }
      const taken = rest.subarray(0, wanted - this.#length)
      this.#buffer.set(taken, this.#length)
      this.#length += taken.byteLength
      rest = rest.subarray(taken.byteLength)
      if (this.#length >= HEADER && this.#length === this.#size()) {
        onSection(this.#buffer.subarray(0, this.#length))
        this.#length = 0
      }
    }
    return 0
  }

  #size(): number {
    return HEADER + ((((this.#buffer[1] ?? 0) & 15) << 8) | (this.#buffer[2] ?? 0))
  }
}

/** A section in the long form, its CRC right. */
export interface Section {
  readonly tableId: number
  /** transport_stream_id of a PAT, program_number of a PMT. */
  readonly id: number
  readonly version: number
  /** current_next_indicator: it counts from now on. */
  readonly current: boolean
  readonly number: number
  readonly body: Uint8Array
}

/**
 * ```
 * | table_id 8 | syntax 1 | 0 | 2 | length 12 | id 16 | 2 | version 5 | current 1 | number 8 | last 8 | body | CRC 32 |
 * ```
 * @returns `undefined` when it is too short or its CRC is wrong.
 */
export function parseSection(section: Uint8Array): Section | undefined {
  const [tableId = 0, flags = 0, , high = 0, low = 0, version = 0, number = 0] = section
  if (section.byteLength < 12 || (flags & 0x80) === 0 || crc32(section) !== 0) return undefined
  return {
    tableId,
    id: (high << 8) | low,
    version: (version >> 1) & 31,
    current: (version & 1) === 1,
    number,
    body: section.subarray(8, section.byteLength - 4),
  }
}

/** A section with its CRC, the only one of its table. */
export function printSection({ tableId, id, version, body }: Omit<Section, 'number' | 'current'>): Uint8Array {
  const length = 5 + body.byteLength + 4
  const section = new Uint8Array(HEADER + length)
  section.set([tableId, 0xb0 | (length >> 8), length & 0xff, id >> 8, id & 0xff, 0xc1 | (version << 1), 0, 0])
  section.set(body, 8)
  const end = section.byteLength - 4
  new DataView(section.buffer).setUint32(end, crc32(section.subarray(0, end)))
  return section
}
