import type { ByteReader } from '../../bytes/reader.ts'
import type { ByteWriter } from '../../bytes/writer.ts'
import { MediaError } from '../../error.ts'
import { RTCP_TYPE, writeFrame } from './header.ts'
import { RTCP_LIMITS } from './limits.ts'

/** When packets arrived, over all streams of a transport (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1). */
export interface TransportFeedback {
  readonly type: 'transport-feedback'
  readonly sender: number
  readonly media: number
  /** Transport sequence number of the first status, 16 bits. */
  readonly base: number
  /** Signed 24 bits in units of 64 ms, on the receiver's own clock. */
  readonly referenceTime: number
  /** Counts feedback packets, 8 bits. */
  readonly count: number
  /**
   * For each packet from `base` on: undefined when it has not come, else the time since the one before that has (or since the
   * reference time) in units of 250 µs.
   */
  readonly deltas: readonly (number | undefined)[]
}

/** Feedback message type within RTPFB. */
export const FMT_TRANSPORT_FEEDBACK = 15

/** Packet status symbols (§3.1.1); 3 is reserved. */
const SYMBOL = { lost: 0, small: 1, large: 2 } as const

/**
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |      base sequence number     |      packet status count      |
 *     |                 reference time                | fb pkt. count |
 *     |          packet chunk         |         packet chunk          |
 *     |         packet chunk          |  recv delta   |  recv delta   |
 *
 * Throws `malformed` for the reserved symbol, `too-large` above `RTCP_LIMITS.statuses`.
 */
export function parseTransportFeedback(body: ByteReader): TransportFeedback {
  const sender = body.u32()
  const media = body.u32()
  const base = body.u16()
  const total = body.u16()
  const referenceTime = body.i24()
  const count = body.u8()
  if (total > RTCP_LIMITS.statuses) throw new MediaError('too-large', `rtcp: feedback on ${total} packets`)
  const symbols: number[] = []
  while (symbols.length < total) readChunk(body.u16(), total, symbols)
  const deltas = symbols.map((symbol) => {
    if (symbol === SYMBOL.lost) return undefined
    if (symbol === SYMBOL.small) return body.u8()
    if (symbol === SYMBOL.large) return body.i16()
    throw new MediaError('malformed', 'rtcp: reserved packet status', body.context())
  })
  return { type: 'transport-feedback', sender, media, base, referenceTime, count, deltas }
}

/** Run length (§3.1.3), or a vector of 14 one-bit or 7 two-bit symbols (§3.1.4); what exceeds `total` is filling. */
function readChunk(chunk: number, total: number, symbols: number[]): void {
  if (chunk < 0x8000) {
    const symbol = (chunk >> 13) & 3
    for (let left = chunk & 0x1fff; left > 0 && symbols.length < total; left--) symbols.push(symbol)
    return
  }
  const bits = (chunk & 0x4000) === 0 ? 1 : 2
  for (let shift = 14 - bits; shift >= 0 && symbols.length < total; shift -= bits) {
    symbols.push((chunk >> shift) & (2 ** bits - 1))
  }
}

/** Throws `malformed` for a delta that 16 bits do not hold: the receiver has to begin another packet there. */
export function printTransportFeedback(writer: ByteWriter, feedback: TransportFeedback): void {
  const { deltas } = feedback
  const symbols = deltas.map(symbolOf)
  writeFrame(writer, FMT_TRANSPORT_FEEDBACK, RTCP_TYPE.rtpfb, () => {
    writer.u32(feedback.sender).u32(feedback.media).u16(feedback.base).u16(deltas.length)
    writer.u24(feedback.referenceTime & 0xffffff).u8(feedback.count)
    for (let i = 0; i < symbols.length; ) i += writeChunk(writer, symbols, i)
    for (const [i, delta] of deltas.entries()) {
      if (symbols[i] === SYMBOL.small) writer.u8(delta ?? 0)
      else if (symbols[i] === SYMBOL.large) writer.u16((delta ?? 0) & 0xffff)
    }
  })
}

function symbolOf(delta: number | undefined): number {
  if (delta === undefined) return SYMBOL.lost
  if (delta >= -0x8000 && delta <= 0x7fff) return delta >= 0 && delta <= 0xff ? SYMBOL.small : SYMBOL.large
  throw new MediaError('malformed', `rtcp: receive delta of ${delta}`)
}

/** Runs from 7 on are shorter as such; returns how many symbols the chunk holds. */
function writeChunk(writer: ByteWriter, symbols: readonly number[], from: number): number {
  const symbol = symbols[from] ?? 0
  let run = 1
  while (run < 0x1fff && symbols[from + run] === symbol) run++
  if (run >= 7) {
    writer.u16((symbol << 13) | run)
    return run
  }
  const vector = symbols.slice(from, from + 7)
  writer.u16(vector.reduce((bits, value, i) => bits | (value << (12 - 2 * i)), 0xc000))
  return vector.length
}
