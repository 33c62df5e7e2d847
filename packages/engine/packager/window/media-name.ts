import { nameNumber, names } from '../model.ts'

/** A file inside a rendition's folder. */
export type MediaName =
  | { readonly kind: 'init' | 'part'; readonly number: number }
  | { readonly kind: 'segment'; readonly first: number; readonly last: number }

/** Only names as they are listed: another spelling of the same number is another URI. */
export function parseMediaName(fileName: string): MediaName | undefined {
  const found = /^([ips])(\d{10,15})(?:-(\d{10,15}))?\.(mp4|m4s)$/.exec(fileName)
  if (found === null) return undefined
  const number = Number(found[2])
  const last = Number(found[3])
  if (fileName === names.init(number)) return { kind: 'init', number }
  if (fileName === names.part(number)) return { kind: 'part', number }
  if (fileName === `s${nameNumber(number)}-${nameNumber(last)}.m4s`) return { kind: 'segment', first: number, last }
  return undefined
}
