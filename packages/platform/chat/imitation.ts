import { readings, skeleton } from './confusables.ts'

/**
 * Shorter names (letters and digits as one counts them, so two for 민지) are compared whole only: as a word "Al", "Max" or "Sam"
 * is in the honest names of many others ("Al fan", "Max Power"), and nobody takes such a name for the owner's.
 */
const WORD_MIN = 4
/** Shorter names are not looked for beside a claim without a space: "Theresa" is no claim to be one called Resa. */
const CLAIM_MIN = 5

/** What is written before and after a name to claim that it is the real one's, without a space: "TheMaestro", "maestrotv". */
const BEFORE = 'the real thereal official original actual true'.split(' ').map(skeleton)
const AFTER = 'official live tv channel bot team admin mod host support'.split(' ').map(skeleton)

/** Letters that show as apostrophes, primes, strokes and raised signs; those of other scripts, as "ー", are letters. */
const MARKS = String.raw`[\p{Lm}&&[\p{scx=Zyyy}\p{scx=Latn}]]ǀ-ǃꞋꞌ`
/** What is around the letters and digits of a name; "|" and "!" would be read as letters there. */
const ORNAMENTS = edges(String.raw`[[^\p{L}\p{N}\p{M}]${MARKS}]`)
/** The same of a name that others are compared with, in which "@" and "$" are letters: Lex is not called like "@lex". */
const OWN_ORNAMENTS = edges(String.raw`[[^\p{L}\p{N}\p{M}@\$]${MARKS}]`)
/** What is around a word: digits as well. */
const WORD_EDGES = edges(String.raw`[[^\p{L}\p{M}]${MARKS}]`)

/** What parts words: spaces only ("Mae.stro" is one), all but signs that are read as letters, those too. */
const BREAKS = [/[\s_]+/u, /[^\p{L}\p{N}\p{M}@$!|+]+/u, /[^\p{L}\p{N}\p{M}]+/u]
/** A letter that stands alone, and what is between such letters, as in "M a e s t r o". */
const ALONE = String.raw`(?<![\p{L}\p{N}\p{M}])[\p{L}\p{N}@$]\p{M}*(?![\p{L}\p{N}\p{M}])`
const SPACING = new RegExp(String.raw`(?<=${ALONE})[^\p{L}\p{N}\p{M}@$]+(?=${ALONE})`, 'gu')

/** Whether a whole name looks like one of these, with or without what is around it. */
export function resembles(name: string, others: readonly string[]): boolean {
  const looks = new Set(forms(readings(name), [...ORNAMENTS, ...OWN_ORNAMENTS]))
  return others.some(
    (other) => hasNumbers(name, other) && forms(readings(other), OWN_ORNAMENTS).some((look) => looks.has(look)),
  )
}

/**
 * Whether a name can be taken for the owner's: it looks like it, or like it with words, digits, signs or a claim around ("The
 * Maestro", "real_maestro", "Maestro 2", "MaestroTV"). What is merely within a longer word does not count: an owner called Anna
 * has viewers called Hanna and Annabel.
 */
export function imitates(name: string, owner: string): boolean {
  if (resembles(name, [owner])) return true
  const wanted = hasNumbers(name, owner) ? readings(owner).flatMap(wordsToLookFor) : []
  const isIn = (words: string[][]) =>
    words.some((_, from) => wanted.some((looks) => looks.every((look, i) => words[from + i]?.includes(look))))
  return wanted.length > 0 && wordings(name).some(isIn)
}

/** What no name may have in it, each as the looks of one word or several: an owner's name as one word, in its words, with a claim. */
function wordsToLookFor(owner: string): string[][] {
  const length = owner.normalize('NFKC').match(/[\p{L}\p{N}]/gu)?.length ?? 0
  if (length < WORD_MIN) return []
  const looks = forms([owner], OWN_ORNAMENTS)
  const claims = length < CLAIM_MIN ? [] : looks.flatMap(claimed)
  return [ownWords(owner), ...[...looks, ...claims].map((look) => [look])]
}

function claimed(look: string): string[] {
  return [...BEFORE.map((claim) => claim + look), ...AFTER.map((claim) => look + claim)]
}

/** The looks of the words of the owner's name, which others may part where the owner does. */
function ownWords(owner: string): string[] {
  const words = owner.normalize('NFKD').split(/[^\p{L}\p{N}\p{M}@$]+/u)
  return words.filter((word) => /[\p{L}\p{N}]/u.test(word)).map(skeleton)
}

/** The words of a name, each with the looks it may have, in each way to tell them apart. */
function wordings(name: string): string[][][] {
  // A circled letter is a sign until it is taken apart, "ⅱ" a number.
  const plain = readings(name).flatMap((reading) => [reading, reading.normalize('NFKD')])
  const texts = plain.map((text) => text.replace(/\p{DI}/gu, '')).flatMap((text) => [text, text.replace(SPACING, '')])
  const splits = [...new Set(texts)].flatMap((text) => BREAKS.map((between) => text.split(between)))
  // Most words come of several ways, and their looks are what costs.
  const looks = new Map([...new Set(splits.flat())].map((word) => [word, forms([word], WORD_EDGES)]))
  return splits.map((words) => words.map((word) => looks.get(word) ?? []))
}

/** A number in a name is no letter: "Banda" is not called like "Band 4". */
function hasNumbers(name: string, other: string): boolean {
  const numbers = (name.match(/\p{Nd}+/gu) ?? []).map((number) => number.normalize('NFKC'))
  const wanted = other.match(/(?<![\p{L}\p{M}\p{Nd}])\p{Nd}+(?![\p{L}\p{M}\p{Nd}])/gu) ?? []
  return wanted.every((number) => numbers.includes(number.normalize('NFKC')))
}

/** At the start, at the end, at both. */
function edges(sign: string): RegExp[] {
  return [`^${sign}+`, `${sign}+$`, `^${sign}+|${sign}+$`].map((source) => new RegExp(source, 'gv'))
}

/** The looks of texts (skeletons), with and without what is around them. */
function forms(texts: readonly string[], around: readonly RegExp[]): string[] {
  const shapes = new Set(texts.flatMap((text) => [text, ...around.map((edge) => text.replace(edge, ''))]))
  return [...new Set(Array.from(shapes, skeleton))].filter((look) => look !== '')
}
