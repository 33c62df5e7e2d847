import { ByteReader } from '../../bytes/reader.ts'
import { ByteWriter } from '../../bytes/writer.ts'
import { MediaError } from '../../error.ts'
import { type ExtendedReport, parseExtendedReport, printExtendedReport } from './extended-report.ts'
import { RTCP_TYPE, type RtcpFrame, readFrame } from './header.ts'
import { RTCP_LIMITS } from './limits.ts'
import { FMT_NACK, type Nack, parseNack, printNack } from './nack.ts'
import {
  type Fir,
  FMT_PSFB,
  type Pli,
  parseFir,
  parsePli,
  parseRemb,
  printFir,
  printPli,
  printRemb,
  type Remb,
} from './payload-feedback.ts'
import {
  parseReceiverReport,
  parseSenderReport,
  printReceiverReport,
  printSenderReport,
  type ReceiverReport,
  type SenderReport,
} from './report.ts'
import {
  type Bye,
  parseBye,
  parseSourceDescription,
  printBye,
  printSourceDescription,
  type SourceDescription,
} from './source.ts'
import {
  FMT_TRANSPORT_FEEDBACK,
  parseTransportFeedback,
  printTransportFeedback,
  type TransportFeedback,
} from './transport-feedback.ts'

export type RtcpPacket =
  | SenderReport
  | ReceiverReport
  | SourceDescription
  | Bye
  | Nack
  | TransportFeedback
  | Pli
  | Fir
  | Remb
  | ExtendedReport

/**
 * Packets of one datagram in their order. Any packet may come first and alone (RFC 5506, `a=rtcp-rsize`); what is not known
 * is left out (RFC 3550 §6.1). Throws `truncated` or `malformed` for the whole datagram, and `too-large` as `RTCP_LIMITS` say.
 */
export function parseRtcp(datagram: Uint8Array): readonly RtcpPacket[] {
  const reader = new ByteReader(datagram, 'rtcp')
  const packets: RtcpPacket[] = []
  let told = 0
  for (let count = 0; reader.remaining > 0; count++) {
    if (count === RTCP_LIMITS.packets) throw new MediaError('too-large', `rtcp: more than ${count} packets`)
    const packet = parseFrame(readFrame(reader))
    if (packet === undefined) continue
    packets.push(packet)
    told += toldBy(packet)
    if (told > RTCP_LIMITS.told) throw new MediaError('too-large', `rtcp: tells of ${told} packets`)
  }
  return packets
}

/** Of how many packets of RTP it tells: some bytes may do so of thousands. */
function toldBy(packet: RtcpPacket): number {
  if (packet.type === 'nack') return packet.sequences.length
  return packet.type === 'transport-feedback' ? packet.deltas.length : 0
}

function parseFrame({ type, count, body }: RtcpFrame): RtcpPacket | undefined {
  switch (type) {
    case RTCP_TYPE.sr:
      return parseSenderReport(body, count)
    case RTCP_TYPE.rr:
      return parseReceiverReport(body, count)
    case RTCP_TYPE.sdes:
      return parseSourceDescription(body, count)
    case RTCP_TYPE.bye:
      return parseBye(body, count)
    case RTCP_TYPE.xr:
      return parseExtendedReport(body)
    case RTCP_TYPE.rtpfb:
      if (count === FMT_NACK) return parseNack(body)
      return count === FMT_TRANSPORT_FEEDBACK ? parseTransportFeedback(body) : undefined
    case RTCP_TYPE.psfb:
      if (count === FMT_PSFB.pli) return parsePli(body)
      if (count === FMT_PSFB.fir) return parseFir(body)
      return count === FMT_PSFB.application ? parseRemb(body) : undefined
    default:
      return undefined
  }
}

/** One datagram. Where RFC 5506 was not negotiated, the first is to be a report and a description has to follow. */
export function printRtcp(packets: readonly RtcpPacket[]): Uint8Array {
  const writer = new ByteWriter()
  for (const packet of packets) printPacket(writer, packet)
  return writer.finish()
}

function printPacket(writer: ByteWriter, packet: RtcpPacket): void {
  switch (packet.type) {
    case 'sr':
      return printSenderReport(writer, packet)
    case 'rr':
      return printReceiverReport(writer, packet)
    case 'sdes':
      return printSourceDescription(writer, packet)
    case 'bye':
      return printBye(writer, packet)
    case 'nack':
      return printNack(writer, packet)
    case 'transport-feedback':
      return printTransportFeedback(writer, packet)
    case 'pli':
      return printPli(writer, packet)
    case 'fir':
      return printFir(writer, packet)
    case 'remb':
      return printRemb(writer, packet)
    case 'xr':
      return printExtendedReport(writer, packet)
  }
}
