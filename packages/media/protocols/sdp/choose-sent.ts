import { formatParameters } from './choose.ts'
import { DEFAULT_PROFILE, parseProfileLevelId, printProfileLevelId } from './h264-profile.ts'
import type { Codec, MediaSection, SessionDescription } from './model.ts'
import { readSprop } from './sprop.ts'

export type SentVideoCodec = 'h264' | 'hevc' | 'av1' | 'vp9' | 'vp8'

/** What is taken of a section that the peer sends. */
export interface SentMedia {
  readonly mid: string
  readonly payloadType: number
  /** As in `a=rtpmap`. */
  readonly name: string
  /** `a=fmtp` value for the answer; empty for none. */
  readonly parameters: string
  /** The feedback offered for the payload type, such as `nack`, `nack pli`, `goog-remb`. */
  readonly feedback: readonly string[]
  /** The section's sources, retransmissions' not among them; none where the offer names none. */
  readonly sources: readonly number[]
}

export interface SentVideo extends SentMedia {
  readonly codec: SentVideoCodec
  /** Restriction ids of simulcast (RFC 8853), in the offer's order; none where there is one stream. */
  readonly rids: readonly string[]
  /** Id of the header extension that says which of them a packet is of (RFC 8852), where it is offered. */
  readonly ridExtension?: number
  /** Those of H.264 and HEVC that the offer itself has, as an access unit: see `readSprop`. */
  readonly parameterSets?: Uint8Array
}

export interface Sent {
  /** In the offer's order. */
  readonly video: readonly SentVideo[]
  readonly audio?: SentMedia
}

const RID = 'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id'

/** Those that most players take; of the others one is taken only where there is none of these. */
const PREFERRED: readonly SentVideoCodec[] = ['h264', 'hevc', 'av1']
const NAMES: Readonly<Record<string, SentVideoCodec>> = {
  h264: 'h264',
  h265: 'hevc',
  av1: 'av1',
  vp9: 'vp9',
  vp8: 'vp8',
}

/** Level 5.2, 4K at 60 fps: no encoder has to stay below what is received here. */
const H264_LEVEL = 52
/**
 * Browsers hear mono and 32 kbit/s otherwise (RFC 7587 §6.1): what is said here is what is wished for, and nobody has to send so much.
 */
const OPUS = 'minptime=10;useinbandfec=1;stereo=1;maxaveragebitrate=128000'

/**
 * What is taken of an offer to send: each video section with its codec, and the first audio section with Opus. The offer's order
 * counts among H.264, HEVC and AV1, which go before VP9 and VP8: browsers name VP8 first, and it plays in fewest places.
 * @param most video sections.
 */
export function chooseSent(offer: SessionDescription, most: number): Sent {
  const video: SentVideo[] = []
  let audio: SentMedia | undefined
  for (const section of offer.media) {
    if (video.length < most) video.push(...videoOf(section))
    audio ??= audioOf(section)
  }
  return { video, ...(audio && { audio }) }
}

function videoOf(section: MediaSection): readonly SentVideo[] {
  const mid = sendingMid(section, 'video')
  if (mid === undefined) return []
  const known = inOrder(section).flatMap((one) => {
    const codec = one.clockRate === 90_000 ? NAMES[one.name.toLowerCase()] : undefined
    const parameters = codec && answerParameters(one, codec)
    return codec === undefined || parameters === undefined ? [] : [{ one, codec, parameters }]
  })
  const chosen = known.find(({ codec }) => PREFERRED.includes(codec)) ?? known[0]
  if (chosen === undefined) return []
  const { one, codec, parameters } = chosen
  const parameterSets = codec === 'h264' || codec === 'hevc' ? readSprop(codec, formatParameters(one)) : undefined
  const ridExtension = section.extensions.find(({ id, uri }) => uri === RID && id <= 14)?.id
  return [
    {
      ...{ mid, codec, parameters, payloadType: one.payloadType, name: one.name, feedback: one.feedback },
      ...{ sources: sourcesOf(section), rids: ridsOf(section) },
      ...(ridExtension !== undefined && { ridExtension }),
      ...(parameterSets !== undefined && { parameterSets }),
    },
  ]
}

