import { type FSWatcher, watch } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import type { Changed, FolderStart, Look, Looked } from './messages.ts'
import { createFolderReader } from './reader.ts'

/**
 * Looks at one folder with calls that wait. A share that hangs so holds up this thread and nothing else: of the threads that Node has for
 * files there are four for the whole server.
 */
const reader = createFolderReader(workerData as FolderStart)
const watchers = new Map<string, FSWatcher>()
function follow(folder: string): void {
  if (watchers.has(folder)) return
  try {
    const watcher = watch(folder, { persistent: false }, () =>
      parentPort?.postMessage({ kind: 'changed' } satisfies Changed),
    )
    watcher.on('error', () => drop(folder))
    watchers.set(folder, watcher)
  } catch {
    // There are no watches here, or no more of them: the looks are enough.
  }
}

function drop(folder: string): void {
  watchers.get(folder)?.close()
  watchers.delete(folder)
}

parentPort?.on('message', (look: Look) => {
  const looked = reader.look(look)
  const folders = looked.failure === undefined ? reader.folders : new Set<string>()
  for (const folder of watchers.keys()) if (!folders.has(folder)) drop(folder)
  for (const folder of folders) follow(folder)
  const buffers = [...looked.playlists, ...looked.files].flatMap((found) =>
    found.state === 'read' ? [found.bytes.buffer as ArrayBuffer] : [],
  )
  parentPort?.postMessage(looked satisfies Looked, buffers)
})
