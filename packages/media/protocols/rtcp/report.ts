import type { ByteReader } from '../../bytes/reader.ts'
import type { ByteWriter } from '../../bytes/writer.ts'
import { NTP_OFFSET } from '../../ntp.ts'
import { RTCP_TYPE, writeFrame } from './header.ts'

/** What a receiver says of one source (RFC 3550 §6.4.1). */
export interface ReportBlock {
  readonly ssrc: number
  /** Lost since the last report, in 1/256. */
  readonly fractionLost: number
  /** Signed: duplicates make it fall. */
  readonly lost: number
  /** Highest sequence number, wraps counted in its upper 16 bits. */
  readonly highestSequence: number
  /** In ticks of the payload's clock. */
  readonly jitter: number
  /** Middle 32 bits of the NTP time of the last SR; 0 for none. */
  readonly lastSr: number
  /** Since that SR, in 1/65536 s. */
  readonly delaySinceLastSr: number
}

export interface SenderReport {
  readonly type: 'sr'
  readonly ssrc: number
  /** NTP time, seconds since 1900 and their fraction in 2^-32. */
  readonly ntpSeconds: number
  readonly ntpFraction: number
  /** The same instant on the stream's RTP clock. */
  readonly rtpTimestamp: number
  /** Since the start, modulo 2^32; `octets` counts payloads only. */
  readonly packets: number
  readonly octets: number
  readonly reports: readonly ReportBlock[]
}

export interface ReceiverReport {
  readonly type: 'rr'
  readonly ssrc: number
  readonly reports: readonly ReportBlock[]
}

export function parseSenderReport(body: ByteReader, count: number): SenderReport {
  return {
    type: 'sr',
    ssrc: body.u32(),
    ntpSeconds: body.u32(),
    ntpFraction: body.u32(),
    rtpTimestamp: body.u32(),
    packets: body.u32(),
    octets: body.u32(),
    reports: parseBlocks(body, count),
  }
}

export function parseReceiverReport(body: ByteReader, count: number): ReceiverReport {
  return { type: 'rr', ssrc: body.u32(), reports: parseBlocks(body, count) }
}

export function printSenderReport(writer: ByteWriter, report: SenderReport): void {
  writeFrame(writer, report.reports.length, RTCP_TYPE.sr, () => {
    writer.u32(report.ssrc).u32(report.ntpSeconds).u32(report.ntpFraction).u32(report.rtpTimestamp)
    writer.u32(report.packets).u32(report.octets)
    printBlocks(writer, report.reports)
  })
}

export function printReceiverReport(writer: ByteWriter, report: ReceiverReport): void {
  writeFrame(writer, report.reports.length, RTCP_TYPE.rr, () => {
    writer.u32(report.ssrc)
    printBlocks(writer, report.reports)
  })
}

function parseBlocks(body: ByteReader, count: number): readonly ReportBlock[] {
  return Array.from({ length: count }, () => ({
    ssrc: body.u32(),
    fractionLost: body.u8(),
    lost: body.i24(),
    highestSequence: body.u32(),
    jitter: body.u32(),
    lastSr: body.u32(),
    delaySinceLastSr: body.u32(),
  }))
}

function printBlocks(writer: ByteWriter, blocks: readonly ReportBlock[]): void {
  for (const block of blocks) {
    const lost = Math.max(-0x800000, Math.min(0x7fffff, block.lost))
    writer
      .u32(block.ssrc)
      .u8(block.fractionLost)
      .u24(lost & 0xffffff)
    writer.u32(block.highestSequence).u32(block.jitter).u32(block.lastSr).u32(block.delaySinceLastSr)
  }
}

/**
 * NTP time of a moment, for sender reports (RFC 3550 §4).
 * @param time milliseconds since 1970, fractions count.
 */
export function ntpTime(time: number): { readonly ntpSeconds: number; readonly ntpFraction: number } {
  const seconds = Math.floor(time / 1000)
  const ntpFraction = Math.floor((time / 1000 - seconds) * 2 ** 32)
  return { ntpSeconds: (seconds + NTP_OFFSET) % 2 ** 32, ntpFraction }
}

/** The middle 32 bits of an NTP time, as in `lastSr` and XR (RFC 3550 §4). */
export function middleOfNtp(ntpSeconds: number, ntpFraction: number): number {
  return (ntpSeconds % 0x10000) * 0x10000 + Math.floor(ntpFraction / 0x10000)
}

/**
 * Round trip in milliseconds from a report block that came at `now`, also a middle of an NTP time (RFC 3550 §6.4.1). Undefined
 * before the peer has seen a sender report, and for answers that would have come before they were asked for.
 */
export function roundTrip(block: ReportBlock, now: number): number | undefined {
  if (block.lastSr === 0) return undefined
  const ticks = (now - block.lastSr - block.delaySinceLastSr) | 0
  return ticks < 0 ? undefined : (ticks * 1000) / 65_536
}
