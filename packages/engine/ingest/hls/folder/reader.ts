import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
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

export function createFolderReader(start: FolderStart): FolderReader {
  /** By name: its version when it was last looked at. */
  const seen = new Map<string, string>()
  /** By name of a playlist: the version that was passed on. */
  const passed = new Map<string, string>()
  const folders = new Set<string>()

  function note(map: Map<string, string>, name: string, version: string): void {
    map.delete(name)
    map.set(name, version)
    if (map.size > REMEMBERED) map.delete(map.keys().next().value ?? '')
  }

  /** @param root the folder, without symbolic links. */
  function find(root: string, { name, range }: Wanted, isPlaylist: boolean): Found {
    const path = realpathSync(join(root, ...name.split('/')))
    if (path !== root && !path.startsWith(root.endsWith(sep) ? root : root + sep)) {
      return { state: 'refused', reason: `${name} is a symbolic link that leads out of the folder, and is not read` }
    }
    // Looked at before it is opened: opening a device or a pipe may do something, or wait for ever.
    const before = lstatSync(path)
    if (!before.isFile()) return { state: 'refused', reason: `${name} is not an ordinary file, and is not read` }
    folders.add(dirname(path))
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
    const bytes = read(path, from, length, before)
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

  function listing(root: string): string[] {
    const names = readdirSync(root).filter((name) => /\.m3u8$/i.test(name) && !name.startsWith('.'))
    return names.sort().slice(0, start.listed)
  }

  return {
    folders,
    look({ playlists, files, list }) {
      try {
        const root = realpathSync(start.folder)
        folders.add(root)
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

function versionOf({ ino, size, mtimeMs, ctimeMs }: Stats): string {
  return `${ino} ${size} ${mtimeMs} ${ctimeMs}`
}

/** @returns undefined where it is another file, or has changed while it was read. */
function read(path: string, from: number, length: number, before: Stats): Uint8Array | undefined {
  const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0))
  try {
    const opened = fstatSync(file)
    if (!opened.isFile() || opened.dev !== before.dev || versionOf(opened) !== versionOf(before)) return undefined
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
