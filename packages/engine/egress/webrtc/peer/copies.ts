import type { RtcpPacket } from '@bandstand/media/protocols/rtcp/compound.ts'
import { PEER_LIMITS } from '../limits.ts'

/**
 * Datagrams of RTCP that come more than once. libdatachannel hands one on once for each of our sources that is named in it
 * (`PeerConnection::dispatchMedia`): Chromium's report on pictures, retransmissions and sound comes three times.
 */
export interface Copies {
  /** Whether this one was read before and came by another source then; each is expected so many times and no more. */
  has(datagram: Uint8Array): boolean
  /** One that is new has been read. */
  read(datagram: Uint8Array, packets: readonly RtcpPacket[]): void
}

/** @param sources our SSRCs. */
export function createCopies(sources: readonly number[]): Copies {
  /** Oldest first: each track tells of its own in order, and one may be behind another. */
  const expected: { readonly datagram: Uint8Array; left: number }[] = []
  return {
    has(datagram) {
      const at = expected.findIndex((one) => Buffer.compare(one.datagram, datagram) === 0)
      const found = expected[at]
      if (found === undefined) return false
      if (--found.left === 0) expected.splice(at, 1)
      return true
    },
    read(datagram, packets) {
      const named = new Set(packets.flatMap(namedIn))
      const left = sources.filter((ssrc) => named.has(ssrc)).length - 1
      if (left < 1) return
      expected.push({ datagram, left })
      if (expected.length > PEER_LIMITS.copies) expected.shift()
    },
  }
}

/** The sources by which the library finds tracks; those of extended reports and farewells are none. */
function namedIn(packet: RtcpPacket): readonly number[] {
  switch (packet.type) {
    case 'sr':
    case 'rr':
      return [packet.ssrc, ...packet.reports.map(({ ssrc }) => ssrc)]
    case 'sdes':
      return packet.chunks.map(({ ssrc }) => ssrc)
    case 'nack':
    case 'pli':
    case 'transport-feedback':
      return [packet.sender, packet.media]
    case 'fir':
      return [packet.sender, ...packet.requests.map(({ ssrc }) => ssrc)]
    case 'remb':
      return [packet.sender, ...packet.ssrcs]
    case 'bye':
    case 'xr':
      return []
  }
}
