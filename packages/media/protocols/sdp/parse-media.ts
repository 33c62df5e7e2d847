import { MediaError } from '../../error.ts'
import { GRAMMAR } from './grammar.ts'
import { SDP_LIMITS } from './limits.ts'
import { malformedLine, type SdpLine, splitAttribute } from './lines.ts'
import type { Codec, Direction, MediaSection, SourceGroup } from './model.ts'
import { createTransport, readTransportAttribute } from './parse-transport.ts'
import { emptySection, type SectionDraft } from './section.ts'

/** Attributes that count only together with others, kept until the section ends. */
interface Pending {
  readonly parameters: Map<number, string>
  readonly feedback: { readonly payloadType: number | '*'; readonly value: string }[]
}

/**
 * One section from its `m=` line up to the next (RFC 8866 §5.14). Throws `malformed` for an attribute that is understood but
 * against its grammar, except candidates: an unknown kind of those is left out. Throws `too-large` as `SDP_LIMITS` say.
 */
export function parseMediaSection(lines: readonly SdpLine[]): MediaSection {
  const [first, ...rest] = lines as [SdpLine, ...SdpLine[]]
  const draft = readMediaLine(first)
  const transport = createTransport()
  const pending: Pending = { parameters: new Map(), feedback: [] }
  for (const { type, value, number } of rest) {
    if (type !== 'a') continue
    const { name, rest: text } = splitAttribute(value)
    const taken = readTransportAttribute(transport, name, text) ?? readAttribute(draft, pending, name, text)
    if (!taken) throw malformedLine(number, `has a bad value of ${GRAMMAR.token.test(name) ? name : 'an attribute'}`)
  }
  return { ...draft, transport, codecs: draft.codecs.map((codec) => complete(codec, pending)) }
}

function readMediaLine({ value, number }: SdpLine): SectionDraft {
  const [, kind, port, protocol = '', formats = ''] = GRAMMAR.media.exec(value) ?? []
  const list = formats.split(' ')
  if (kind === undefined || Number(port) > 65_535) throw malformedLine(number, 'is no media section known here')
  if (!list.every((format) => (kind === 'application' ? GRAMMAR.token.test(format) : isPayloadType(format)))) {
    throw malformedLine(number, 'has bad payload types')
  }
  return emptySection(kind as MediaSection['kind'], Number(port), protocol, [...new Set(list)])
}

function isPayloadType(text: string): boolean {
  return /^[0-9]{1,3}$/.test(text) && Number(text) <= 127 && String(Number(text)) === text
}

/** False when the value is bad; true also for attributes that are not for us. */
function readAttribute(draft: SectionDraft, pending: Pending, name: string, text: string): boolean {
  switch (name) {
    case 'mid':
      draft.mid = text
      return GRAMMAR.token.test(text)
    case 'sendrecv':
    case 'sendonly':
    case 'recvonly':
    case 'inactive':
      draft.direction = name
      return text === ''
    case 'rtcp-mux':
      return (draft.rtcpMux = true)
    case 'rtcp-rsize':
      return (draft.rtcpRsize = true)
    case 'bundle-only':
      return (draft.bundleOnly = true)
    case 'rtcp-xr': {
      const value = GRAMMAR.receiverRtt.exec(text)?.[1]
      if (value !== undefined) draft.receiverRtt = value as 'all' | 'sender'
      return true
    }
    case 'sctp-port':
      draft.sctpPort = Number(text)
      return GRAMMAR.digits.test(text) && draft.sctpPort <= 65_535
    case 'max-message-size':
      draft.maxMessageSize = Number(text)
      return GRAMMAR.digits.test(text) && Number.isSafeInteger(draft.maxMessageSize)
    case 'candidate':
      if (GRAMMAR.candidate.test(text)) draft.candidates.push(text)
      return true
    case 'rtpmap':
      return readRtpmap(draft, text)
    case 'fmtp':
      return match(GRAMMAR.fmtp, text, ([payloadType, value]) => pending.parameters.set(Number(payloadType), value))
    case 'rtcp-fb':
      return match(GRAMMAR.rtcpFb, text, ([payloadType, value]) =>
        pending.feedback.push({ payloadType: payloadType === '*' ? '*' : Number(payloadType), value }),
      )
    case 'extmap':
      return readExtmap(draft, text)
    case 'ssrc':
      return readSource(draft, text)
    case 'ssrc-group':
      return match(GRAMMAR.ssrcGroup, text, ([semantics, list]) => draft.sourceGroups.push(group(semantics, list)))
    case 'rid':
      return match(GRAMMAR.rid, text, ([id, direction, restrictions]) =>
        draft.rids.push({ id, direction: direction as 'send' | 'recv', ...(restrictions ? { restrictions } : {}) }),
      )
    case 'simulcast':
      return match(GRAMMAR.simulcast, text, ([way, list, otherWay, otherList]) => {
        draft.simulcast = { [way]: list, ...(otherWay ? { [otherWay]: otherList } : {}) }
      })
    default:
      return true
  }
}

/** Hands the groups of a match on, empty where they are not in the text. */
function match(pattern: RegExp, text: string, take: (groups: [string, string, string, string]) => unknown): boolean {
  const found = pattern.exec(text)
  if (found) take([found[1] ?? '', found[2] ?? '', found[3] ?? '', found[4] ?? ''])
  return found !== null
}

/** Mappings of payload types that the `m=` line does not offer are read over, and so are repeated ones. */
function readRtpmap(draft: SectionDraft, text: string): boolean {
  const [, type = '', name = '', clock, channels] = GRAMMAR.rtpmap.exec(text) ?? []
  const payloadType = Number(type)
  if (name === '' || !isPayloadType(type) || Number(clock) === 0) return false
  if (!draft.formats.includes(type) || draft.codecs.some((codec) => codec.payloadType === payloadType)) return true
  const count = channels === undefined ? {} : { channels: Number(channels) }
  draft.codecs.push({ payloadType, name, clockRate: Number(clock), ...count, feedback: [] })
  return true
}

/** Ids above 255 are offers to choose from a range (RFC 8285 §6), which nobody makes: read over. */
function readExtmap(draft: SectionDraft, text: string): boolean {
  const [, id, direction, uri] = GRAMMAR.extmap.exec(text) ?? []
  if (uri === undefined || Number(id) === 0) return false
  if (Number(id) > 255 || draft.extensions.some((known) => known.id === Number(id))) return true
  draft.extensions.push({ id: Number(id), uri, ...(direction ? { direction: direction as Direction } : {}) })
  return true
}

function readSource(draft: SectionDraft, text: string): boolean {
  const [, ssrc, attribute, value] = GRAMMAR.ssrc.exec(text) ?? []
  if (attribute === undefined || Number(ssrc) > 0xffffffff) return false
  draft.sources.push({ ssrc: Number(ssrc), attribute, ...(value === undefined ? {} : { value }) })
  return true
}

function group(semantics: string, list: string): SourceGroup {
  return { semantics, ssrcs: list.trim().split(' ').map(Number) }
}

function complete(codec: Codec, { parameters, feedback }: Pending): Codec {
  const own = parameters.get(codec.payloadType)
  const wanted = feedback.filter(({ payloadType }) => payloadType === '*' || payloadType === codec.payloadType)
  const values = [...new Set(wanted.map(({ value }) => value))]
  if (values.length > SDP_LIMITS.feedback) {
    throw new MediaError('too-large', `sdp: ${values.length} kinds of feedback for one payload type`)
  }
  return { ...codec, ...(own === undefined ? {} : { parameters: own }), feedback: values }
}
