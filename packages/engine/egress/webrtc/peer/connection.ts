import { isRtcp } from '@bandstand/media/protocols/rtp/packet.ts'
import { Audio, Video } from 'node-datachannel'
import { keepFeedback, withRetransmission } from '../../../webrtc/answer.ts'
import { type AnsweringOptions, answerOffer } from '../../../webrtc/answering.ts'
import type { AnsweredMedia } from '../messages.ts'

export interface ConnectionOptions extends Omit<AnsweringOptions, 'onPacket'> {
  readonly cname: string
  readonly video?: {
    readonly media: AnsweredMedia
    readonly ssrc: number
    readonly retransmission?: { readonly payloadType: number; readonly ssrc: number }
  }
  readonly audio?: { readonly media: AnsweredMedia; readonly ssrc: number }
  readonly onRtcp: (datagram: Uint8Array) => void
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

/** A viewer's connection, which is sent media and answers with RTCP. @throws Error as the library does for an offer that it does not take. */
export function openConnection(options: ConnectionOptions): Connection {
  const { cname, video, audio } = options
  const mids = { video: video?.media.mid ?? '', audio: audio?.media.mid ?? '' }

  function videoSection({ media, ssrc, retransmission }: NonNullable<ConnectionOptions['video']>): Video {
    const section = new Video(media.mid, 'SendOnly')
    section.addH264Codec(media.payloadType, media.parameters)
    describe(section, media)
    for (const source of [ssrc, retransmission?.ssrc ?? []].flat()) {
      section.addSSRC(source, cname, MEDIA_STREAM, 'video')
    }
    return section
  }

  function audioSection({ media, ssrc }: { media: AnsweredMedia; ssrc: number }): Audio {
    const section = new Audio(media.mid, 'SendOnly')
    section.addOpusCodec(media.payloadType, media.parameters)
    describe(section, media)
    section.addSSRC(ssrc, cname, MEDIA_STREAM, 'audio')
    return section
  }

  const answering = answerOffer(
    {
      ...options,
      onAnswer(sdp) {
        const kept = keepFeedback(sdp, [video?.media, audio?.media])
        const { media, ssrc, retransmission } = video ?? {}
        const again = retransmission && { ...retransmission, of: media?.payloadType ?? 0 }
        options.onAnswer(ssrc !== undefined && again ? withRetransmission(kept, ssrc, again) : kept)
      },
      onPacket(_, packet) {
        if (isRtcp(packet)) options.onRtcp(packet)
      },
    },
    (peer) => [
      ...(video ? [peer.addTrack(videoSection(video))] : []),
      ...(audio ? [peer.addTrack(audioSection(audio))] : []),
    ],
  )
  return { write: (kind, packet) => answering.write(mids[kind], packet), close: answering.close }
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
