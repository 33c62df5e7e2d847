import { CHAT_RAW_TEXT_MAX, CHAT_TEXT_MAX } from '@bandstand/contract/limits.ts'
import { MARKS_MAX } from './limits.ts'

/**
 * Characters that show nothing and change how others are shown: control characters, direction overrides and isolates (UAX 9,
 * 2), zero-width ones but the joiners that emoji and some scripts need, tags, and what has no meaning.
 */
const UNSEEN =
  /[\p{Cc}\p{Cs}\p{Co}\p{Cn}\u061c\u180e\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e0fff}]/gu
const MARKS = new RegExp(`(\\p{M}{${MARKS_MAX}})\\p{M}+`, 'gu')

/** One line of plain text without tricks, in NFC; whitespace becomes single spaces. */
export function cleanText(text: string): string {
  return text
    .toWellFormed()
    .normalize('NFC')
    .replace(/[\s\u2028\u2029]+/gu, ' ')
    .replace(UNSEEN, '')
    .replace(MARKS, '$1')
    .trim()
}

/** A message as it is shown, or undefined where nothing is left of it or it is too long (code points). */
export function parseChatText(text: string): string | undefined {
  if (text.length > CHAT_RAW_TEXT_MAX) return undefined
  const clean = cleanText(text)
  const visible = clean.replace(/\p{M}|\u200c|\u200d|\u3164|\u115f|\u1160|\u2800|\s/gu, '')
  return visible === '' || Array.from(clean).length > CHAT_TEXT_MAX ? undefined : clean
}
