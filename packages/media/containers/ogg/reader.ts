import { MediaError } from '../../error.ts'

/** Bytes of one packet at most; an Opus packet has at most 61 440 (RFC 6716 §3.4, 48 frames of 1275 and a little). */
const PACKET_LIMIT = 64 * 1024
/** Header, 255 lacing values, 255 × 255 bytes (RFC 3533 §6). */
const PAGE_HEADER = 27

/**
 * Packets of the one logical stream in an Ogg file that comes in pieces of any size (RFC 3533). Checksums are not looked at:
 * it comes through a pipe, not from a disk.
 */
export interface OggReader {
  /**
   * Returns the packets that are whole now, the header packets first. Throws `malformed` where no page begins, and `too-large`
   * for a packet beyond all use.
   */
  push(chunk: Uint8Array): readonly Uint8Array[]
}

export function createOggReader(): OggReader {
  let held = new Uint8Array()
  let packet: Uint8Array[] = []
  let packetBytes = 0

  function add(piece: Uint8Array): void {
    packet.push(piece)
    packetBytes += piece.byteLength
    if (packetBytes > PACKET_LIMIT) throw new MediaError('too-large', `ogg: a packet above ${PACKET_LIMIT} bytes`)
  }

  function finish(): Uint8Array {
    const whole = join(packet)
    packet = []
    packetBytes = 0
    return whole
  }

  return {
    push(chunk) {
      held = held.byteLength === 0 ? new Uint8Array(chunk) : join([held, chunk])
      const packets: Uint8Array[] = []
      let at = 0
      for (let size = pageSize(held, at); size !== undefined; size = pageSize(held, at)) {
        const segments = held[at + 26] ?? 0
        let body = at + PAGE_HEADER + segments
        for (let i = 0; i < segments; i++) {
          const lacing = held[at + PAGE_HEADER + i] ?? 0
          add(held.slice(body, body + lacing))
          body += lacing
          // A value of 255 says that the packet goes on (§5).
          if (lacing < 255) packets.push(finish())
        }
        at += size
      }
      held = held.slice(at)
      return packets
    },
  }
}

/** Bytes of the page at `at`; undefined while it is not whole. */
function pageSize(data: Uint8Array, at: number): number | undefined {
  if (data.byteLength - at < PAGE_HEADER) return undefined
  const isPage = data[at] === 0x4f && data[at + 1] === 0x67 && data[at + 2] === 0x67 && data[at + 3] === 0x53
  if (!isPage || data[at + 4] !== 0) throw new MediaError('malformed', 'ogg: no page begins here', { offset: at })
  const segments = data[at + 26] ?? 0
  const header = PAGE_HEADER + segments
  if (data.byteLength - at < header) return undefined
  let size = header
  for (let i = 0; i < segments; i++) size += data[at + PAGE_HEADER + i] ?? 0
  return data.byteLength - at < size ? undefined : size
}

function join(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((sum, { byteLength }) => sum + byteLength, 0))
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.byteLength
  }
  return whole
}
