import { MediaError } from '@bandstand/media/error.ts'
import { parseRtcp, printRtcp, type RtcpPacket } from '@bandstand/media/protocols/rtcp/compound.ts'
import { isRtcp, parseRtp, type RtpPacket } from '@bandstand/media/protocols/rtp/packet.ts'
import { createArrivals } from '@bandstand/media/protocols/rtp/receive/arrivals.ts'
import { createCommonClock } from '@bandstand/media/protocols/rtp/receive/clock.ts'
import { depacketizers } from '@bandstand/media/protocols/rtp/receive/codecs.ts'
import { DESK_LIMITS } from '../limits.ts'
import { type ReceivedMedia, type ReceivedVideo, type ReceptionReport, SOUND } from '../messages.ts'
import { createSource, type ReceivedUnit, type Source } from './source.ts'

export interface EncoderOptions {
  readonly session: string
  readonly cname: string
  /** Of what is said to it. */
  readonly ssrc: number
  readonly video: readonly ReceivedVideo[]
  readonly audio?: ReceivedMedia
  /** What it may send, bits a second. */
  readonly bitrate: number
  /** Takes a packet of RTCP and copies it. */
  readonly write: (packet: Uint8Array) => void
  readonly onUnit: (source: number, unit: ReceivedUnit) => void
}

/** One encoder: what it sends, and what it is told. Times are milliseconds of a steady clock. */
export interface Encoder {
  /** RTP or RTCP that came in the section. */
  packet(mid: string, datagram: Uint8Array, now: number): void
  /** Looks after holes; called every few milliseconds while `isWaiting`. */
  step(now: number): void
  readonly isWaiting: boolean
  /** Reports and requests that are due; called at least every `arrivalsMs`. */
  tick(now: number): void
  /** Since then nothing came of it. */
  readonly heardAt: number
  /** Why it is to be sent away. */
  readonly fault: string | undefined
  report(now: number): Omit<ReceptionReport, 'session' | 'connected'>
  /** What came last could not be passed on. */
  spoil(source: number): void
}

interface Section {
  readonly media: ReceivedMedia | ReceivedVideo
  /** Number of its first source. */
  readonly first: number
  readonly sources: Map<number, Source>
}

const TOO_MUCH = 'It sends more than is allowed here: lower its bitrate.'

