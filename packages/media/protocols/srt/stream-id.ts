/**
 * What a caller wants, from the many forms that stream ids come in:
 *
 * | form | of |
 * |---|---|
 * | `KEY` | OBS, vMix, Larix: the key alone publishes |
 * | `publish:KEY`, `publish/KEY`, `live/KEY`, `input:KEY` | those who know other servers |
 * | `read:CHANNEL`, `request:CHANNEL`, `play:CHANNEL` | players |
 * | `#!::r=KEY,m=publish,s=…` | Haivision, libsrt's access control (§ appendix B) |
 * | `#!::bmd_uuid=…,bmd_name=…,u=KEY` | Blackmagic's devices |
 * | `#!::m=request,r=CHANNEL` | players |
 *
 * Each may be percent-encoded, as a whole or in part, and may have a slash, a question mark or a path before it: some programs hand on what
 * was typed as it stands.
 */
export interface SrtTarget {
  readonly mode: 'publish' | 'read'
  /** Key to publish with, as sent, or name of the channel to read; empty where nothing was named. */
  readonly name: string
}

const PREFIX = /^(publish|input|read|request|play|output)[:/]/i
const ACCESS = /^\??\/?#!::(.*)$/s
/** Characters of a stream id that stand in the log. */
const LOGGED = 100
/** Characters of the name of a field (libsrt's access control has single letters). */
const NAMED = 4
/** Modes of access control (libsrt's appendix B), and what others write there. */
const MODES: ReadonlySet<string> = new Set(['publish', 'request', 'read', 'play', 'bidirectional'])
const READS: ReadonlySet<string> = new Set(['read', 'request', 'play', 'output'])

/** Never throws: whatever a caller sends is a key, if a wrong one. */
export function parseStreamId(streamId: string): SrtTarget {
  const text = decoded(streamId.trim())
  const access = ACCESS.exec(text)
  if (access !== null) return fromAccessControl(access[1] ?? '')
  return fromPlain(text)
}

/**
 * `#!::KEY=VALUE,…`. `s` is the session or, as here, the key, and `r` the resource; encoders fill in one, the other or both. What stands
 * there may be one of the plain forms: a device has a field for the key, and people fill in what the documentation has for all others.
 */
function fromAccessControl(list: string): SrtTarget {
  const fields = new Map<string, string>()
  for (const field of list.split(',')) {
    const [name = '', ...value] = field.split('=')
    if (!fields.has(name.trim())) fields.set(name.trim(), value.join('=').trim())
  }
  const mode = fields.get('m')?.toLowerCase()
  const resource = fields.get('r') ?? ''
  if (mode !== undefined && READS.has(mode)) return { mode: 'read', name: fromPlain(resource).name }
  const target = fromPlain(fields.get('s') || resource || blackmagicKey(fields))
  // Who says that it publishes does.
  return mode === undefined ? target : { ...target, mode: 'publish' }
}

/** Blackmagic's devices have the key where access control has the name of the user; elsewhere that is no secret, and no key. */
function blackmagicKey(fields: ReadonlyMap<string, string>): string {
  const isBlackmagic = fields.has('bmd_uuid') || fields.has('bmd_name')
  return isBlackmagic ? (fields.get('u') ?? '') : ''
}

function fromPlain(text: string): SrtTarget {
  const bare = text.replace(/^[?/]+/, '').replace(/^streamid=/i, '')
  const prefix = PREFIX.exec(bare)
  if (prefix === null) return { mode: 'publish', name: withoutPath(bare) }
  const mode = READS.has((prefix[1] ?? '').toLowerCase()) ? 'read' : 'publish'
  return { mode, name: withoutPath(bare.slice(prefix[0].length)) }
}

/** `live/KEY`, as typed for RTMP, and slashes around it. */
function withoutPath(name: string): string {
  return name.replace(/^\/+|\/+$/g, '').replace(/^live\//i, '')
}

/** Percent-encoding taken away, where it is one. A plain key may have a per cent sign in it. */
function decoded(text: string): string {
  if (!/%[0-9a-fA-F]{2}/.test(text)) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/**
 * A stream id for the log: everything that may be a key is cut to four characters. The name of a channel is, too: people put their key
 * where a reader names one, and who knows the channels says the name beside this.
 *
 * @param streamId as sent
 */
export function shortStreamId(streamId: string): string {
  const text = Array.from(decoded(streamId.trim()), (character) => (character < ' ' ? '?' : character)).join('')
  const { name } = parseStreamId(text)
  const access = ACCESS.exec(text)
  if (access !== null) {
    const fields = (access[1] ?? '').split(',').map((field) => {
      const [key = '', ...value] = field.split('=')
      // Where no field is named, what stands there may be the key itself.
      if (key.length > NAMED) return cut(key)
      const said = value.join('=')
      return `${key}=${key === 'm' && MODES.has(said.toLowerCase()) ? said : cut(said)}`
    })
    return `#!::${fields.join(',')}`.slice(0, LOGGED)
  }
  const at = name === '' ? -1 : text.indexOf(name)
  // Before the name stands a word of ours, if anything.
  return at < 0 ? cut(text) : `${text.slice(0, at)}${cut(name)}`.slice(0, LOGGED)
}

/** A text that short may be a whole key: nothing of it is said. */
function cut(text: string): string {
  return text.length > 4 ? `${text.slice(0, 4)}…` : '…'
}
