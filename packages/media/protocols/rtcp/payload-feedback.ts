import type { ByteReader } from '../../bytes/reader.ts'
import type { ByteWriter } from '../../bytes/writer.ts'
import { RTCP_TYPE, writeFrame } from './header.ts'

/** Picture Loss Indication (RFC 4585 §6.3.1): a key frame, please. */
export interface Pli {
  readonly type: 'pli'
  readonly sender: number
  readonly media: number
}

/** Full Intra Request (RFC 5104 §4.3.1), for each source with a number that repetitions keep. */
export interface Fir {
  readonly type: 'fir'
  readonly sender: number
  readonly requests: readonly { readonly ssrc: number; readonly sequence: number }[]
}

/** Receiver Estimated Maximum Bitrate (draft-alvestrand-rmcat-remb-03 §2.2). */
export interface Remb {
  readonly type: 'remb'
  readonly sender: number
  /** Bits per second, for all `ssrcs` together. */
  readonly bitrate: number
  readonly ssrcs: readonly number[]
}

/** Feedback message types within PSFB; REMB is one of the application layer (15) that begins with its name. */
export const FMT_PSFB = { pli: 1, fir: 4, application: 15 } as const
const NAME = 0x52454d42 // "REMB"

export function parsePli(body: ByteReader): Pli {
  return { type: 'pli', sender: body.u32(), media: body.u32() }
}

export function parseFir(body: ByteReader): Fir {
  const sender = body.u32()
  body.skip(4) // media source: SHALL be 0
  const requests: { ssrc: number; sequence: number }[] = []
  while (body.remaining > 0) {
    requests.push({ ssrc: body.u32(), sequence: body.u8() })
    body.skip(3)
  }
  return { type: 'fir', sender, requests }
}

/** Undefined for another application's message. */
export function parseRemb(body: ByteReader): Remb | undefined {
  const sender = body.u32()
  body.skip(4)
  if (body.remaining < 4 || body.u32() !== NAME) return undefined
  const count = body.u8()
  const exponentAndMantissa = body.u24()
  const bitrate = (exponentAndMantissa & 0x3ffff) * 2 ** (exponentAndMantissa >> 18)
  return { type: 'remb', sender, bitrate, ssrcs: Array.from({ length: count }, () => body.u32()) }
}

export function printPli(writer: ByteWriter, pli: Pli): void {
  writeFrame(writer, FMT_PSFB.pli, RTCP_TYPE.psfb, () => writer.u32(pli.sender).u32(pli.media))
}

export function printFir(writer: ByteWriter, fir: Fir): void {
  writeFrame(writer, FMT_PSFB.fir, RTCP_TYPE.psfb, () => {
    writer.u32(fir.sender).u32(0)
    for (const { ssrc, sequence } of fir.requests) writer.u32(ssrc).u8(sequence).u24(0)
  })
}

/** The bitrate loses what 18 bits of mantissa do not hold. */
export function printRemb(writer: ByteWriter, remb: Remb): void {
  let exponent = 0
  while (remb.bitrate / 2 ** exponent >= 2 ** 18) exponent++
  writeFrame(writer, FMT_PSFB.application, RTCP_TYPE.psfb, () => {
    writer.u32(remb.sender).u32(0).u32(NAME).u8(remb.ssrcs.length)
    writer.u24(exponent * 2 ** 18 + Math.floor(remb.bitrate / 2 ** exponent))
    for (const ssrc of remb.ssrcs) writer.u32(ssrc)
  })
}
