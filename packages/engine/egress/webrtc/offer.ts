import { MediaError } from '@bandstand/media/error.ts'
import { type ChosenAudio, type ChosenVideo, chooseAudio, chooseVideo } from '@bandstand/media/protocols/sdp/choose.ts'
import type { SessionDescription } from '@bandstand/media/protocols/sdp/model.ts'
import { parseSdp } from '@bandstand/media/protocols/sdp/parse.ts'
import { printSdp, withOnly, withoutCandidates } from '@bandstand/media/protocols/sdp/print.ts'
import type { AudioTrackConfig, VideoCodec } from '@bandstand/media/track.ts'
import type { OpenEpoch } from '../../stream/hub.ts'
import { picturesOf, profileOf } from './feed.ts'
import type { AnsweredMedia } from './messages.ts'

/** Why an offer is not answered. */
export interface OfferRefusal {
  readonly code:
    | 'bad-offer'
    | 'offline'
    | 'not-ready'
    | 'no-codec'
    | 'no-rendition'
    | 'has-b-frames'
    | 'busy'
    | 'unavailable'
  readonly reason: string
  /** Seconds after which it may be different. */
  readonly retryAfter?: number
}

export interface OfferAnswer {
  /** Unguessable name. */
  readonly session: string
  readonly sdp: string
  /** Name of the rendition it begins with. */
  readonly rendition: string
  /** Why that is not what the encoder sends. */
  readonly renditionReason?: string
  /** Why there is no sound although the stream has some. */
  readonly soundMissing?: string
}

export const OFFLINE: OfferRefusal = {
  code: 'offline',
  reason: 'Nobody is publishing to this channel now.',
  retryAfter: 2,
}
export const NOT_READY: OfferRefusal = {
  code: 'not-ready',
  reason: 'The stream has only begun; try again.',
  retryAfter: 1,
}
export const BUSY: OfferRefusal = {
  code: 'busy',
  reason: 'There are too many viewers by WebRTC; use HLS.',
  retryAfter: 30,
}
export const BAD_OFFER: OfferRefusal = { code: 'bad-offer', reason: 'This offer could not be answered.' }
export const CHANGED: OfferRefusal = {
  code: 'unavailable',
  reason: 'The stream changed while the offer was being answered; try again.',
  retryAfter: 1,
}
export const DOWN: OfferRefusal = { code: 'unavailable', reason: 'WebRTC is not to be had at the moment; use HLS.' }
const NO_CODEC: OfferRefusal = {
  code: 'no-codec',
  reason:
    'The offer takes nothing of this stream: it needs to receive H.264 (packetization-mode 1) or Opus, with rtcp-mux.',
}
const NO_TRANSPORT: OfferRefusal = {
  code: 'bad-offer',
  reason: 'The offer lacks ice-ufrag, ice-pwd or fingerprint: WebRTC is always encrypted.',
}
export const NO_RENDITION: OfferRefusal = {
  code: 'no-rendition',
  reason: 'The broadcast has no rendition of this name now.',
}
/** Why what is seen is not what the encoder sends. @param codec of its pictures. */
export function encodedAgain(codec: VideoCodec): string {
  const what =
    codec === 'h264' ? 'B-frames, which WebRTC cannot carry' : `${NAMES[codec]}, which is not sent by WebRTC here`
  return `the encoder sends ${what}, so the server encodes the pictures again`
}

const NAMES = { hevc: 'H.265', av1: 'AV1', vp9: 'VP9', vp8: 'VP8' } as const

/** The pictures are not sent as they are. @param codec of the encoder's; `why` nothing else is made of them. */
export function notSent(codec: VideoCodec, why: string): OfferRefusal {
  if (codec !== 'h264') {
    const reason = `The encoder sends ${NAMES[codec]}, which is not sent by WebRTC here, and H.264 is not made of it: ${why}. Use HLS.`
    return { code: 'no-codec', reason }
  }
  return {
    code: 'has-b-frames',
    reason:
      `The encoder sends B-frames, which WebRTC cannot carry, and they are not taken out: ${why}. ` +
      'Set them to 0 in the encoder (x264: tune zerolatency), or use HLS.',
  }
}

