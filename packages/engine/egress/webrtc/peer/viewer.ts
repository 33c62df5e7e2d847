import { MediaError } from '@bandstand/media/error.ts'
import { parseRtcp, printRtcp, type RtcpPacket } from '@bandstand/media/protocols/rtcp/compound.ts'
import type { Fir } from '@bandstand/media/protocols/rtcp/payload-feedback.ts'
import { middleOfNtp, ntpTime, type ReportBlock, roundTrip } from '@bandstand/media/protocols/rtcp/report.ts'
import { PEER_LIMITS } from '../limits.ts'
import type { Probed, ViewerReport } from '../messages.ts'
import { createCopies } from './copies.ts'
import type { ExtensionBlocks } from './extensions.ts'
import { createPictureSender } from './pictures.ts'
import { createProbe, type Probe } from './probe.ts'
import { createRtpSender, type RtpSender, type RtpSource, wrap } from './sender.ts'
import type { PeerStream } from './stream.ts'

export interface ViewerOptions {
  readonly session: string
  readonly cname: string
  readonly video?: RtpSource
  readonly audio?: RtpSource
  readonly extensions: ExtensionBlocks
  /** Takes a packet, RTP or RTCP, and copies it. */
  readonly write: (kind: 'video' | 'audio', packet: Uint8Array) => void
}

/** One viewer: what it is sent, and what it answers. `now` is milliseconds of a steady clock, `wallClock` Unix milliseconds. */
export interface Viewer {
  readonly session: string
  /** Since then nothing was heard of it. */
  readonly heardAt: number
  /** Of the time since the last one was taken. */
  takeReport(now: number): Omit<ViewerReport, 'session' | 'connected' | 'stream'>
  /** Pictures are missing, or a probe, that the next `step` sends. */
  readonly isBehind: boolean
  readonly packets: number
  readonly resent: number
  /** Packets that it asked for again and did not get, for they would have been too many. */
  readonly refused: number
  /** Its media can be sent now. */
  start(stream: PeerStream, now: number): void
  /** Goes over to another stream at that one's next key frame, the sound with the pictures. @param isUrgent see `attach` */
  switchTo(stream: PeerStream, now: number, isUrgent: boolean): void
  picture(stream: PeerStream, first: number, key: boolean, now: number): void
  sound(stream: PeerStream, number: number, now: number): void
  rtcp(datagram: Uint8Array, now: number, wallClock: number): void
  /** Tries whether its line carries so many bits of pictures a second; nothing happens where that cannot be told. */
  probe(bitrate: number, now: number): void
  step(now: number): void
  /** Ties the tracks' clocks together. */
  sendReport(wallClock: number): void
}

