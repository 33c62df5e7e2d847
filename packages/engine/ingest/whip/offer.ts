import { MediaError } from '@bandstand/media/error.ts'
import { chooseSent, type Sent, type SentMedia, type SentVideo } from '@bandstand/media/protocols/sdp/choose-sent.ts'
import type { SessionDescription } from '@bandstand/media/protocols/sdp/model.ts'
import { parseSdp } from '@bandstand/media/protocols/sdp/parse.ts'
import { printSdp, withOnly, withoutCandidates } from '@bandstand/media/protocols/sdp/print.ts'
import type { PublishRefusal } from '../../ports.ts'
import { WHIP_LIMITS } from './limits.ts'
import type { ReceivedMedia, ReceivedVideo } from './messages.ts'

/** Why an offer to publish is not answered; the text says what to change. */
export interface WhipRefusal {
  readonly code: PublishRefusal['code'] | 'bad-offer' | 'no-codec' | 'busy'
  readonly reason: string
  /** Seconds after which it may be different. */
  readonly retryAfter?: number
}

/** What of an offer is received. */
export interface TakenOffer {
  /** As the library gets it: with the sections that are answered, no others, and without candidates. */
  readonly sdp: string
  /** The encoder's name for its side of ICE: another one is another connection. */
  readonly iceUfrag: string
  readonly video: readonly ReceivedVideo[]
  readonly audio?: ReceivedMedia
}

const TRANSPORT_SEQUENCE = 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01'
/** What is sent to encoders here; other feedback that they offer is left out of the answer. */
const FEEDBACK: readonly string[] = ['nack', 'nack pli', 'goog-remb', 'transport-cc']

const NO_CODEC: WhipRefusal = {
  code: 'no-codec',
  reason:
    'The offer sends nothing that is taken here: it needs H.264 (packetization-mode 0 or 1), HEVC, AV1, VP9 or VP8, or Opus, with rtcp-mux.',
}
const NO_TRANSPORT: WhipRefusal = {
  code: 'bad-offer',
  reason: 'The offer lacks ice-ufrag, ice-pwd or fingerprint: WebRTC is always encrypted.',
}
const NO_SOURCES: WhipRefusal = {
  code: 'bad-offer',
  reason:
    'Where sound and pictures come in one connection, each section has to name its sources (a=ssrc): send simulcast as a section for each size, or without sound.',
}

/** What is received of an offer, or why nothing is. */
export function readPublishOffer(text: string): TakenOffer | WhipRefusal {
  const offer = parse(text)
  if ('code' in offer) return offer
  const sent = chooseSent(offer, WHIP_LIMITS.video)
  const all = [...sent.video, ...(sent.audio ? [sent.audio] : [])]
  if (all.length === 0) return NO_CODEC
  const mids = all.map(({ mid }) => mid)
  const iceUfrag = transportOf(offer, mids)
  if (iceUfrag === undefined) return NO_TRANSPORT
  // The library hands on packets by the sources that are named, unless there is one section alone.
  if (all.length > 1 && all.some(({ sources }) => sources.length === 0)) return NO_SOURCES
  return {
    sdp: printSdp(withOnly(withoutCandidates(offer), mids)),
    iceUfrag,
    ...received(offer, sent),
  }
}

function parse(text: string): SessionDescription | WhipRefusal {
  try {
    return parseSdp(text)
  } catch (error) {
    if (!(error instanceof MediaError)) throw error
    return { code: 'bad-offer', reason: `The offer cannot be read: ${error.message}.` }
  }
}

function received(offer: SessionDescription, { video, audio }: Sent): Pick<TakenOffer, 'video' | 'audio'> {
  const taken = (media: SentMedia): ReceivedMedia => {
    const { mid, payloadType, name, parameters } = media
    const feedback = media.feedback.filter((value) => FEEDBACK.includes(value))
    const extensions = offer.media.find((section) => section.mid === mid)?.extensions ?? []
    const sequence = extensions.find(({ id, uri }) => uri === TRANSPORT_SEQUENCE && id <= 14)?.id
    const hasSequence = sequence !== undefined && feedback.includes('transport-cc')
    return { mid, payloadType, name, parameters, feedback, ...(hasSequence && { transportSequence: sequence }) }
  }
  /** Each section has one; what is left goes to the first that ask. */
  let left = WHIP_LIMITS.video - video.length
  const ridsOf = ({ rids, ridExtension }: SentVideo): readonly string[] => {
    // Packets that do not say which of them they are of cannot be told apart.
    const kept = ridExtension === undefined ? [] : rids.slice(0, 1 + left)
    left -= Math.max(0, kept.length - 1)
    return kept
  }
  return {
    video: video.map((media) => ({
      ...taken(media),
      codec: media.codec,
      rids: ridsOf(media),
      ...(media.ridExtension !== undefined && { ridExtension: media.ridExtension }),
      ...(media.parameterSets !== undefined && { parameterSets: media.parameterSets }),
    })),
    ...(audio && { audio: taken(audio) }),
  }
}

/** Sections say it themselves or have it from the session (RFC 8839 §5.4, RFC 8122 §5); the library throws without. */
function transportOf(offer: SessionDescription, mids: readonly string[]): string | undefined {
  const transports = mids.map((mid) => offer.media.find((section) => section.mid === mid)?.transport)
  const isWhole = transports.every(
    (one) => one?.iceUfrag !== undefined && one.icePwd !== undefined && one.fingerprints.length > 0,
  )
  return isWhole ? transports[0]?.iceUfrag : undefined
}
