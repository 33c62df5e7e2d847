import { ByteReader } from '../../bytes/reader.ts'
import type { ByteWriter } from '../../bytes/writer.ts'
import { RTCP_TYPE, writeFrame } from './header.ts'

/** What a sender answers to one receiver's reference time (RFC 3611 §4.5). */
export interface DlrrBlock {
  readonly ssrc: number
  /** Middle 32 bits of the receiver's reference time. */
  readonly lastRr: number
  /** Since it came, in 1/65536 s. */
  readonly delaySinceLastRr: number
}

/**
 * Extended report: a receiver's clock and the answer to it, from which a receiver that sends nothing learns the round trip.
 * Chromium asks for it with `a=rtcp-xr:rcvr-rtt=all`. Other blocks are read over.
 */
export interface ExtendedReport {
  readonly type: 'xr'
  readonly ssrc: number
  /** Receiver reference time, an NTP time (§4.4). */
  readonly referenceTime?: { readonly ntpSeconds: number; readonly ntpFraction: number }
  readonly dlrr: readonly DlrrBlock[]
}

/** Block types. */
const RRTR = 4
const DLRR = 5

export function parseExtendedReport(body: ByteReader): ExtendedReport {
  const ssrc = body.u32()
  let referenceTime: ExtendedReport['referenceTime']
  const dlrr: DlrrBlock[] = []
  while (body.remaining > 0) {
    const type = body.u8()
    body.skip(1)
    const block = new ByteReader(body.bytes(body.u16() * 4), 'rtcp.xr')
    if (type === RRTR) referenceTime = { ntpSeconds: block.u32(), ntpFraction: block.u32() }
    if (type === DLRR) readDlrr(block, dlrr)
  }
  return { type: 'xr', ssrc, dlrr, ...(referenceTime === undefined ? {} : { referenceTime }) }
}

function readDlrr(block: ByteReader, dlrr: DlrrBlock[]): void {
  while (block.remaining > 0) {
    dlrr.push({ ssrc: block.u32(), lastRr: block.u32(), delaySinceLastRr: block.u32() })
  }
}

export function printExtendedReport(writer: ByteWriter, { ssrc, referenceTime, dlrr }: ExtendedReport): void {
  writeFrame(writer, 0, RTCP_TYPE.xr, () => {
    writer.u32(ssrc)
    if (referenceTime) writer.u8(RRTR).u8(0).u16(2).u32(referenceTime.ntpSeconds).u32(referenceTime.ntpFraction)
    if (dlrr.length > 0)
      writer
        .u8(DLRR)
        .u8(0)
        .u16(dlrr.length * 3)
    for (const block of dlrr) writer.u32(block.ssrc).u32(block.lastRr).u32(block.delaySinceLastRr)
  })
}
