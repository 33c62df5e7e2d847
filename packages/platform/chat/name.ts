import { CHAT_NAME_MAX } from '@bandstand/contract/limits.ts'
import { readings, skeleton } from './confusables.ts'
import { imitates, resembles } from './imitation.ts'
import { keepsToScripts } from './scripts.ts'
import { cleanText } from './text.ts'

/** Words that make a name look as if it spoke for the channel. */
const RESERVED = new Set(
  'owner admin administrator moderator mod official staff support system server bandstand host streamer'
    .split(' ')
    .map(skeleton),
)

/**
 * Code points of a name whose compatibility forms are taken apart (NFKD), as it is compared. Three for each is what Hangul comes to,
 * whose syllables are two letters or three; U+FDFA alone is eighteen, in four words.
 */
const APART_MAX = 3 * CHAT_NAME_MAX

/** Shows nothing. Only what makes an emoji of a sign is needed in a name. */
const IGNORABLE = /(?!\ufe0f)\p{Default_Ignorable_Code_Point}/gu

export type NameResult =
  | { readonly name: string }
  | { readonly refusal: 'bad-name' | 'name-taken'; readonly text: string }

/** Names that nobody else may look like. */
export interface TakenNames {
  /** May not be in a name either, as a word or several. */
  readonly owner: string
  /** Title and slugs of the channel: words that its viewers may well have in their names. */
  readonly channel: readonly string[]
}

/**
 * A chatter's name as it is shown.
 * @param taken undefined for the owner, who may have any
 */
export function parseName(text: string, taken: TakenNames | undefined): NameResult {
  const name = cleanText(text.replace(IGNORABLE, ''))
  const length = Array.from(name).length
  if (length > CHAT_NAME_MAX) return { refusal: 'bad-name', text: `a name has at most ${CHAT_NAME_MAX} characters` }
  // Of the owner's name too, with which all others are compared.
  if (Array.from(name.normalize('NFKD')).length > APART_MAX)
    return { refusal: 'bad-name', text: 'some characters of this name stand for whole words; write it in letters' }
  if (!/[\p{L}\p{N}\p{Emoji_Presentation}]/u.test(name))
    return { refusal: 'bad-name', text: 'a name needs a letter or a digit' }
  if (taken === undefined) return { name }
  if (imitates(name, taken.owner))
    return {
      refusal: 'name-taken',
      text: `this name looks like that of the owner, ${taken.owner}; choose one without it`,
    }
  if (resembles(name, taken.channel) || readings(name).some(isReserved))
    return { refusal: 'name-taken', text: 'this name belongs to somebody else here; choose another' }
  if (!keepsToScripts(name)) return { refusal: 'bad-name', text: 'write each word of a name in one alphabet' }
  return { name }
}

function isReserved(name: string): boolean {
  const words = name.split(/[^\p{L}\p{N}\p{M}@$!|+]+/u)
  // Digits at the ends turn into letters in a skeleton, so "owner1" is compared without them as well.
  const trimmed = name.replace(/^[\d\W_]+|[\d\W_]+$/g, '')
  return [...new Set([name, trimmed, ...words])].some((part) => RESERVED.has(skeleton(part)))
}