/** What is said of itself by a stranger: it is held against the grammar before anything is made of it. */
export function readOffer(sdp: string): SessionDescription | OfferRefusal {
  try {
    return parseSdp(sdp)
  } catch (error) {
    if (!(error instanceof MediaError)) throw error
    return { code: 'bad-offer', reason: `The offer cannot be read: ${error.message}.` }
  }
}

/** The media sections that are answered. */
export interface TakenMedia {
  readonly video?: AnsweredMedia
  readonly audio?: AnsweredMedia
}

/**
 * What of the stream the offer takes; a refusal where that is nothing, or not the pictures it has.
 * @param sound `undefined` where there is none to be heard.
 */
export function chooseMedia(
  offer: SessionDescription,
  epoch: OpenEpoch,
  sound: AudioTrackConfig | undefined,
): TakenMedia | OfferRefusal {
  const pictures = picturesOf(epoch)
  const video = pictures && chooseVideo(offer, profileOf(pictures))
  const audio = sound && chooseAudio(offer)
  if (video === undefined && (pictures !== undefined || audio === undefined)) return NO_CODEC
  const taken = {
    ...(video && { video: { ...answered(video, video.parameters), ...retransmissionOf(video) } }),
    ...(sound && audio && { audio: answered(audio, opusParameters(sound)) }),
  }
  return hasTransport(offer, taken) ? taken : NO_TRANSPORT
}

/**
 * The offer as the library gets it: with the sections that are answered and no others. It would take those too, and data channels
 * with them, which nobody reads.
 */
export function printTaken(offer: SessionDescription, taken: TakenMedia): string {
  return printSdp(withOnly(withoutCandidates(offer), midsOf(taken)))
}

function midsOf({ video, audio }: TakenMedia): string[] {
  return [video, audio].flatMap((media) => media?.mid ?? [])
}

/** Sections say it themselves or have it from the session (RFC 8839 §5.4, RFC 8122 §5); the library throws without. */
function hasTransport(offer: SessionDescription, taken: TakenMedia): boolean {
  return midsOf(taken).every((mid) => {
    const { iceUfrag, icePwd, fingerprints = [] } = offer.media.find((section) => section.mid === mid)?.transport ?? {}
    return iceUfrag !== undefined && icePwd !== undefined && fingerprints.length > 0
  })
}

/** Browsers hear two channels when the offer says `stereo=1`; whether this sound has them is said by `sprop-stereo` (RFC 7587 §6.1). */
function opusParameters({ channels }: AudioTrackConfig): string {
  return `minptime=10;useinbandfec=1;sprop-stereo=${channels === 1 ? 0 : 1}`
}

/** Probes go as retransmissions: without those there are none. */
function retransmissionOf({ retransmission, extensions, feedback }: ChosenVideo) {
  if (retransmission === undefined) return {}
  const { transportSequence } = extensions
  const canProbe = transportSequence !== undefined && feedback.includes('transport-cc')
  return { retransmission, ...(canProbe && { transportSequence }) }
}

function answered(
  { mid, payloadType, feedback, extensions, receiverRtt }: ChosenAudio,
  parameters: string,
): AnsweredMedia {
  return { mid, payloadType, parameters, feedback, receiverRtt, ...idsOf(extensions) }
}

/**
 * Transport-wide sequence numbers are in no packet but probes: of those without them the receiver makes the estimate itself and says it by
 * REMB (libwebrtc's `ReceiveSideCongestionController`).
 */
function idsOf({ absSendTime, playoutDelay }: ChosenAudio['extensions']) {
  return {
    ...(absSendTime !== undefined && { absSendTime }),
    ...(playoutDelay !== undefined && { playoutDelay }),
  }
}
