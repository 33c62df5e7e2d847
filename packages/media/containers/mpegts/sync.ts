import { concatBytes } from '../../bytes/bytes.ts'
import { MediaError } from '../../error.ts'
import type { MpegTsLimits } from './limits.ts'
import { PACKET, SYNC } from './packet.ts'

/** Distances of packets in the forms that are not taken: M2TS (a time code of 4 bytes in front) and with Reed-Solomon bytes behind. */
const FOREIGN = [192, 204] as const
/** Sync bytes in a row at a foreign distance that are believed. */
const FOREIGN_PROOF = 5
const EMPTY = new Uint8Array(0)

/** Cuts bytes into packets of 188, finds them at the beginning and again when they are lost. */
export class PacketSync {
  readonly #limits: Pick<MpegTsLimits, 'unsyncedBytes'>
  #rest: Uint8Array = EMPTY
  #synced = false
  #everSynced = false
  /** Bytes passed over since the last packet. */
  #unsynced = 0
  /** Bytes passed over in all. */
  skipped = 0
  /** Times that packets were lost sight of. */
  losses = 0

  constructor(limits: Pick<MpegTsLimits, 'unsyncedBytes'>) {
    this.#limits = limits
  }

  /**
   * @param onPacket gets the offset of each whole packet; the bytes are valid during the call.
   * @throws MediaError `unsupported` for packets of 192 or 204 bytes, `malformed` when there are none at all.
   */
  push(input: Uint8Array, onPacket: (data: Uint8Array, at: number) => void): void {
    const data = this.#rest.byteLength === 0 ? input : concatBytes([this.#rest, input])
    let at = 0
    for (;;) {
      if (!this.#synced) {
        const next = this.#search(data, at)
        this.skipped += next - at
        this.#unsynced += next - at
        at = next
        if (this.#unsynced > this.#limits.unsyncedBytes) throw noTransportStream(this.#everSynced)
        if (!this.#synced) break
      }
      if (at + PACKET > data.byteLength) break
      if (data[at] !== SYNC) {
        this.#synced = false
        this.losses++
        continue
      }
      this.#unsynced = 0
      onPacket(data, at)
      at += PACKET
    }
    this.#rest = at === data.byteLength ? EMPTY : data.slice(at)
  }

  /** What is left of a packet is forgotten: the next bytes are the beginning of something. */
  reset(): void {
    this.#rest = EMPTY
    this.#synced = false
    this.#unsynced = 0
  }

  /** The first offset from `at` on where packets begin, or where more bytes are needed to know. */
  #search(data: Uint8Array, at: number): number {
    for (let i = data.indexOf(SYNC, at); i !== -1; i = data.indexOf(SYNC, i + 1)) {
      const ours = follows(data, i, PACKET, 3)
      if (ours === true) {
        this.#synced = true
        this.#everSynced = true
        return i
      }
      if (ours === undefined) return i
      if (this.#everSynced) continue
      for (const distance of FOREIGN) {
        const foreign = follows(data, i, distance, FOREIGN_PROOF)
        if (foreign === undefined) return i
        if (foreign) throw foreignPackets(distance)
      }
    }
    return data.byteLength
  }
}

/** Whether `count` sync bytes stand `distance` apart; `undefined` when the bytes end before one is missing. */
function follows(data: Uint8Array, at: number, distance: number, count: number): boolean | undefined {
  for (let i = 0; i < count; i++) {
    const where = at + i * distance
    if (where >= data.byteLength) return undefined
    if (data[where] !== SYNC) return false
  }
  return true
}

function foreignPackets(bytes: number): MediaError {
  const what = bytes === 192 ? 'M2TS, as cameras and discs have it' : 'with error correction bytes'
  return new MediaError(
    'unsupported',
    `The transport stream has packets of ${bytes} bytes (${what}): set the encoder to packets of 188 bytes.`,
    { structure: 'mpegts' },
  )
}

function noTransportStream(everSynced: boolean): MediaError {
  const text = everSynced
    ? 'What comes is no MPEG transport stream any more: look at what the encoder sends, or start it again.'
    : 'What comes is no MPEG transport stream: set the encoder to MPEG-TS.'
  return new MediaError('malformed', text, { structure: 'mpegts' })
}
