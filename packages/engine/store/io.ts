import * as fs from 'node:fs'
import { EngineError } from '../error.ts'
import { makeFolder } from './folder.ts'

/**
 * What the store asks of a file system; injected, so that a disk that is full, read-only or silent can be tested.
 * Every call may reject with a Node system error (`code`: ENOSPC, EROFS, …) or never settle at all.
 */
export interface StoreIo {
  /** Also makes missing parents; no error when it is there. */
  mkdir(path: string): Promise<void>
  /** `[]` when there is no such folder. */
  readdir(path: string): Promise<readonly string[]>
  open(path: string, mode: 'read' | 'write'): Promise<StoreFile>
  /** No error when it is already gone. */
  unlink(path: string): Promise<void>
  rmdir(path: string): Promise<void>
  /** `undefined` when there is none. */
  stat(path: string): Promise<{ readonly bytes: number; readonly modifiedAt: number } | undefined>
  /** Bytes that may still be written. */
  free(path: string): Promise<number>
  /** Makes entries of the folder durable. */
  syncFolder(path: string): Promise<void>
}

export interface StoreFile {
  /** Writes all buffers one after the other, or rejects. */
  write(buffers: readonly Uint8Array[], position: number): Promise<void>
  /** Reads until `target` is full or the file ends; gives the bytes read. */
  read(target: Uint8Array, position: number): Promise<number>
  truncate(bytes: number): Promise<void>
  /** fdatasync. */
  sync(): Promise<void>
  close(): Promise<void>
}

/** The real file system through Node's callback API, which costs half of what file handles do. */
export const nodeIo: StoreIo = {
  async mkdir(path) {
    try {
      await done((callback) => fs.mkdir(path, callback))
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EEXIST') return
      if (code !== 'ENOENT') throw error
      await makeFolder(path)
    }
  },
  readdir: (path) =>
    new Promise((resolve, reject) => {
      fs.readdir(path, (error, found) => {
        if (error === null) resolve(found)
        else if (error.code === 'ENOENT') resolve([])
        else reject(error)
      })
    }),
  open: (path, mode) =>
    new Promise((resolve, reject) => {
      const flags = mode === 'read' ? fs.constants.O_RDONLY : fs.constants.O_RDWR | fs.constants.O_CREAT
      fs.open(path, flags, 0o640, (error, fd) => (error === null ? resolve(file(fd)) : reject(error)))
    }),
  unlink: (path) => done((callback) => fs.unlink(path, (error) => callback(error?.code === 'ENOENT' ? null : error))),
  rmdir: (path) => done((callback) => fs.rmdir(path, (error) => callback(error?.code === 'ENOENT' ? null : error))),
  stat: (path) =>
    new Promise((resolve, reject) => {
      fs.stat(path, (error, stats) => {
        if (error === null) resolve({ bytes: stats.size, modifiedAt: stats.mtimeMs })
        else if (error.code === 'ENOENT') resolve(undefined)
        else reject(error)
      })
    }),
  free: (path) =>
    new Promise((resolve, reject) => {
      fs.statfs(path, (error, stats) => (error === null ? resolve(stats.bavail * stats.bsize) : reject(error)))
    }),
  async syncFolder(path) {
    // Windows cannot open a folder; there the entry is durable with the file.
    if (process.platform === 'win32') return
    const fd = await new Promise<number>((resolve, reject) => {
      fs.open(path, 'r', (error, opened) => (error === null ? resolve(opened) : reject(error)))
    })
    try {
      // Where folders have no such thing fsync says EINVAL, as on some shared folders: nothing can be done there, and PostgreSQL
      // goes on too.
      await done((callback) => fs.fsync(fd, (error) => callback(error?.code === 'EINVAL' ? null : error)))
    } finally {
      await done((callback) => fs.close(fd, callback))
    }
  },
}

function file(fd: number): StoreFile {
  /** A descriptor is closed only when nothing uses it: its number would name another file at once. */
  let users = 0
  let isClosing = false
  let whenUnused: (() => void) | undefined

  async function use<T>(task: () => Promise<T>): Promise<T> {
    if (isClosing) throw new EngineError('disk', 'file is closed')
    users++
    try {
      return await task()
    } finally {
      users--
      if (users === 0) whenUnused?.()
    }
  }

  return {
    write: (buffers, position) =>
      use(async () => {
        let pending = buffers
        let at = position
        while (pending.length > 0) {
          const current = pending
          const written = await new Promise<number>((resolve, reject) => {
            fs.writev(fd, current, at, (error, bytes) => (error === null ? resolve(bytes) : reject(error)))
          })
          at += written
          pending = without(current, written)
        }
      }),
    read: (target, position) =>
      use(async () => {
        let filled = 0
        while (filled < target.byteLength) {
          const from = filled
          const bytes = await new Promise<number>((resolve, reject) => {
            fs.read(fd, target, from, target.byteLength - from, position + from, (error, read) =>
              error === null ? resolve(read) : reject(error),
            )
          })
          if (bytes === 0) break
          filled += bytes
        }
        return filled
      }),
    truncate: (bytes) => use(() => done((callback) => fs.ftruncate(fd, bytes, callback))),
    sync: () => use(() => done((callback) => fs.fdatasync(fd, callback))),
    async close() {
      if (isClosing) return
      isClosing = true
      if (users > 0) await new Promise<void>((resolve) => (whenUnused = resolve))
      await done((callback) => fs.close(fd, callback))
    },
  }
}

/** What is left of the buffers after a short write. */
function without(buffers: readonly Uint8Array[], written: number): readonly Uint8Array[] {
  let skip = written
  let first = 0
  for (const buffer of buffers) {
    if (skip < buffer.byteLength) break
    skip -= buffer.byteLength
    first++
  }
  const rest = buffers.slice(first)
  const head = rest[0]
  if (head !== undefined && skip > 0) rest[0] = head.subarray(skip)
  return rest
}

function done(call: (callback: (error: NodeJS.ErrnoException | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    call((error) => (error === null || error === undefined ? resolve() : reject(error)))
  })
}
