import { basename, dirname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { createIntake } from '../intake.ts'
import { HLS_LIMITS } from '../limits.ts'
import { resolvePath } from '../name.ts'
import type { Want } from '../rendition.ts'
import { createSession } from '../session.ts'
import { createSourceLease, type HlsSource, type SourceOptions } from '../source.ts'
import { createKnownPlaylists } from './known.ts'
import type { Changed, FolderStart, Found, Look, Looked } from './messages.ts'

export interface FolderOptions extends SourceOptions {
  /** A folder, or a playlist in one (by its ending `.m3u8`). Need not exist yet, and may go away and come back. */
  readonly path: string
}

/** Codes of the system that people meet, in words. */
const CAUSES: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such folder; if it is a share, it is not mounted',
  EACCES: 'this server may not read it: look at its permissions',
  EPERM: 'this server may not read it: look at its permissions',
  ENOTDIR: 'it is a file, not a folder',
  ESTALE: 'the share has gone away',
  EHOSTDOWN: 'the server of the share does not answer',
  ENOTCONN: 'the share has gone away',
  ETIMEDOUT: 'the server of the share does not answer',
  EIO: 'the disk or share fails',
}

/** Follows what an encoder writes into a folder, of this machine or on a share. */
export function watchFolder(options: FolderOptions): HlsSource {
  const { path, now, log, refusals, fields } = options
  const isNamed = /\.m3u8$/i.test(path)
  const start: FolderStart = {
    folder: isNamed ? dirname(path) : path,
    ...{ playlistBytes: HLS_LIMITS.playlistBytes, fileBytes: HLS_LIMITS.fileBytes, listed: HLS_LIMITS.folderPlaylists },
  }
  const known = createKnownPlaylists()
  const intake = createIntake({
    resolve: resolvePath,
    begin: 'listed',
    isOrdered: true,
    maxBitrate: options.maxBitrate,
  })
  const session = createSession({
    ...{ intake, fields, log, refusals, now },
    onEnd: () => undefined,
  })
  const lease = createSourceLease(options, session, () => ({ source: 'folder', ...intake.facts }))
  /** As the folder last was: an encoder may write a playlist of another name for each broadcast. */
  let listed: readonly string[] = isNamed ? [basename(path)] : []
  let worker: Worker | undefined
  /** Threads that have failed since one last answered. */
  let failures = 0
  let timer: NodeJS.Timeout | undefined
  /** What was asked and is to be answered. */
  let asked: { readonly playlists: readonly string[]; readonly wants: readonly Want[]; readonly at: number } | undefined
  let lastAt = Number.NEGATIVE_INFINITY
  let isClosed = false
  let failure: string | undefined

  function look(): void {
    timer = undefined
    if (isClosed || asked !== undefined) return
    worker ??= begin()
    const playlists = [...new Set([...listed, ...known.names, ...intake.playlists])]
    const wants = intake.wants(now(), session.held)
    asked = { playlists, wants, at: now() }
    lastAt = now()
    const files = wants.map(({ name, range }) => ({ name, ...(range !== undefined && { range }) }))
    worker.postMessage({ playlists, files, list: !isNamed } satisfies Look)
  }

  function schedule(wait: number): void {
    if (isClosed || timer !== undefined || asked !== undefined) return
    timer = setTimeout(look, wait)
  }

  function fail(text: string | undefined): void {
    if (text === failure) return
    failure = text
    if (text !== undefined) {
      intake.trouble(text)
      refusals.refused('warn', { ...fields(), trouble: text }, 'hls: folder cannot be read', fields()['source'])
    } else log.info(fields(), 'hls: folder can be read again')
  }

  function answer(looked: Looked): void {
    const was = asked
    asked = undefined
    failures = 0
    if (was === undefined) return
    fail(
      looked.failure === undefined
        ? undefined
        : `the folder cannot be read: ${CAUSES[looked.failure] ?? looked.failure}`,
    )
    if (!isNamed) listed = looked.listing
    for (const [i, name] of was.playlists.entries()) playlist(name, looked.playlists[i])
    let isMoving = false
    for (const [i, want] of was.wants.entries()) if (file(want, looked.files[i])) isMoving = true
    session.advance()
    lease.look()
    // What has been read makes room for the next; all else comes with time.
    schedule(isMoving ? 0 : HLS_LIMITS.lookMs)
  }

  function playlist(name: string, found: Found | undefined): void {
    if (found === undefined) return
    if (found.state === 'refused') intake.trouble(found.reason)
    for (const state of known.found(name, found)) {
      session.touch()
      intake.playlist(state.name, state.text, now(), state.stamp)
    }
  }

  function file(want: Want, found: Found | undefined): boolean {
    if (found === undefined) return false
    if (found.state === 'read') {
      const isUsed = intake.file(want, { ...found, isWhole: false }, now())
      if (isUsed) session.touch()
      return isUsed
    }
    if (found.state === 'refused') {
      intake.missing(want, now(), true)
      intake.trouble(found.reason)
    } else intake.missing(want, now(), false)
    return false
  }

  function begin(): Worker {
    const begun = new Worker(new URL('./thread.ts', import.meta.url), { workerData: start, name: 'hls-folder' })
    begun.on('message', (message: Looked | Changed) => {
      if (isClosed) return
      if (message.kind === 'looked') answer(message)
      else if (timer !== undefined && worker === begun) {
        clearTimeout(timer)
        timer = undefined
        schedule(Math.max(0, HLS_LIMITS.lookLeastMs - (now() - lastAt)))
      }
    })
    begun.on('error', (error) => {
      if (!isClosed) log.error({ ...fields(), err: error }, 'hls: the thread of a folder failed')
    })
    begun.on('exit', () => again())
    return begun
  }

  /** The thread has ended. Another one begins with the next look; a file that ends each does not keep the machine busy. */
  function again(): void {
    if (isClosed) return
    worker = undefined
    asked = undefined
    clearTimeout(timer)
    timer = undefined
    fail('the folder cannot be read: the thread that reads it failed, and is begun again')
    schedule(Math.min(HLS_LIMITS.retryMostMs, HLS_LIMITS.retryMs * 2 ** Math.min(8, failures++)))
  }

  // It is seen here, for the thread cannot say it.
  const watchdog = setInterval(() => {
    if (asked !== undefined && now() - asked.at > HLS_LIMITS.folderAnswerMs)
      fail('the folder does not answer: the disk or share hangs')
    lease.look()
  }, HLS_LIMITS.putLookMs)
  schedule(0)

  return {
    async close() {
      isClosed = true
      clearTimeout(timer)
      clearInterval(watchdog)
      lease.close()
      // A call that hangs in the system cannot be ended: nobody waits for it.
      await Promise.race([worker?.terminate(), new Promise((resolve) => setTimeout(resolve, 500).unref())])
    },
  }
}
