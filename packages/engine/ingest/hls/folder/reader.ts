import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  opendirSync,
  openSync,
  readlinkSync,
  readSync,
  realpathSync,
  type Stats,
} from 'node:fs'
import { dirname, join, sep } from 'node:path'
import type { FolderStart, Found, Look, Looked } from './messages.ts'

/** Reads a folder that others write, looked at again and again. Every call may take as long as the disk or share does. */
export interface FolderReader {
  look(look: Look): Looked
  /** Folders in which files were found, for who wants to be told of changes. */
  readonly folders: ReadonlySet<string>
}

type Wanted = Look['files'][number]

/** Names that are remembered; older ones are looked at twice again. */
const REMEMBERED = 4_096
/** Folders that are told of, the newest: an encoder may write into another one each hour, and the system has few watches. */
const FOLDERS = 16
/** Playlists of one folder that are compared by their time. */
const COMPARED = 1_024
/** A folder of a million files takes a second to list: so many times that long it is not listed again. */
const LIST_SHARE = 10

export function createFolderReader(start: FolderStart): FolderReader {
  /** By name: its version when it was last looked at. */
  const seen = new Map<string, string>()
  /** By name of a playlist: the version that was passed on. */
  const passed = new Map<string, string>()
  const folders = new Set<string>()
  let lastListing: readonly string[] = []
  let listAgainAt = 0

  function note(map: Map<string, string>, name: string, version: string): void {
    map.delete(name)
    map.set(name, version)
    if (map.size > REMEMBERED) map.delete(map.keys().next().value ?? '')
  }

  function remember(folder: string): void {
    folders.delete(folder)
    folders.add(folder)
    if (folders.size > FOLDERS) folders.delete(folders.values().next().value ?? '')
  }

  /** @param root the folder, without symbolic links. */
  function find(root: string, { name, range }: Wanted, isPlaylist: boolean): Found {
    const path = realpathSync(join(root, ...name.split('/')))
    if (!isWithin(root, path)) {
      return { state: 'refused', reason: `${name} is a symbolic link that leads out of the folder, and is not read` }
    }
    // Looked at before it is opened: opening a device or a pipe may do something, or wait for ever.
    const before = lstatSync(path)
    if (!before.isFile()) return { state: 'refused', reason: `${name} is not an ordinary file, and is not read` }
    remember(dirname(path))
    const version = versionOf(before)
    const isSettled = seen.get(name) === version
    note(seen, name, version)
    if (isPlaylist && passed.get(name) === version) return { state: 'same' }
    if (!isSettled) return { state: 'unsettled' }
    const limit = isPlaylist ? start.playlistBytes : start.fileBytes
    const from = range?.start ?? 0
    const length = range?.length ?? before.size
    if (length > limit) {
      const advice = isPlaylist
        ? 'let the encoder list fewer segments'
        : 'make the segments shorter, or lower the bitrate'
      return { state: 'refused', reason: `${name} has ${length} bytes, at most ${limit} are read: ${advice}` }
    }
    // Of a file that grows, the range may be still to come.
    if (from + length > before.size || length === 0) return { state: 'unsettled' }
    const bytes = read(root, path, { from, length, before })
    if (bytes === undefined) return { state: 'unsettled' }
    if (isPlaylist) note(passed, name, version)
    return { state: 'read', bytes, version, stamp: before.mtimeMs }
  }

  function attempt(root: string, wanted: Wanted, isPlaylist: boolean): Found {
    try {
      return find(root, wanted, isPlaylist)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT' || code === 'ENOTDIR') {
        seen.delete(wanted.name)
        return { state: 'missing' }
      }
      if (code === 'EACCES' || code === 'EPERM' || code === 'ELOOP' || code === 'ENAMETOOLONG') {
        return { state: 'refused', reason: `${wanted.name} cannot be read (${code}): look at its permissions` }
      }
      // The share is just going away; the next look tells of the folder.
      return { state: 'unsettled' }
    }
  }

  /** The newest, where there are more: an encoder may write one of another name for each broadcast. */
  function listing(root: string): readonly string[] {
    const began = performance.now()
    if (began < listAgainAt) return lastListing
    const names = playlistsIn(root)
    lastListing = (names.length > start.listed ? newest(root, names) : names).sort()
    listAgainAt = performance.now() + LIST_SHARE * (performance.now() - began)
    return lastListing
  }

  function newest(root: string, names: readonly string[]): string[] {
    return names
      .map((name) => ({ name, at: lstatSync(join(root, name), { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
      .sort((a, b) => b.at - a.at)
      .slice(0, start.listed)
      .map(({ name }) => name)
  }

  return {
    folders,
    look({ playlists, files, list }) {
      try {
        const root = realpathSync(start.folder)
        remember(root)
        return {
          ...{ kind: 'looked', listing: list ? listing(root) : [] },
          playlists: playlists.map((name) => attempt(root, { name }, true)),
          files: files.map((file) => attempt(root, file, false)),
        }
      } catch (error) {
        const failure = (error as NodeJS.ErrnoException).code ?? 'EIO'
        return { kind: 'looked', failure, listing: [], playlists: [], files: [] }
      }
    },
  }
}

/** One name after the other: a folder may hold any number of segments. */
function playlistsIn(root: string): string[] {
  const names: string[] = []
  const folder = opendirSync(root)
  try {
    for (let found = folder.readSync(); found !== null && names.length < COMPARED; found = folder.readSync()) {
      if (/\.m3u8$/i.test(found.name) && !found.name.startsWith('.')) names.push(found.name)
    }
  } finally {
    folder.closeSync()
  }
  return names
}

function versionOf({ ino, size, mtimeMs, ctimeMs }: Stats): string {
  return `${ino} ${size} ${mtimeMs} ${ctimeMs}`
}

function isWithin(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep)
}

/** Whether an open file is in the folder: between two looks at its path a folder in it may have been swapped for a link. */
function isInside(root: string, path: string, file: number, { dev, ino }: Stats): boolean {
  try {
    return isWithin(root, readlinkSync(`/proc/self/fd/${file}`))
  } catch {
    // Not every system tells where an open file is. Then the path has to be good still, and this file to be there.
    const there = lstatSync(path)
    return there.dev === dev && there.ino === ino && isWithin(root, realpathSync(path))
  }
}

/** What is read of a file, and what it was when it was looked at. */
interface Stretch {
  readonly from: number
  readonly length: number
  readonly before: Stats
}

/** @returns undefined where it is another file, is not in the folder, or has changed while it was read. */
function read(root: string, path: string, { from, length, before }: Stretch): Uint8Array | undefined {
  const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0))
  try {
    const opened = fstatSync(file)
    if (!opened.isFile() || opened.dev !== before.dev || versionOf(opened) !== versionOf(before)) return undefined
    if (!isInside(root, path, file, opened)) return undefined
    const bytes = new Uint8Array(length)
    for (let at = 0; at < length; ) {
      const count = readSync(file, bytes, at, length - at, from + at)
      if (count === 0) return undefined
      at += count
    }
    return versionOf(fstatSync(file)) === versionOf(before) ? bytes : undefined
  } finally {
    closeSync(file)
  }
}
