import {
  DEFAULT_PROFILE,
  type ProfileFit,
  type ProfileLevelId,
  parseProfileLevelId,
  printProfileLevelId,
  profileFit,
} from './h264-profile.ts'
import type { Codec, MediaSection, SessionDescription } from './model.ts'

/** Ids of the header extensions that are of use to a sender, each 1 to 14 (one-byte headers). */
export interface ChosenExtensions {
  readonly absSendTime?: number
  readonly playoutDelay?: number
  /** Of transport-wide sequence numbers. */
  readonly transportSequence?: number
}

/** What is sent into a section of the offer. */
export interface ChosenAudio {
  readonly mid: string
  readonly payloadType: number
  readonly extensions: ChosenExtensions
  /** The feedback offered for the payload type, such as `nack`, `nack pli`, `ccm fir`, `goog-remb`, `transport-cc`. */
  readonly feedback: readonly string[]
  /** Reference times are to be answered by DLRR. */
  readonly receiverRtt: boolean
}

export interface ChosenVideo extends ChosenAudio {
  /** `a=fmtp` value for the answer. */
  readonly parameters: string
  /** Payload type of what is sent again, where the peer takes that as a stream of its own (RFC 4588 §8.1). */
  readonly retransmission?: number
}

/**
 * Parameters of an `a=fmtp` value, names in lower case; of a repeated one the first counts. Values without a name, as those of
 * `red`, are left out.
 */
export function formatParameters(codec: Codec): ReadonlyMap<string, string> {
  const result = new Map<string, string>()
  for (const part of (codec.parameters ?? '').split(';')) {
    const equals = part.indexOf('=')
    const name = part.slice(0, Math.max(0, equals)).trim().toLowerCase()
    if (name !== '' && !result.has(name)) result.set(name, part.slice(equals + 1).trim())
  }
  return result
}

/**
 * The first section that takes video, and its H.264 payload type with packetization-mode 1 whose profile fits the stream best:
 * the same, else a wider one, else any; among equals a sufficient level, then the offer's order (RFC 6184 §8.2.2). Undefined
 * where there is none.
 * @param stream profile and level of what will be sent.
 */
export function chooseVideo(offer: SessionDescription, stream: ProfileLevelId): ChosenVideo | undefined {
  for (const section of offer.media) {
    const mid = receivingMid(section, 'video')
    if (mid === undefined) continue
    const candidates = preferredCodecs(section).flatMap((codec) => rank(codec, stream) ?? [])
    // The sort is stable: the offer's order decides among equals.
    const [best] = candidates.sort((a, b) => a.cost - b.cost)
    if (!best) continue
    const retransmission = retransmissionOf(section, best.codec)
    return {
      ...common(mid, section, best.codec),
      parameters: answerParameters(best.codec, best.offered, stream),
      ...(retransmission !== undefined && { retransmission }),
    }
  }
  return undefined
}

/** Undefined also for a peer that asks for nothing again (RFC 4588 §8.1, `apt`; RFC 4585 §4.2). */
function retransmissionOf(section: MediaSection, { payloadType, feedback }: Codec): number | undefined {
  if (!feedback.includes('nack')) return undefined
  const isItsOwn = (codec: Codec) =>
    isCodec(codec, 'rtx', 90_000) && formatParameters(codec).get('apt') === String(payloadType)
  return preferredCodecs(section).find(isItsOwn)?.payloadType
}

const COST: Readonly<Record<ProfileFit, number>> = { same: 0, wider: 2, foreign: 4 }

/** Undefined for a codec that is no H.264 in packetization-mode 1, or whose profile is malformed. */
function rank(codec: Codec, stream: ProfileLevelId) {
  const parameters = formatParameters(codec)
  if (!isCodec(codec, 'h264', 90_000) || parameters.get('packetization-mode') !== '1') return undefined
  const text = parameters.get('profile-level-id')
  const offered = text === undefined ? DEFAULT_PROFILE : parseProfileLevelId(text)
  if (!offered) return undefined
  const fit = profileFit(stream, offered)
  return { codec, offered, cost: COST[fit] + (offered.levelIdc < stream.levelIdc ? 1 : 0) }
}

/**
 * The profile has to be the offered one; the level is the stream's where both sides may have their own, else no higher than
 * offered (RFC 6184 §8.2.2).
 */
function answerParameters(codec: Codec, offered: ProfileLevelId, stream: ProfileLevelId): string {
  const asymmetric = formatParameters(codec).get('level-asymmetry-allowed') === '1'
  const levelIdc = asymmetric ? stream.levelIdc : Math.min(offered.levelIdc, stream.levelIdc)
  const id = printProfileLevelId({ ...offered, levelIdc })
  return `${asymmetric ? 'level-asymmetry-allowed=1;' : ''}packetization-mode=1;profile-level-id=${id}`
}

/** The first section that takes audio, and its Opus payload type (RFC 7587 §7). Undefined where there is none. */
export function chooseAudio(offer: SessionDescription): ChosenAudio | undefined {
  for (const section of offer.media) {
    const mid = receivingMid(section, 'audio')
    const codec = preferredCodecs(section).find((one) => isCodec(one, 'opus', 48_000) && one.channels === 2)
    if (mid !== undefined && codec) return common(mid, section, codec)
  }
  return undefined
}

function isCodec(codec: Codec, name: string, clockRate: number): boolean {
  return codec.name.toLowerCase() === name && codec.clockRate === clockRate
}

/** In the order of the `m=` line, which is that of preference (RFC 8866 §5.14). */
function preferredCodecs({ codecs, formats }: MediaSection): readonly Codec[] {
  return formats.flatMap((format) => codecs.find(({ payloadType }) => String(payloadType) === format) ?? [])
}

/**
 * The mid of a section that media can be sent to; undefined for another kind, a direction that does not receive, a refused
 * section (port 0 without `bundle-only`), no multiplexed RTCP, or another profile than WebRTC's (RFC 8829 §5.1.2).
 */
function receivingMid(section: MediaSection, kind: MediaSection['kind']): string | undefined {
  const { direction, port, bundleOnly, rtcpMux, protocol } = section
  const receives = direction === 'recvonly' || direction === 'sendrecv'
  const open = port !== 0 || bundleOnly
  const usable = rtcpMux && (protocol === 'UDP/TLS/RTP/SAVPF' || protocol === 'TCP/DTLS/RTP/SAVPF')
  return section.kind === kind && receives && open && usable ? section.mid : undefined
}

function common(mid: string, section: MediaSection, codec: Codec): ChosenAudio {
  return {
    mid,
    payloadType: codec.payloadType,
    extensions: chooseExtensions(section),
    feedback: codec.feedback,
    receiverRtt: section.receiverRtt !== undefined,
  }
}

const EXTENSIONS: readonly (readonly [keyof ChosenExtensions, string])[] = [
  ['absSendTime', 'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time'],
  ['playoutDelay', 'http://www.webrtc.org/experiments/rtp-hdrext/playout-delay'],
  ['transportSequence', 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01'],
]

/** What the peer would only send itself, or whose id needs a two-byte header, is left out. */
function chooseExtensions({ extensions }: MediaSection): ChosenExtensions {
  const usable = extensions.filter(
    ({ id, direction }) => id <= 14 && direction !== 'sendonly' && direction !== 'inactive',
  )
  const found = EXTENSIONS.flatMap(([name, uri]) => {
    const mapping = usable.find((one) => one.uri === uri)
    return mapping ? [[name, mapping.id] as const] : []
  })
  return Object.fromEntries(found)
}
