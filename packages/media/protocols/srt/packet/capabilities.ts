import { MediaError } from '../../../error.ts'
import { readU16, readU32, writeU32 } from './header.ts'

/** Flags of the handshake extension (§3.2.1.1.1, table 6). */
export const CAPABILITY = {
  timedSender: 0x01,
  timedReceiver: 0x02,
  encryption: 0x04,
  tooLateDrop: 0x08,
  periodicNak: 0x10,
  retransmittedFlag: 0x20,
  /** Stream mode: a flow of bytes, as files are sent. */
  stream: 0x40,
  packetFilter: 0x80,
} as const

/**
 * Contents of the extensions HSREQ and HSRSP (§3.2.1.1).
 *
 *     |                          SRT Version                          |
 *     |                           SRT Flags                           |
 *     |      Receiver TSBPD Delay     |       Sender TSBPD Delay      |
 */
export interface Capabilities {
  /** `0x010501` is 1.5.1. */
  readonly version: number
  readonly flags: number
  /** Latency of what this side receives, ms. */
  readonly receiverDelay: number
  /** Latency that this side asks of the other one as receiver, ms. */
  readonly senderDelay: number
}

/** @throws MediaError `truncated` */
export function parseCapabilities(contents: Uint8Array): Capabilities {
  if (contents.byteLength < 12) throw new MediaError('truncated', 'srt: handshake extension of less than three words')
  return {
    version: readU32(contents, 0),
    flags: readU32(contents, 4),
    receiverDelay: readU16(contents, 8),
    senderDelay: readU16(contents, 10),
  }
}

export function writeCapabilities({ version, flags, receiverDelay, senderDelay }: Capabilities): Uint8Array {
  const contents = new Uint8Array(12)
  writeU32(contents, 0, version)
  writeU32(contents, 4, flags)
  writeU32(contents, 8, receiverDelay * 0x10000 + senderDelay)
  return contents
}

/** `1.5.1` of `0x010501`. */
export function printVersion(version: number): string {
  return `${(version >> 16) & 0xff}.${(version >> 8) & 0xff}.${version & 0xff}`
}
