import { HLS_LIMITS } from './limits.ts'

/** A file of a source: a path below its root with `/` between plain names, or what is wrong with what was to name one. */
export type ResolvedName = { readonly name: string } | { readonly fault: string }

/** Turns a URI of the playlist `base` into the name of a file. */
export type ResolveName = (base: string, uri: string) => ResolvedName

/**
 * A URI in a playlist of a source that is a tree of files: what an encoder puts, or a folder. Relative to the playlist (RFC 3986
 * §5.2), a query is passed over, percent-encoding is undone once. Whatever leaves the tree, or is not in it, is a fault.
 */
export const resolvePath: ResolveName = (base, uri) => {
  if (uri.length > HLS_LIMITS.uriLength) return { fault: `a URI has more than ${HLS_LIMITS.uriLength} characters` }
  if (/^[a-z][a-z\d+.-]*:/i.test(uri) || uri.startsWith('//')) {
    return {
      fault: `the playlist names a file elsewhere (${shown(uri)}): set the encoder to write names relative to the playlist, without a base URL`,
    }
  }
  if (uri.startsWith('/')) {
    return {
      fault: `the playlist names a file by an absolute path (${shown(uri)}): names must be relative to the playlist`,
    }
  }
  const folder = base.includes('/') ? base.slice(0, base.lastIndexOf('/') + 1) : ''
  return cleanPath(folder.split('/').map(encodeURIComponent).join('/') + withoutQuery(uri))
}

/**
 * The name that a path stands for, percent-encoded or not; `.` and `..` are followed (RFC 3986 §5.2.4), but not out of the tree.
 *
 * @param path relative, without query.
 */
export function cleanPath(path: string): ResolvedName {
  if (path.length > HLS_LIMITS.uriLength) return { fault: `a name has more than ${HLS_LIMITS.uriLength} characters` }
  const names: string[] = []
  for (const piece of path.split('/')) {
    const name = decoded(piece)
    if (name === undefined) return { fault: `a name is not properly percent-encoded: ${shown(path)}` }
    if (name === '' || name === '.') continue
    if (name === '..') {
      if (names.pop() === undefined) return { fault: `a name leads out of its folder: ${shown(path)}` }
      continue
    }
    // What is a separator on some system, or ends a name on another, is in no honest name.
    if (/[/\\\p{Cc}]/u.test(name)) return { fault: `a name has characters that no file may have: ${shown(path)}` }
    if (Buffer.byteLength(name) > HLS_LIMITS.nameLength) return { fault: `a name is too long: ${shown(path)}` }
    names.push(name)
    if (names.length > HLS_LIMITS.nameDepth) return { fault: `more than ${HLS_LIMITS.nameDepth} folders in each other` }
  }
  return names.length === 0 ? { fault: 'a name is empty' } : { name: names.join('/') }
}

function decoded(piece: string): string | undefined {
  try {
    return decodeURIComponent(piece)
  } catch {
    return undefined
  }
}

function withoutQuery(uri: string): string {
  const end = uri.search(/[?#]/)
  return end < 0 ? uri : uri.slice(0, end)
}

/** For messages: the server and the file, short, with nothing that a terminal would act upon. What stands between may be a key. */
function shown(uri: string): string {
  const bare = withoutQuery(uri).replace(/[^ -~]/g, '?')
  const [, server = ''] = /^(?:[a-z][a-z\d+.-]*:)?\/\/(?:[^/@]*@)?([^/@]*)/i.exec(bare) ?? []
  const file = bare.slice(bare.lastIndexOf('/') + 1)
  const path = bare.includes('/') ? `${server}/…/` : ''
  // A name without an ending may be a key itself.
  const text = `${path}${/\.[a-z\d]{1,5}$/i.test(file) ? file : '…'}`
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}
