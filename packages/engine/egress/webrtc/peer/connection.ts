import { isRtcp } from '@bandstand/media/protocols/rtp/packet.ts'
import { Audio, PeerConnection, type Track, Video } from 'node-datachannel'
import { keepFeedback, withRetransmission } from '../answer.ts'
import type { AnsweredMedia } from '../messages.ts'

export interface ConnectionOptions {
  readonly id: string
  readonly cname: string
  /** Of all connections: one socket carries them all. */
  readonly port: number
  /** `::` is IPv6 and IPv4 on all addresses. */
  readonly host: string
  /** Read and printed by us, with the sections that are answered, and without candidates. */
  readonly offer: string
  readonly video?: {
    readonly media: AnsweredMedia
    readonly ssrc: number
    readonly retransmission?: { readonly payloadType: number; readonly ssrc: number }
  }
  readonly audio?: { readonly media: AnsweredMedia; readonly ssrc: number }
  /** The answer with all candidates. */
  readonly onAnswer: (sdp: string) => void
  /** All tracks can be sent on. */
  readonly onOpen: () => void
  readonly onRtcp: (datagram: Uint8Array) => void
  /** Once; nothing else is called after it. */
  readonly onClosed: () => void
}

export interface Connection {
  /** Copies the packet. Nothing happens where the track is not open. */
  write(kind: 'video' | 'audio', packet: Uint8Array): void
  /** Idempotent; `onClosed` follows. */
  close(): void
}

const ABS_SEND_TIME = 'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time'
const TRANSPORT_SEQUENCE = 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01'
const PLAYOUT_DELAY = 'http://www.webrtc.org/experiments/rtp-hdrext/playout-delay'
/** The stream that both tracks belong to, so that a browser keeps them together. */
const MEDIA_STREAM = 'bandstand'

/**
 * An answering connection of libdatachannel. Its rules, some of which end the process when broken: a track is added before the
 * answer is made; every track has `onClosed` and is referred to until then; tracks are closed before their connection; lines for
 * `parseSdpLine` hold numbers where numbers belong.
 *
 * @throws Error as the library does for an offer that it does not take.
 */
export function openConnection(options: ConnectionOptions): Connection {
  const peer = new PeerConnection(options.id, {
    iceServers: [],
    enableIceUdpMux: true,
    portRangeBegin: options.port,
    portRangeEnd: options.port,
    disableAutoNegotiation: true,
    mtu: 1280,
    bindAddress: options.host,
  })
  const tracks: { video?: Track; audio?: Track } = {}
  let waiting = 0
  /** As we were told: asking the library before each packet costs half as much again as sending it. */
  const opened = new Set<Track>()
  let state: 'open' | 'closing' | 'closed' = 'open'
  let isAnswered = false

  function hold(track: Track): Track {
    waiting++
    track.onOpen(() => {
      opened.add(track)
      if (--waiting === 0 && state === 'open') options.onOpen()
    })
    track.onMessage((message) => {
      if (state === 'open' && isRtcp(message)) options.onRtcp(message)
    })
    track.onError(() => close())
    track.onClosed(() => close())
    return track
  }

  function addVideo({ media, ssrc, retransmission }: NonNullable<ConnectionOptions['video']>): void {
    const video = new Video(media.mid, 'SendOnly')
    video.addH264Codec(media.payloadType, media.parameters)
    describe(video, media)
    for (const source of [ssrc, retransmission?.ssrc ?? []].flat())
      video.addSSRC(source, options.cname, MEDIA_STREAM, 'video')
    tracks.video = hold(peer.addTrack(video))
  }

  function addAudio({ media, ssrc }: { media: AnsweredMedia; ssrc: number }): void {
    const audio = new Audio(media.mid, 'SendOnly')
    audio.addOpusCodec(media.payloadType, media.parameters)
    describe(audio, media)
    audio.addSSRC(ssrc, options.cname, MEDIA_STREAM, 'audio')
    tracks.audio = hold(peer.addTrack(audio))
  }

  function close(): void {
    if (state !== 'open') return
    state = 'closing'
    for (const track of [tracks.video, tracks.audio]) if (track?.isClosed() === false) track.close()
    peer.close()
  }

  function finish(): void {
    if (state === 'closed') return
    close()
    state = 'closed'
    options.onClosed()
  }

  peer.onStateChange((changed) => {
    if (changed === 'failed' || changed === 'disconnected') close()
    if (changed === 'closed') finish()
  })
  peer.onGatheringStateChange((changed) => {
    if (changed !== 'complete' || isAnswered || state !== 'open') return
    const sdp = peer.localDescription()?.sdp
    if (sdp === undefined) return
    isAnswered = true
    const kept = keepFeedback(sdp, [options.video?.media, options.audio?.media])
    const { media, ssrc, retransmission } = options.video ?? {}
    const again = retransmission && { ...retransmission, of: media?.payloadType ?? 0 }
    options.onAnswer(ssrc !== undefined && again ? withRetransmission(kept, ssrc, again) : kept)
  })
  try {
    if (options.video) addVideo(options.video)
    if (options.audio) addAudio(options.audio)
    peer.setRemoteDescription(options.offer, 'offer')
    peer.setLocalDescription('answer')
  } catch (error) {
    close()
    // Whoever never had a connection is not told of its end.
    state = 'closed'
    throw error
  }

  return {
    write(kind, packet) {
      const track = tracks[kind]
      if (state !== 'open' || track === undefined || !opened.has(track)) return
      try {
        // It copies what it is given.
        track.sendMessageBinary(packet as Buffer)
      } catch {
        // Closed a moment ago, and we have not been told yet.
        close()
      }
    },
    close,
  }
}

/** Lines of the media section that the codec's own method does not write. */
function describe(section: Video | Audio, media: AnsweredMedia): void {
  const { payloadType, absSendTime, playoutDelay, transportSequence, receiverRtt } = media
  if (transportSequence !== undefined) {
    section.parseSdpLine(`a=extmap:${transportSequence} ${TRANSPORT_SEQUENCE}`)
    section.parseSdpLine(`a=rtcp-fb:${payloadType} transport-cc`)
  }
  if (absSendTime !== undefined) section.parseSdpLine(`a=extmap:${absSendTime} ${ABS_SEND_TIME}`)
  if (playoutDelay !== undefined) section.parseSdpLine(`a=extmap:${playoutDelay} ${PLAYOUT_DELAY}`)
  if (receiverRtt) section.parseSdpLine('a=rtcp-xr:rcvr-rtt=all')
}
