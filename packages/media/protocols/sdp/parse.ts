import { MediaError } from '../../error.ts'
import { GRAMMAR } from './grammar.ts'
import { SDP_LIMITS } from './limits.ts'
import { malformedLine, type SdpLine, splitAttribute, splitLines } from './lines.ts'
import type { MediaSection, SessionDescription } from './model.ts'
import { parseMediaSection } from './parse-media.ts'
import { createTransport, inheritTransport, readTransportAttribute } from './parse-transport.ts'

/**
 * Reads an offer or answer. What is not understood is read over (RFC 8866 §5.13); what is understood but against its grammar
 * throws `malformed`, for a guess would reach a native library. Throws `too-large` as `SDP_LIMITS` say.
 */
export function parseSdp(text: string): SessionDescription {
  const lines = splitLines(text)
  if (lines[0]?.type !== 'v' || lines[0].value !== '0') throw malformedLine(1, 'is not v=0')
  const starts = lines.flatMap(({ type }, index) => (type === 'm' ? [index] : []))
  if (starts.length > SDP_LIMITS.media) throw new MediaError('too-large', `sdp: ${starts.length} media sections`)
  const head = lines.slice(0, starts[0] ?? lines.length)
  const transport = createTransport()
  const bundles: string[][] = []
  for (const line of head) readSessionLine(line, transport, bundles)
  const media = starts.map((start, i) => {
    const section = parseMediaSection(lines.slice(start, starts[i + 1]))
    return { ...section, transport: inheritTransport(section.transport, transport) }
  })
  checkMids(media, bundles)
  const [sessionId, sessionVersion] = readOrigin(head)
  return { sessionId, sessionVersion, bundles, transport, media }
}

function readSessionLine(line: SdpLine, transport: ReturnType<typeof createTransport>, bundles: string[][]): void {
  if (line.type !== 'a') return
  const { name, rest } = splitAttribute(line.value)
  if (readTransportAttribute(transport, name, rest) === false) throw malformedLine(line.number, `has a bad ${name}`)
  const [semantics, ...mids] = name === 'group' ? rest.split(' ') : []
  if (semantics === 'BUNDLE') bundles.push(mids)
}

function readOrigin(head: readonly SdpLine[]): readonly [string, string] {
  const line = head.find(({ type }) => type === 'o')
  const [, id = '', version = ''] = line?.value.split(' ') ?? []
  if (!GRAMMAR.digits.test(id) || !GRAMMAR.digits.test(version)) throw malformedLine(line?.number ?? 2, 'is no origin')
  return [id, version]
}

/** RFC 5888 §4 and §5: a mid is unique; RFC 9143 §7.2: a group names sections that exist, each once. */
function checkMids(media: readonly MediaSection[], bundles: readonly (readonly string[])[]): void {
  const mids = media.flatMap(({ mid }) => mid ?? [])
  const grouped = bundles.flat()
  const unique = new Set(mids).size === mids.length && new Set(grouped).size === grouped.length
  if (!unique || !grouped.every((mid) => mids.includes(mid))) {
    throw new MediaError('malformed', 'sdp: mids are not unique, or a group names one that does not exist')
  }
}
