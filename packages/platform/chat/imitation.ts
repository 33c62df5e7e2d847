import { readings, skeleton } from './confusables.ts'

/**
 * Shorter names (characters of a skeleton) are compared whole only: as a word "Al", "Max" or "Sam" is in the honest names of
 * many others ("Al fan", "Max Power"), and nobody takes such a name for the owner's.
 */
const WORD_MIN = 4

/** What is around the letters and digits of a name; "|" and "!" would be read as letters there. */
const ORNAMENTS = [/^[^\p{L}\p{N}\p{M}]+/u, /[^\p{L}\p{N}\p{M}]+$/u, /^[^\p{L}\p{N}\p{M}]+|[^\p{L}\p{N}\p{M}]+$/gu]
/** What is around a word: those of the signs that are read as letters within it, and digits, which are so as well. */
const EDGES = [/^[@$!|+\p{Nd}]+/u, /[@$!|+\p{Nd}]+$/u, /^[@$!|+\p{Nd}]+|[@$!|+\p{Nd}]+$/gu]

/** What a whole name may be taken for (skeletons), with and without what is around it. */
export function looks(name: string): string[] {
  const shapes = readings(name).flatMap((reading) => [reading, ...ORNAMENTS.map((edge) => reading.replace(edge, ''))])
  return skeletons(shapes)
}

/**
 * Whether a name can be taken for the owner's: it looks like it, or like it with words, digits or signs around ("The Maestro",
 * "real_maestro", "Maestro 2"). What is merely within a longer word does not count: an owner called Anna has viewers called
 * Hanna and Annabel.
 */
export function imitates(name: string, owner: string): boolean {
  const owners = looks(owner)
  if (looks(name).some((look) => owners.includes(look))) return true
  const wanted = owners.filter((look) => Array.from(look).length >= WORD_MIN)
  return readings(name)
    .flatMap(wordings)
    .some((words) => words.some((_, from) => wanted.some((look) => spells(words, from, look))))
}

/** The words of a name, each with the looks it may have: with signs such as "@" and "|" read as letters, and as what parts words. */
function wordings(name: string): (readonly string[])[][] {
  // Before words are told apart: a circled letter or a superscript digit is a sign until then.
  const plain = name.normalize('NFKD').replace(/\p{DI}/gu, '')
  return [/[^\p{L}\p{N}\p{M}@$!|+]+/u, /[^\p{L}\p{N}\p{M}]+/u].map((between) =>
    plain.split(between).map((word) => skeletons([word, ...EDGES.map((edge) => word.replace(edge, ''))])),
  )
}

/** Whether words from this one on, written together, look like a name. */
function spells(words: readonly (readonly string[])[], from: number, look: string): boolean {
  return (words[from] ?? []).some(
    (word) => word === look || (look.startsWith(word) && spells(words, from + 1, look.slice(word.length))),
  )
}

function skeletons(texts: readonly string[]): string[] {
  return [...new Set(texts)].map(skeleton).filter((text, i, all) => text !== '' && all.indexOf(text) === i)
}
