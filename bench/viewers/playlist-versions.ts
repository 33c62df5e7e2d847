import type { MediaPlaylist } from '@bandstand/media/manifests/hls/model.ts'
import { parsePlaylist } from '@bandstand/media/manifests/hls/parse.ts'
import { type Answer, createRequest, type Request } from './client.ts'

/** A media playlist with all that a player wants to know of it, read once for all who receive it. */
export interface Version {
  /** Newest last; those that a player that joins now does not want are marked. */
  readonly parts: readonly VersionPart[]
  readonly hint: { readonly uri: string; readonly request: Request } | undefined
  readonly reload: Request
  readonly endList: boolean
  readonly partTarget: number
  readonly holdBack: number
}

interface VersionPart {
  readonly uri: string
  readonly request: Request
  readonly duration: number
  /** Date of its end, Unix milliseconds. */
  readonly end: number | undefined
  readonly old: boolean
}

/** Versions of playlists, the newest ones, each parsed once for all who receive it. */
export interface PlaylistVersions {
  /** True where the text of this version is not needed any more. */
  knows(path: string, etag: string): boolean
  /** @returns undefined for what is no media playlist. */
  read(path: string, answer: Answer): Version | undefined
}

const keptVersions = 200
const keptRequests = 1_000

/** @param host for the requests that the versions lead to. */
export function createPlaylistVersions(host: string): PlaylistVersions {
  const versions = new Map<string, Version>()
  /** The same part is in many versions. */
  const requests = new Map<string, Request>()
  const keyOf = (path: string, etag: string) => `${path} ${etag}`

  function requestFor(base: string, uri: string): Request {
    const key = `${base} ${uri}`
    let request = requests.get(key)
    if (request === undefined) {
      if (requests.size > keptRequests) requests.delete(requests.keys().next().value ?? '')
      requests.set(key, (request = createRequest(host, resolvePath(base, uri))))
    }
    return request
  }

  function createVersion(path: string, p: MediaPlaylist): Version {
    const parts: VersionPart[] = []
    let end: number | undefined
    const add = (part: { uri: string; duration: number; gap: boolean }, old: boolean) => {
      if (end !== undefined) end += part.duration * 1000
      if (part.gap) return
      parts.push({ uri: part.uri, request: requestFor(path, part.uri), duration: part.duration, end, old })
    }
    const newest = p.segments.slice(-3)
    for (const [i, s] of newest.entries()) {
      end = s.programDateTime ?? end
      if (s.parts.length === 0 && end !== undefined) end += s.duration * 1000
      for (const part of s.parts) add(part, i < newest.length - 1 || p.trailingParts.length > 0)
    }
    end = p.trailingHead?.programDateTime ?? end
    for (const part of p.trailingParts) add(part, false)
    const uri = p.preloadHint?.type === 'PART' ? p.preloadHint.uri : undefined
    // As players do where the server offers it.
    const skip = p.serverControl?.canSkipUntil === undefined ? '' : '&_HLS_skip=YES'
    const msn = p.mediaSequence + (p.skippedSegments ?? 0) + p.segments.length
    return {
      parts,
      hint: uri === undefined ? undefined : { uri, request: requestFor(path, uri) },
      reload: createRequest(host, `${path}?_HLS_msn=${msn}&_HLS_part=${p.trailingParts.length}${skip}`),
      endList: p.endList,
      partTarget: p.partTarget ?? 0.33,
      holdBack: p.serverControl?.partHoldBack ?? 1,
    }
  }

  return {
    knows: (path, etag) => versions.has(keyOf(path, etag)),
    read(path, answer) {
      const key = keyOf(path, answer.etag)
      const known = answer.etag === '' ? undefined : versions.get(key)
      if (known !== undefined) return known
      const result = parsePlaylist(answer.text)
      if (result.kind !== 'media') return undefined
      if (versions.size > keptVersions) versions.delete(versions.keys().next().value ?? '')
      const version = createVersion(path, result.playlist)
      versions.set(key, version)
      return version
    },
  }
}

/** Path and query of a URI of the playlist at `base`. */
export function resolvePath(base: string, uri: string): string {
  const url = new URL(uri, `http://h${base}`)
  return url.pathname + url.search
}
