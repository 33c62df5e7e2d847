/** Scripts in common modern use (UAX 31, 2.4, table 5: recommended scripts). */
const RECOMMENDED =
  'Arabic Armenian Bengali Bopomofo Cyrillic Devanagari Ethiopic Georgian Greek Gujarati Gurmukhi Han Hangul Hebrew Hiragana Kannada Katakana Khmer Lao Latin Malayalam Myanmar Oriya Sinhala Tamil Telugu Thaana Thai Tibetan'.split(
    ' ',
  )
/** What is written together (UTS 39, 5.2, "highly restrictive"): Japanese, Chinese and Korean, each with Latin. */
const TOGETHER = [
  ['Latin', 'Han', 'Hiragana', 'Katakana'],
  ['Latin', 'Han', 'Bopomofo'],
  ['Latin', 'Han', 'Hangul'],
]

const ALLOWED = [
  ...[...RECOMMENDED.map((script) => [script]), ...TOGETHER].map(
    (scripts) =>
      new RegExp(`^[\\p{sc=Common}\\p{sc=Inherited}${scripts.map((script) => `\\p{scx=${script}}`).join('')}]*$`, 'u'),
  ),
  // All other scripts: seldom used, and not together with these.
  new RegExp(`^[^${RECOMMENDED.map((script) => `\\p{sc=${script}}`).join('')}]*$`, 'u'),
]

/**
 * Whether each word keeps to one script, or to some that are written together: "Owиer" does not. Narrower than UTS 39 asks of
 * an identifier, which has no words: "DJ Вася" is a name that people have.
 */
export function keepsToScripts(text: string): boolean {
  return text.split(/[^\p{L}\p{N}\p{M}]+/u).every((word) => ALLOWED.some((allowed) => allowed.test(word)))
}
