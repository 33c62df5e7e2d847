import { mediaSource } from './choice/media-source.ts'

const VARIANT = '#EXT-X-STREAM-INF:'
const MEDIA = '#EXT-X-MEDIA:'

/**
 * The text of a multivariant playlist with one group of sound: the first whose codecs can all be played. The server lists what the encoder
 * sends first, and the same in AAC behind it, which it makes only while somebody asks for it: between two that it can play hls.js would
 * choose by what it thinks of their codecs. Unchanged where there is one group, and where none can be played.
 */
export function withPlayableSound(
  text: string,
  canPlay = (type: string) => mediaSource()?.isTypeSupported(type) ?? true,
): string {
  const lines = text.split('\n')
  const groups = new Map<string, string[]>()
  for (const line of lines) {
    if (!line.startsWith(VARIANT)) continue
    const codecs = codecsOf(line)
    const known = groups.get(groupOf(line)) ?? []
    groups.set(groupOf(line), [...known, ...codecs])
  }
  const isPlayable = (codecs: readonly string[]) => codecs.every((one) => canPlay(`video/mp4; codecs="${one}"`))
  const chosen = [...groups].find(([, codecs]) => isPlayable(codecs))?.[0]
  if (groups.size < 2 || chosen === undefined) return text
  const kept: string[] = []
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] ?? ''
    if (line.startsWith(VARIANT) && groupOf(line) !== chosen) {
      // Its address is on the next line.
      i++
      continue
    }
    const isOther = line.startsWith(MEDIA) && /[:,]TYPE=AUDIO/.test(line) && attribute(line, 'GROUP-ID') !== chosen
    if (!isOther) kept.push(line)
  }
  return kept.join('\n')
}

/** Sound alone stands in no group: its codec tells it from others. */
function groupOf(line: string): string {
  return attribute(line, 'AUDIO') ?? attribute(line, 'CODECS') ?? ''
}

function codecsOf(line: string): readonly string[] {
  return attribute(line, 'CODECS')?.split(',') ?? []
}

function attribute(line: string, name: string): string | undefined {
  return new RegExp(`[:,]${name}="([^"]*)"`).exec(line)?.[1]
}
