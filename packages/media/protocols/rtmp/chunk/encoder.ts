import { concatBytes } from '../../../bytes/bytes.ts'
import type { RtmpMessage } from './message.ts'

const EXTENDED = 0xffffff
/** Payloads up to this many bytes are copied next to their header: one write instead of two. */
const COPY_BELOW = 1024

interface Sent {
  timestamp: number
  length: number
  type: number
  streamId: number
}

/**
 * Chunk stream encoder (RTMP 1.0 §5.3). Writes types 0, 1 and 3: type 0 where time goes back or the message stream
 * changes, type 3 only for the rest of a message, since readers disagree on what it means at its start.
 */
export class ChunkEncoder {
  /** Set Chunk Size as told to the peer, in bytes. */
  chunkSize = 128
  readonly #sent = new Map<number, Sent>()

  /**
   * Pieces to send one after the other; large payloads are views on the message's, not copies.
   *
   * @param chunkStreamId 2 to 63.
   */
  encode(chunkStreamId: number, message: RtmpMessage): Uint8Array[] {
    const { payload, type, streamId } = message
    const timestamp = message.timestamp >>> 0
    const last = this.#sent.get(chunkStreamId)
    const absolute = last === undefined || last.streamId !== streamId || timestamp < last.timestamp
    const field = absolute ? timestamp : timestamp - last.timestamp
    this.#sent.set(chunkStreamId, { timestamp, length: payload.byteLength, type, streamId })

    const extended = field >= EXTENDED
    const header = new Uint8Array((absolute ? 12 : 8) + (extended ? 4 : 0))
    const view = new DataView(header.buffer)
    view.setUint32(0, extended ? EXTENDED : field)
    header[0] = (absolute ? 0 : 0x40) | chunkStreamId
    view.setUint32(4, payload.byteLength << 8)
    header[7] = type
    if (absolute) view.setUint32(8, streamId, true)
    if (extended) view.setUint32(header.byteLength - 4, field)

    const continuation = new Uint8Array(extended ? 5 : 1)
    continuation[0] = 0xc0 | chunkStreamId
    if (extended) new DataView(continuation.buffer).setUint32(1, field)

    const pieces: Uint8Array[] = [header]
    for (let at = 0; at < payload.byteLength; at += this.chunkSize) {
      if (at > 0) pieces.push(continuation)
      pieces.push(payload.subarray(at, at + this.chunkSize))
    }
    return payload.byteLength <= COPY_BELOW ? [concatBytes(pieces)] : pieces
  }
}
