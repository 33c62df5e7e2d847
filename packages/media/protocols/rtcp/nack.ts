import type { ByteReader } from '../../bytes/reader.ts'
import type { ByteWriter } from '../../bytes/writer.ts'
import { MediaError } from '../../error.ts'
import { RTCP_TYPE, writeFrame } from './header.ts'
import { RTCP_LIMITS } from './limits.ts'

/** Generic NACK (RFC 4585 §6.2.1): packets that a receiver has not got. */
export interface Nack {
  readonly type: 'nack'
  readonly sender: number
  readonly media: number
  /** 16 bits each, in the order asked for. */
  readonly sequences: readonly number[]
}

/** Feedback message type within RTPFB. */
export const FMT_NACK = 1

/**
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |            PID                |             BLP               |
 *
 * Throws `too-large` when more are asked for than `RTCP_LIMITS.nacks`.
 */
export function parseNack(body: ByteReader): Nack {
  const sender = body.u32()
  const media = body.u32()
  const sequences: number[] = []
  while (body.remaining > 0) {
    const first = body.u16()
    const following = body.u16()
    sequences.push(first)
    for (let bit = 0; bit < 16; bit++) if ((following >> bit) & 1) sequences.push((first + 1 + bit) & 0xffff)
    if (sequences.length > RTCP_LIMITS.nacks) throw new MediaError('too-large', 'rtcp: NACK asks for too many packets')
  }
  return { type: 'nack', sender, media, sequences }
}

/** Sequence numbers next to each other go into one entry as far as their order allows. */
export function printNack(writer: ByteWriter, nack: Nack): void {
  writeFrame(writer, FMT_NACK, RTCP_TYPE.rtpfb, () => {
    writer.u32(nack.sender).u32(nack.media)
    const { sequences } = nack
    for (let i = 0; i < sequences.length; ) {
      const first = sequences[i] ?? 0
      let following = 0
      let reached = 0
      for (i++; i < sequences.length; i++) {
        const distance = ((sequences[i] ?? 0) - first) & 0xffff
        if (distance <= reached || distance > 16) break
        following |= 1 << (distance - 1)
        reached = distance
      }
      writer.u16(first).u16(following)
    }
  })
}
