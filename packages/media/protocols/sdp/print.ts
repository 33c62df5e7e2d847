import type { Codec, MediaSection, SessionDescription, Transport } from './model.ts'
import { emptySection } from './section.ts'

/** Writes a description. Reading it back gives the same one. */
export function printSdp(description: SessionDescription): string {
  const { sessionId, sessionVersion, bundles, transport, media } = description
  const lines = [
    'v=0',
    `o=- ${sessionId} ${sessionVersion} IN IP4 127.0.0.1`,
    's=-',
    't=0 0',
    ...bundles.map((mids) => ['a=group:BUNDLE', ...mids].join(' ')),
    ...transportLines(transport),
    ...media.flatMap(mediaLines),
  ]
  return lines.map((line) => `${line}\r\n`).join('')
}

/**
 * The offer without its candidates: an answerer on a public address needs none, for the peer's checks teach it (RFC 8445
 * §7.3.1.3), and libdatachannel that has some may begin DTLS before the peer has the answer.
 */
export function withoutCandidates(description: SessionDescription): SessionDescription {
  return { ...description, media: description.media.map((section) => ({ ...section, candidates: [] })) }
}

/**
 * The offer as it is answered: every other section has port 0 and is in no bundle, so that its answer refuses it (RFC 3264 §6,
 * RFC 9143 §7.3.3), and says nothing of itself.
 */
export function withOnly(description: SessionDescription, mids: readonly string[]): SessionDescription {
  const isTaken = (mid: string | undefined) => mid !== undefined && mids.includes(mid)
  const bundles = description.bundles.map((bundle) => bundle.filter(isTaken)).filter((bundle) => bundle.length > 0)
  const media = description.media.map((section) => (isTaken(section.mid) ? section : refused(section)))
  return { ...description, bundles, media }
}

function refused({ kind, protocol, formats, mid }: MediaSection): MediaSection {
  return { ...emptySection(kind, 0, protocol, formats), ...(mid !== undefined && { mid }), direction: 'inactive' }
}

function transportLines(transport: Transport): readonly string[] {
  return [
    ...(transport.iceLite ? ['a=ice-lite'] : []),
    ...optional('ice-ufrag', transport.iceUfrag),
    ...optional('ice-pwd', transport.icePwd),
    ...(transport.iceOptions.length > 0 ? [`a=ice-options:${transport.iceOptions.join(' ')}`] : []),
    ...transport.fingerprints.map(({ algorithm, value }) => `a=fingerprint:${algorithm} ${value}`),
    ...optional('setup', transport.setup),
  ]
}

function mediaLines(section: MediaSection): readonly string[] {
  return [
    `m=${section.kind} ${section.port} ${section.protocol} ${section.formats.join(' ')}`,
    'c=IN IP4 0.0.0.0',
    // Of the session only; a section inherits it.
    ...transportLines({ ...section.transport, iceLite: false }),
    ...optional('mid', section.mid),
    `a=${section.direction}`,
    ...(section.rtcpMux ? ['a=rtcp-mux'] : []),
    ...(section.rtcpRsize ? ['a=rtcp-rsize'] : []),
    ...(section.bundleOnly ? ['a=bundle-only'] : []),
    ...(section.receiverRtt ? [`a=rtcp-xr:rcvr-rtt=${section.receiverRtt}`] : []),
    ...optional('sctp-port', section.sctpPort),
    ...optional('max-message-size', section.maxMessageSize),
    ...section.extensions.map(({ id, direction, uri }) => `a=extmap:${id}${direction ? `/${direction}` : ''} ${uri}`),
    ...section.codecs.flatMap(codecLines),
    ...section.rids.map(({ id, direction, restrictions }) =>
      `a=rid:${id} ${direction} ${restrictions ?? ''}`.trimEnd(),
    ),
    ...simulcastLines(section),
    ...section.sourceGroups.map(({ semantics, ssrcs }) => `a=ssrc-group:${semantics} ${ssrcs.join(' ')}`),
    ...section.sources.map(
      ({ ssrc, attribute, value }) => `a=ssrc:${ssrc} ${attribute}${value === undefined ? '' : `:${value}`}`,
    ),
    ...section.candidates.map((candidate) => `a=candidate:${candidate}`),
  ]
}

function codecLines({ payloadType, name, clockRate, channels, parameters, feedback }: Codec): readonly string[] {
  return [
    `a=rtpmap:${payloadType} ${name}/${clockRate}${channels === undefined ? '' : `/${channels}`}`,
    ...feedback.map((value) => `a=rtcp-fb:${payloadType} ${value}`),
    ...(parameters === undefined ? [] : [`a=fmtp:${payloadType} ${parameters}`]),
  ]
}

function simulcastLines({ simulcast }: MediaSection): readonly string[] {
  if (!simulcast) return []
  const { send, recv } = simulcast
  return [`a=simulcast:${[...(send ? [`send ${send}`] : []), ...(recv ? [`recv ${recv}`] : [])].join(' ')}`]
}

function optional(name: string, value: string | number | undefined): readonly string[] {
  return value === undefined ? [] : [`a=${name}:${value}`]
}
