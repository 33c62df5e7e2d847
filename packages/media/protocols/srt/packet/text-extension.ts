import { MediaError } from '../../../error.ts'

/**
 * Text in the extensions for stream id (§3.2.1.3) and congestion control (§3.2.1.4): UTF-8, filled up with zeros to whole words, the four
 * bytes of each word in reverse order.
 *
 * @param most bytes
 * @throws MediaError `too-large`
 */
export function parseTextExtension(contents: Uint8Array, most: number): string {
  if (contents.byteLength > most) throw new MediaError('too-large', `srt: text of more than ${most} bytes`)
  const bytes = reversed(contents)
  const end = bytes.indexOf(0)
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end))
}

export function writeTextExtension(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text)
  const contents = new Uint8Array(Math.ceil(bytes.byteLength / 4) * 4)
  contents.set(bytes)
  return reversed(contents)
}

function reversed(words: Uint8Array): Uint8Array {
  const result = new Uint8Array(words.byteLength)
  for (let i = 0; i < words.byteLength; i++) result[i] = words[i ^ 3] ?? 0
  return result
}