export function createEncoder(options: EncoderOptions, begun: number): Encoder {
  const { video, audio, cname, ssrc, write, onUnit } = options
  const clocks = createCommonClock()
  const arrivals = createArrivals()
  const sections = new Map<string, Section>()
  let numbers = 0
  for (const media of video) {
    sections.set(media.mid, { media, first: numbers, sources: new Map() })
    numbers += Math.max(1, media.rids.length)
  }
  if (audio) sections.set(audio.mid, { media: audio, first: SOUND, sources: new Map() })
  /** Who has gone over to other sources, for the counts. */
  const former = { lost: 0, recovered: 0, dropped: 0, malformed: 0 }
  let heardAt = begun
  let octets = 0
  let packets = 0
  let reported = { at: begun, octets: 0 }
  let measured = { at: begun, octets: 0 }
  let fault: string | undefined
  let reportAt = begun
  let arrivalsAt = begun
  let keysAsked = 0

  /** Of all sections. */
  let all: readonly Source[] = []

  function isVideo(media: ReceivedMedia | ReceivedVideo): media is ReceivedVideo {
    return 'codec' in media
  }

  /** Which of the section's streams a new source is; `undefined` where that is not known, or there are enough. */
  function numberOf({ media, first, sources }: Section, packet: RtpPacket): number | undefined {
    if (!isVideo(media) || media.rids.length === 0) return first
    const found = packet.extensions.find(({ id }) => id === media.ridExtension)
    const rid = found && String.fromCharCode(...found.data)
    const index = rid === undefined ? -1 : media.rids.indexOf(rid)
    return index === -1 || sources.size >= DESK_LIMITS.sources ? undefined : first + index
  }

  /** The source of a packet; one that is new takes the place of one that has fallen silent. */
  function sourceOf(section: Section, packet: RtpPacket, now: number): Source | undefined {
    const known = section.sources.get(packet.ssrc)
    if (known !== undefined) return known
    if (packet.payloadType !== section.media.payloadType) return undefined
    const number = numberOf(section, packet)
    if (number === undefined) return undefined
    const before = [...section.sources.values()].find((source) => source.number === number)
    if (before !== undefined) {
      if (now - before.heardAt < DESK_LIMITS.replacedMs) return undefined
      section.sources.delete(before.ssrc)
      for (const name of ['lost', 'recovered', 'dropped', 'malformed'] as const) former[name] += before.counts[name]
    }
    const { media } = section
    const clockRate = isVideo(media) ? 90_000 : 48_000
    const source = createSource({
      ...{ ssrc: packet.ssrc, number, clockRate, clock: clocks.source(clockRate) },
      ...(isVideo(media) && { depacketizer: depacketizers[media.codec] }),
      canAsk: media.feedback.includes('nack'),
      onUnit: (unit) => onUnit(number, unit),
    })
    section.sources.set(packet.ssrc, source)
    all = [...sections.values()].flatMap(({ sources }) => [...sources.values()])
    return source
  }

  function media(section: Section, datagram: Uint8Array, now: number): void {
    const packet = parseRtp(datagram)
    packets++
    const { transportSequence } = section.media
    if (transportSequence !== undefined) {
      const [high, low] = packet.extensions.find(({ id }) => id === transportSequence)?.data ?? []
      if (high !== undefined && low !== undefined) arrivals.add(high * 256 + low, now)
    }
    if (packet.payloadType !== section.media.payloadType) return
    const source = sourceOf(section, packet, now)
    source?.push(packet, now)
    if (source?.isWaiting === false) askForKey(source, now)
  }

  function control(datagram: Uint8Array, now: number): void {
    for (const packet of parseRtcp(datagram)) {
      if (packet.type !== 'sr') continue
      const source = all.find((one) => one.ssrc === packet.ssrc)
      source?.clock.report(packet)
      source?.reception.told(packet, now)
    }
  }

  /** RFC 3550 §6.1: behind a report and a name, where reduced size was not agreed upon. */
  function say(packets: readonly RtcpPacket[]): void {
    write(printRtcp([{ type: 'rr', ssrc, reports: [] }, { type: 'sdes', chunks: [{ ssrc, cname }] }, ...packets]))
  }

  function askForKey(source: Source, now: number): void {
    if (!source.takeKeyRequest(now)) return
    keysAsked++
    say([{ type: 'pli', sender: ssrc, media: source.ssrc }])
  }

  function askAgain(source: Source, now: number): void {
    const sequences = source.ask(now)
    if (sequences.length > 0) say([{ type: 'nack', sender: ssrc, media: source.ssrc, sequences }])
  }

  function sendReports(now: number): void {
    const sources = all
    if (sources.length === 0) return
    const pictures = sources.filter(({ number }) => number !== SOUND).map((source) => source.ssrc)
    // 31 blocks fit into a report (RFC 3550 §6.4.2); there are never so many sources.
    const reports = sources.flatMap((source) => source.reception.report(now) ?? [])
    const { bitrate } = options
    write(
      printRtcp([
        { type: 'rr', ssrc, reports: reports.slice(0, 31) },
        { type: 'sdes', chunks: [{ ssrc, cname }] },
        ...(pictures.length > 0 ? [{ type: 'remb' as const, sender: ssrc, bitrate, ssrcs: pictures }] : []),
      ]),
    )
  }

  function sendArrivals(): void {
    const feedback = arrivals.feedback(ssrc, all[0]?.ssrc ?? 0)
    if (feedback !== undefined) say([feedback])
  }

  function measure(now: number): void {
    const passed = now - measured.at
    if (passed < DESK_LIMITS.excessMs) return
    const rate = ((octets - measured.octets) * 8_000) / passed
    if (rate > options.bitrate * DESK_LIMITS.excess) fault = TOO_MUCH
    measured = { at: now, octets }
  }

  return {
    packet(mid, datagram, now) {
      const section = sections.get(mid)
      octets += datagram.byteLength
      try {
        if (isRtcp(datagram)) control(datagram, now)
        else if (section !== undefined) {
          heardAt = now
          media(section, datagram, now)
        }
      } catch (error) {
        // It came through SRTP, but a peer may send anything.
        if (!(error instanceof MediaError)) throw error
        former.malformed++
      }
    },
    step(now) {
      for (const source of all) {
        if (!source.isWaiting) continue
        source.step(now)
        askAgain(source, now)
        askForKey(source, now)
      }
    },
    get isWaiting() {
      for (const source of all) if (source.isWaiting) return true
      return false
    },
    tick(now) {
      measure(now)
      if (now - arrivalsAt >= DESK_LIMITS.arrivalsMs - 1) {
        arrivalsAt = now
        sendArrivals()
      }
      for (const source of all) {
        // Of one that has stopped no picture is to be had.
        if (now - source.heardAt < DESK_LIMITS.silenceMs) askForKey(source, now)
      }
      if (now - reportAt < DESK_LIMITS.reportMs - 1) return
      reportAt = now
      sendReports(now)
    },
    get heardAt() {
      return heardAt
    },
    get fault() {
      return fault
    },
    report(now) {
      const sources = all
      const sum = (name: keyof typeof former) =>
        sources.reduce((total, { counts }) => total + counts[name], former[name])
      const bitrate = ((octets - reported.octets) * 8_000) / Math.max(1, now - reported.at)
      reported = { at: now, octets }
      return {
        bitrate,
        loss: Math.max(0, ...sources.map(({ reception }) => reception.loss)),
        packets,
        lost: sum('lost'),
        recovered: sum('recovered'),
        dropped: sum('dropped'),
        malformed: sum('malformed'),
        keysAsked,
        trip: sources.find(({ trip }) => trip !== undefined)?.trip,
      }
    },
    spoil(number) {
      for (const source of all) if (source.number === number) source.spoil()
    },
  }
}
