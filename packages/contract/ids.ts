import { createUuid } from './uuid.ts'

/**
 * Ids are a prefix that says what they name, and a UUIDv7 (RFC 9562, 5.7), lowercase: sortable by time of making, and safe in
 * file names, addresses and playlists (`[a-z0-9_-]`).
 */
export const ID_PREFIXES = {
  organisation: 'org',
  channel: 'ch',
  broadcast: 'bc',
  asset: 'as',
  message: 'msg',
  event: 'ev',
  ban: 'ban',
  chatter: 'usr',
  session: 'se',
  key: 'key',
} as const

export type IdKind = keyof typeof ID_PREFIXES

/** A new id of this kind. Ids made later by this process sort after earlier ones. */
export function createId(kind: IdKind): string {
  return `${ID_PREFIXES[kind]}_${createUuid()}`
}

const BODY = /^[a-z0-9-]{1,64}$/

/** Whether the text has the form of an id of this kind; says nothing about whether it exists. */
export function isId(kind: IdKind, text: string): boolean {
  const prefix = `${ID_PREFIXES[kind]}_`
  return text.startsWith(prefix) && BODY.test(text.slice(prefix.length))
}

/** When an id of this kind was made, Unix milliseconds; `undefined` for one that holds no UUIDv7. */
export function idTime(kind: IdKind, text: string): number | undefined {
  const found = isId(kind, text) && /_([0-9a-f]{8})-([0-9a-f]{4})-7/.exec(text)
  return found ? Number.parseInt(`${found[1]}${found[2]}`, 16) : undefined
}