function audioOf(section: MediaSection): SentMedia | undefined {
  const mid = sendingMid(section, 'audio')
  const opus = inOrder(section).find(
    ({ name, clockRate, channels }) => name.toLowerCase() === 'opus' && clockRate === 48_000 && channels === 2,
  )
  if (mid === undefined || opus === undefined) return undefined
  const { payloadType, name, feedback } = opus
  return { mid, payloadType, name, feedback, parameters: OPUS, sources: sourcesOf(section) }
}

/** Undefined for what is not received here: interleaved H.264, HEVC out of decoding order, VP9 with more than 8 bits. */
function answerParameters(codec: Codec, kind: SentVideoCodec): string | undefined {
  const parameters = formatParameters(codec)
  if (kind === 'h264') return h264Parameters(parameters)
  if (kind === 'hevc' && (parameters.get('sprop-max-don-diff') ?? '0') !== '0') return undefined
  if (kind === 'vp9' && (parameters.get('profile-id') ?? '0') !== '0') return undefined
  return codec.parameters ?? ''
}

/** The offered profile; of the level what is received here, where both sides may have their own (RFC 6184 §8.2.2). */
function h264Parameters(parameters: ReadonlyMap<string, string>): string | undefined {
  const mode = parameters.get('packetization-mode') ?? '0'
  const text = parameters.get('profile-level-id')
  const offered = text === undefined ? DEFAULT_PROFILE : parseProfileLevelId(text)
  if ((mode !== '0' && mode !== '1') || !offered) return undefined
  const isAsymmetric = parameters.get('level-asymmetry-allowed') === '1'
  const id = printProfileLevelId(isAsymmetric ? { ...offered, levelIdc: H264_LEVEL } : offered)
  return `${isAsymmetric ? 'level-asymmetry-allowed=1;' : ''}packetization-mode=${mode};profile-level-id=${id}`
}

function inOrder({ codecs, formats }: MediaSection): readonly Codec[] {
  return formats.flatMap((format) => codecs.find(({ payloadType }) => String(payloadType) === format) ?? [])
}

/** Retransmissions are the second of a pair (RFC 4588 §8.6, RFC 5576 §4.2). */
function sourcesOf({ sources, sourceGroups }: MediaSection): readonly number[] {
  const again = sourceGroups.flatMap(({ semantics, ssrcs }) => (semantics === 'FID' ? ssrcs.slice(1) : []))
  return [...new Set(sources.map(({ ssrc }) => ssrc))].filter((ssrc) => !again.includes(ssrc))
}

/** In the order of `a=simulcast`, the first of alternatives; those that begin paused too (RFC 8853 §5.1). */
function ridsOf({ simulcast, rids }: MediaSection): readonly string[] {
  const sent = rids.filter(({ direction }) => direction === 'send').map(({ id }) => id)
  const named = (simulcast?.send ?? '').split(';').map((one) => one.split(',')[0]?.replace('~', '') ?? '')
  return named.filter((id) => sent.includes(id))
}

/** As `receivingMid` of `choose.ts`, for the other direction. */
function sendingMid(section: MediaSection, kind: MediaSection['kind']): string | undefined {
  const { direction, port, bundleOnly, rtcpMux, protocol } = section
  const sends = direction === 'sendonly' || direction === 'sendrecv'
  const open = port !== 0 || bundleOnly
  const usable = rtcpMux && (protocol === 'UDP/TLS/RTP/SAVPF' || protocol === 'TCP/DTLS/RTP/SAVPF')
  return section.kind === kind && sends && open && usable ? section.mid : undefined
}
