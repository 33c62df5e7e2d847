import { Audio, type PeerConnection, type Track, Video } from 'node-datachannel'
import { keepFeedback } from '../../../webrtc/answer.ts'
import { type Answering, type AnsweringOptions, answerOffer } from '../../../webrtc/answering.ts'
import type { ReceivedMedia, ReceivedVideo } from '../messages.ts'
import { withSimulcast } from '../simulcast.ts'

export interface EncoderConnectionOptions extends AnsweringOptions {
  readonly video: readonly ReceivedVideo[]
  readonly audio?: ReceivedMedia
}

const TRANSPORT_SEQUENCE = 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01'

/** An encoder's connection, which sends media and is answered with RTCP. @throws Error as the library does for an offer that it does not take. */
export function openEncoderConnection(options: EncoderConnectionOptions): Answering {
  const { video, audio } = options
  return answerOffer(
    {
      ...options,
      onAnswer(sdp) {
        options.onAnswer(withSimulcast(keepFeedback(sdp, [...video, audio]), video))
      },
    },
    (peer) => [...video.map((media) => videoTrack(peer, media)), ...(audio ? [audioTrack(peer, audio)] : [])],
  )
}

function videoTrack(peer: PeerConnection, media: ReceivedVideo): Track {
  const section = new Video(media.mid, 'RecvOnly')
  // It throws for parameters that are there and undefined.
  if (media.parameters === '') section.addVideoCodec(media.payloadType, media.name)
  else section.addVideoCodec(media.payloadType, media.name, media.parameters)
  return peer.addTrack(describe(section, media))
}

function audioTrack(peer: PeerConnection, media: ReceivedMedia): Track {
  const section = new Audio(media.mid, 'RecvOnly')
  section.addOpusCodec(media.payloadType, media.parameters)
  return peer.addTrack(describe(section, media))
}

/** Lines of the media section that the codec's own method does not write. */
function describe<T extends Video | Audio>(section: T, { payloadType, transportSequence }: ReceivedMedia): T {
  if (transportSequence !== undefined) {
    section.parseSdpLine(`a=extmap:${transportSequence} ${TRANSPORT_SEQUENCE}`)
    section.parseSdpLine(`a=rtcp-fb:${payloadType} transport-cc`)
  }
  return section
}
