import { CONTROL, type ControlHeader, writeControlPacket } from './header.ts'

type Addressed = Pick<ControlHeader, 'timestamp' | 'destination'>

/**
 * Control packets that say everything in their header. The four bytes behind it are libsrt's: its packets are never empty, and
 * those of old do not take an empty one.
 */
const PADDING = 4

/** Keep-alive (§3.2.3): sent when nothing else was for a second. */
export function writeKeepAlive(to: Addressed): Uint8Array {
  return writeControlPacket({ ...to, type: CONTROL.keepAlive, subtype: 0, information: 0 }, PADDING)
}

/** Shutdown (§3.2.7): the connection has ended. */
export function writeShutdown(to: Addressed): Uint8Array {
  return writeControlPacket({ ...to, type: CONTROL.shutdown, subtype: 0, information: 0 }, PADDING)
}

/** Acknowledgement of a full ACK (§3.2.8), by which its sender measures the round trip. @param number of that ACK */
export function writeAckAck(to: Addressed, number: number): Uint8Array {
  return writeControlPacket({ ...to, type: CONTROL.ackAck, subtype: 0, information: number }, PADDING)
}