export function createViewer(options: ViewerOptions): Viewer {
  const { session, cname, extensions, write } = options
  const videoSender = options.video && createRtpSender(options.video, extensions, (packet) => write('video', packet))
  const audioSender = options.audio && createRtpSender(options.audio, extensions, (packet) => write('audio', packet))
  const pictures = videoSender && createPictureSender(videoSender)
  const { video, audio } = options
  const copies = createCopies([video?.ssrc ?? [], video?.retransmission?.ssrc ?? [], audio?.ssrc ?? []].flat())
  let soundSequence = options.audio?.firstSequence ?? 0
  let stream: PeerStream | undefined
  let coming: PeerStream | undefined
  let heardAt = 0
  let resent = 0
  let loss = 0
  /** Share lost before resends. */
  let lossOfLine = 0
  let judged: ReportBlock | undefined
  /** Retransmissions before it. */
  let repaired = 0
  let trip: number | undefined
  let estimate: number | undefined
  let reports = 0
  let reported = { at: 0, octets: 0 }
  let lastFir: number | undefined
  const canProbe = options.video?.retransmission !== undefined && options.video.media.transportSequence !== undefined
  let probe: Probe | undefined
  let probed: Probed = { count: 0, isCarried: undefined }
  /** Of the next packet that probes. */
  let transportSequence = 0

  function take(packet: RtcpPacket, now: number, wallClock: number): void {
    if (packet.type === 'rr' || packet.type === 'sr') judge(packet.reports, wallClock)
    else if (packet.type === 'nack') {
      if (packet.media === videoSender?.source.ssrc) resent += pictures?.resend(packet.sequences, now) ?? 0
    } else if (packet.type === 'pli') {
      if (packet.media === videoSender?.source.ssrc) pictures?.restart(now)
    } else if (packet.type === 'fir') for (const request of packet.requests) obey(request, now)
    else if (packet.type === 'transport-feedback') probe?.heard(packet)
    else if (packet.type === 'remb') {
      estimate = packet.bitrate
      pictures?.estimated(estimate)
      reports++
    } else if (packet.type === 'xr' && packet.referenceTime !== undefined) {
      const { ntpSeconds, ntpFraction } = packet.referenceTime
      answerReference(packet.ssrc, middleOfNtp(ntpSeconds, ntpFraction))
    }
  }

  /** A request that has its number again is the one from before (RFC 5104 §4.3.1.2). */
  function obey({ ssrc, sequence }: Fir['requests'][number], now: number): void {
    if (ssrc !== videoSender?.source.ssrc || sequence === lastFir) return
    lastFir = sequence
    pictures?.restart(now)
  }

  function judge(blocks: readonly ReportBlock[], wallClock: number): void {
    const block = blocks.find(({ ssrc }) => ssrc === (videoSender ?? audioSender)?.source.ssrc)
    if (block === undefined) return
    const { lastSr, delaySinceLastSr, highestSequence } = block
    const expected = judged === undefined ? 0 : (highestSequence - judged.highestSequence) >>> 0
    // It says nothing new.
    const isAgain = lastSr === judged?.lastSr && delaySinceLastSr === judged.delaySinceLastSr && expected === 0
    if (isAgain) return
    judged = block
    const retransmission = options.video?.retransmission
    const again = retransmission === undefined ? 0 : resent - repaired
    repaired += again
    const lostAgain = blocks.find(({ ssrc }) => ssrc === retransmission?.ssrc)?.fractionLost ?? 0
    const arrived = again * (1 - lostAgain / 256)
    const { ntpSeconds, ntpFraction } = ntpTime(wallClock)
    reports++
    // What comes again as a stream of its own counts as lost still, unlike what comes again as it was (RFC 4588 §4, RFC 3550 §6.4.1).
    lossOfLine = block.fractionLost / 256
    loss = Math.max(0, lossOfLine - (expected === 0 ? 0 : arrived / expected))
    trip = roundTrip(block, middleOfNtp(ntpSeconds, ntpFraction)) ?? trip
  }

  /** Answered at once: no time has passed in between. Behind a report, for reduced size was not agreed upon (RFC 3550 §6.1). */
  function answerReference(to: number, lastRr: number): void {
    const [kind, sender] = main()
    if (sender === undefined || !sender.source.media.receiverRtt) return
    const { ssrc } = sender.source
    const dlrr = [{ ssrc: to, lastRr, delaySinceLastRr: 0 }]
    const name: RtcpPacket = { type: 'sdes', chunks: [{ ssrc, cname }] }
    write(kind, printRtcp([{ type: 'rr', ssrc, reports: [] }, name, { type: 'xr', ssrc, dlrr }]))
  }

  function main(): ['video' | 'audio', RtpSender | undefined] {
    return videoSender ? ['video', videoSender] : ['audio', audioSender]
  }

  function report(kind: 'video' | 'audio', sender: RtpSender | undefined, ticksPerMs: number, wallClock: number): void {
    const offset = stream?.wallClockOffset
    if (sender === undefined || offset === undefined || sender.packets === 0) return
    const { ssrc, timestampOffset } = sender.source
    write(
      kind,
      printRtcp([
        {
          type: 'sr',
          ssrc,
          ...ntpTime(wallClock),
          rtpTimestamp: wrap((wallClock - offset) * ticksPerMs + timestampOffset),
          packets: sender.packets % 2 ** 32,
          octets: sender.octets % 2 ** 32,
          reports: [],
        },
        { type: 'sdes', chunks: [{ ssrc, cname }] },
      ]),
    )
  }

  function stepProbe(now: number): void {
    for (let due = probe?.due(now) ?? 0; due > 0; ) {
      const bytes = pictures?.repeat(transportSequence, now) ?? 0
      if (bytes === 0) break
      probe?.sent(transportSequence++, bytes, now)
      due -= bytes
    }
    const verdict = probe?.verdict(now) ?? 'under-way'
    if (verdict === 'under-way') return
    probe = undefined
    probed = { count: probed.count + 1, isCarried: verdict === 'unheard' ? undefined : verdict === 'carried' }
  }

  function enter(from: PeerStream): void {
    stream = from
    coming = undefined
  }

  return {
    session,
    get heardAt() {
      return heardAt
    },
    takeReport(now) {
      const octets = videoSender?.octets ?? 0
      const sent = ((octets - reported.octets) * 8000) / Math.max(1, now - reported.at)
      reported = { at: now, octets }
      return { reports, loss, roundTrip: trip, estimate, sent, probed: canProbe ? probed : undefined }
    },
    get isBehind() {
      return probe !== undefined || (pictures?.isBehind ?? false)
    },
    get packets() {
      return (videoSender?.packets ?? 0) + (videoSender?.retransmitted ?? 0) + (audioSender?.packets ?? 0)
    },
    get resent() {
      return resent
    },
    get refused() {
      return pictures?.refused ?? 0
    },
    start(from, now) {
      heardAt = now
      reported = { at: now, octets: 0 }
      enter(from)
      pictures?.attach(from.video, now)
    },
    switchTo(to, now, isUrgent) {
      // Back before the other one began: that is not awaited any more, and what is urgent has given this one up already.
      coming = to === stream ? undefined : to
      if (pictures === undefined) enter(to)
      else pictures.attach(to.video, now, isUrgent)
    },
    picture(from, first, key, now) {
      if (from === coming && key) enter(from)
      pictures?.added(from.video, first, key, now)
    },
    sound(from, number, now) {
      // Sound without a picture would only be heard too early.
      if (from !== stream || audioSender === undefined || pictures?.hasBegun === false) return
      const packet = from.audio.get(number)
      if (packet !== undefined) audioSender.send(packet, soundSequence++, packet.timestamp, now)
    },
    rtcp(datagram, now, wallClock) {
      heardAt = now
      if (copies.has(datagram)) return
      try {
        const packets = parseRtcp(datagram)
        copies.read(datagram, packets)
        for (const packet of packets) take(packet, now, wallClock)
      } catch (error) {
        // It came through SRTP, but a peer may send anything.
        if (!(error instanceof MediaError)) throw error
      }
    },
    probe(bitrate, now) {
      if (!canProbe || probe !== undefined) return
      const more = bitrate * PEER_LIMITS.probeFactor - (stream?.video.rate ?? 0)
      probe = createProbe(Math.max(PEER_LIMITS.probeLeast, more), now, lossOfLine)
    },
    step(now) {
      pictures?.step(now)
      stepProbe(now)
    },
    sendReport(wallClock) {
      report('video', videoSender, 90, wallClock)
      report('audio', audioSender, 48, wallClock)
    },
  }
}
