import { acceptPlaylist } from '../accept.ts'
import { chooseRenditions } from '../choose.ts'
import { HLS_LIMITS } from '../limits.ts'
import { resolvePath } from '../name.ts'
import type { Found } from './messages.ts'

/** A state of a playlist that is to be followed. */
export interface State {
  readonly name: string
  readonly text: string
  readonly stamp: number
}

/**
 * Which playlists of a folder are of an encoder that writes now. A folder may hold what was made yesterday: a media playlist counts from
 * its first change on, or when it appears while the folder is watched; a multivariant one together with a playlist that it lists.
 */
export interface KnownPlaylists {
  /** Names to look at besides those of the folder's listing. */
  readonly names: readonly string[]
  /** @returns states to follow, in this order. */
  found(name: string, found: Found): readonly State[]
}

interface Multivariant extends State {
  readonly lists: readonly string[]
  isFollowed: boolean
}

export function createKnownPlaylists(): KnownPlaylists {
  const multivariants = new Map<string, Multivariant>()
  /** Names that have been looked at, and names that a playlist of now lists: the version that was there, if any. */
  const looked = new Map<string, string | undefined>()

  function multivariant(state: State, lists: readonly string[], isNew: boolean): State[] {
    const before = multivariants.get(state.name)
    multivariants.delete(state.name)
    multivariants.set(state.name, { ...state, lists, isFollowed: before?.isFollowed ?? false })
    if (multivariants.size > HLS_LIMITS.folderPlaylists) {
      const unused = [...multivariants].find(([, { isFollowed }]) => !isFollowed) ?? [...multivariants][0]
      if (unused !== undefined) multivariants.delete(unused[0])
    }
    for (const name of lists) if (isNew && !looked.has(name)) looked.set(name, undefined)
    // Already followed: it says now what is to be followed.
    return before?.isFollowed === true ? [state] : []
  }

  function note(name: string, version?: string): void {
    looked.set(name, version)
    if (looked.size > HLS_LIMITS.usedNames) looked.delete(looked.keys().next().value ?? '')
  }

  return {
    get names() {
      return [...multivariants].flatMap(([name, { lists }]) => [name, ...lists])
    },
    found(name, found) {
      if (found.state === 'missing') {
        note(name)
        multivariants.delete(name)
        return []
      }
      if (found.state !== 'read') return []
      // As a reader that has just begun says it of everything.
      if (looked.get(name) === found.version) return []
      const isNew = looked.has(name)
      note(name, found.version)
      const state = { name, text: new TextDecoder().decode(found.bytes), stamp: found.stamp }
      const lists = listedIn(state)
      if (lists !== undefined) return multivariant(state, lists, isNew)
      if (!isNew) return []
      const above = [...multivariants.values()].filter((one) => !one.isFollowed && one.lists.includes(name))
      for (const one of above) one.isFollowed = true
      return [...above, state]
    },
  }
}

/** Names of what a multivariant playlist lists; undefined for every other text. */
function listedIn({ name, text }: State): string[] | undefined {
  const read = acceptPlaylist(text)
  if (!('variants' in read)) return undefined
  const choice = chooseRenditions(read)
  const uris = choice === undefined ? [] : [choice.main.uri, ...(choice.audio === undefined ? [] : [choice.audio])]
  for (const { uri } of choice?.brought ?? []) uris.push(uri)
  return uris.flatMap((uri) => {
    const resolved = resolvePath(name, uri)
    return 'name' in resolved ? [resolved.name] : []
  })
}
