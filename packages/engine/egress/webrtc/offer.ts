import { MediaError } from '@bandstand/media/error.ts'
import { type ChosenAudio, type ChosenVideo, chooseAudio, chooseVideo } from '@bandstand/media/protocols/sdp/choose.ts'
import type { SessionDescription } from '@bandstand/media/protocols/sdp/model.ts'
import { parseSdp } from '@bandstand/media/protocols/sdp/parse.ts'
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
export const DOWN: OfferRefusal = { code: 'unavailable', reason: 'WebRTC is not to be had at the moment; use HLS.' }
const NO_CODEC: OfferRefusal = {
  code: 'no-codec',
  reason:
    'The offer takes nothing of this stream: it needs to receive H.264 (packetization-mode 1) or Opus, with rtcp-mux.',
}
export const NO_RENDITION: OfferRefusal = {
  code: 'no-rendition',
  reason: 'The broadcast has no rendition of this name now.',
}
export const WITHOUT_B_FRAMES =
  'the encoder sends B-frames, which WebRTC cannot carry, so the server encodes the pictures again'

/** @param why nothing is made without them. */
export function hasBFrames(why: string): OfferRefusal {
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

/** What of the stream the offer takes; a refusal where that is nothing, or not the pictures it has. */
export function chooseMedia(
  offer: SessionDescription,
  epoch: OpenEpoch,
  hasSound: boolean,
): { readonly video?: AnsweredMedia; readonly audio?: AnsweredMedia } | OfferRefusal {
  const pictures = picturesOf(epoch)
  const video = pictures && chooseVideo(offer, profileOf(pictures))
  const audio = hasSound ? chooseAudio(offer) : undefined
  if (video === undefined && (pictures !== undefined || audio === undefined)) return NO_CODEC
  return { ...(video && { video: answeredVideo(video) }), ...(audio && { audio: answeredAudio(audio) }) }
}

function answeredVideo({ mid, payloadType, parameters, extensions, receiverRtt }: ChosenVideo): AnsweredMedia {
  return { mid, payloadType, parameters, receiverRtt, ...idsOf(extensions) }
}

/** Browsers hear two channels when the offer says `stereo=1`; here that sound has them (RFC 7587 §6.1). */
function answeredAudio({ mid, payloadType, extensions, receiverRtt }: ChosenAudio): AnsweredMedia {
  return {
    mid,
    payloadType,
    parameters: 'minptime=10;useinbandfec=1;sprop-stereo=1',
    receiverRtt,
    ...idsOf(extensions),
  }
}

/** Transport-wide congestion control is not taken: without it the receiver makes the estimate and says it by REMB. */
function idsOf({ absSendTime, playoutDelay }: ChosenVideo['extensions']) {
  return {
    ...(absSendTime !== undefined && { absSendTime }),
    ...(playoutDelay !== undefined && { playoutDelay }),
  }
}
