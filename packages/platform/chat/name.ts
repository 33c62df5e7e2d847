import { CHAT_NAME_MAX } from '@bandstand/contract/limits.ts'
import { skeleton } from './confusables.ts'
import { keepsToScripts } from './scripts.ts'
import { cleanText } from './text.ts'

/** Words that make a name look as if it spoke for the channel. */
const RESERVED = new Set(
  'owner admin administrator moderator mod official staff support system server bandstand host streamer'
    .split(' ')
    .map(skeleton),
)

export type NameResult =
  | { readonly name: string }
  | { readonly refusal: 'bad-name' | 'name-taken'; readonly text: string }

/**
 * A chatter's name as it is shown.
 * @param taken names of the owner and the channel, which nobody else may look like; undefined for the owner, who may have any
 */
export function parseName(text: string, taken: readonly string[] | undefined): NameResult {
  const name = cleanText(text).replace(/[\u200c\u200d]/g, '')
  const length = Array.from(name).length
  if (length > CHAT_NAME_MAX) return { refusal: 'bad-name', text: `a name has at most ${CHAT_NAME_MAX} characters` }
  if (!/[\p{L}\p{N}\p{Emoji_Presentation}]/u.test(name) || /^[\u3164\u115f\u1160\u2800\s]*$/u.test(name))
    return { refusal: 'bad-name', text: 'a name needs a letter or a digit' }
  if (taken === undefined) return { name }
  const whole = skeleton(name)
  const words = name.split(/[^\p{L}\p{N}\p{M}@$!|+]+/u).map(skeleton)
  // Digits at the ends turn into letters in a skeleton, so "owner1" is compared without them as well.
  const trimmed = skeleton(name.replace(/^[\d\W_]+|[\d\W_]+$/g, ''))
  const isTaken = taken.some((other) => other !== '' && skeleton(other) !== '' && skeleton(other) === whole)
  if (isTaken || [whole, trimmed, ...words].some((part) => RESERVED.has(part)))
    return { refusal: 'name-taken', text: 'this name belongs to somebody else here; choose another' }
  if (!keepsToScripts(name)) return { refusal: 'bad-name', text: 'write each word of a name in one alphabet' }
  return { name }
}
