import { spawn } from 'node:child_process'
import { constants, setPriority } from 'node:os'
import { EngineError } from '../error.ts'
import { PICTURE_LIMITS } from './limits.ts'

export interface FfmpegRun {
  /** Path of the program. */
  readonly ffmpeg: string
  /** Handed over one by one; no shell reads them. */
  readonly args: readonly string[]
  /** Its standard input. */
  readonly input: readonly Uint8Array[]
  /** Milliseconds until it is killed. */
  readonly patience?: number
  /** Kills it at once. */
  readonly signal?: AbortSignal
}

/**
 * Runs ffmpeg once, at low priority, and gives what it writes: one JPEG. Whatever it does, this ends within `patience`.
 *
 * @throws EngineError `not-found` when the program is not there, `timeout` when it was killed for hanging, `limit` when it
 *   writes too much, `refused` when it fails or writes something else.
 */
export async function runFfmpeg({ ffmpeg, args, input, patience = PICTURE_LIMITS.patience, signal }: FfmpegRun) {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
  const child = spawn(ffmpeg, [...args], { stdio: ['pipe', 'pipe', 'pipe'], env: environment() })
  const written: Buffer[] = []
  let total = 0
  let complaint = ''
  let failure: EngineError | undefined
  /** Also ends one that is stopped. */
  const kill = (why: EngineError) => {
    failure ??= why
    child.kill('SIGKILL')
    // A grandchild may hold the pipes open; nobody waits for it.
    for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe.destroy()
  }
  const timer = setTimeout(() => {
    kill(new EngineError('timeout', `ffmpeg did not finish within ${patience} ms`))
  }, patience)
  const onAbort = () => kill(new EngineError('refused', 'the server is stopping'))
  signal?.addEventListener('abort', onAbort)
  if (signal?.aborted === true) onAbort()

  child.on('spawn', () => {
    try {
      if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW)
    } catch {
      // It has ended already, or the system does not allow it: then it competes as others do.
    }
  })
  // It may close its input when it has seen enough.
  child.stdin.on('error', () => undefined)
  child.stdout.on('data', (chunk: Buffer) => {
    total += chunk.byteLength
    if (total > PICTURE_LIMITS.output)
      kill(new EngineError('limit', `ffmpeg wrote more than ${PICTURE_LIMITS.output} B`))
    else written.push(chunk)
  })
  child.stderr.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(0, PICTURE_LIMITS.complaint)
  })
  child.once('error', (cause: NodeJS.ErrnoException) => {
    const code = cause.code === 'ENOENT' || cause.code === 'EACCES' ? 'not-found' : 'refused'
    reject(failure ?? new EngineError(code, `ffmpeg could not be started: ${cause.message}`, {}, cause))
  })
  child.once('close', (code, by) => {
    const bytes = Buffer.concat(written)
    if (failure === undefined && code === 0 && isJpeg(bytes)) resolve(bytes)
    else reject(failure ?? new EngineError('refused', reasonOf(code, by, complaint)))
  })
  for (const chunk of input) child.stdin.write(chunk)
  child.stdin.end()
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}

function reasonOf(code: number | null, signal: string | null, complaint: string): string {
  if (code === 0) return 'ffmpeg wrote something that is not a picture'
  const [line = ''] = complaint.trim().split('\n')
  return `ffmpeg ended with ${signal ?? `status ${code}`}${line === '' ? '' : `: ${line}`}`
}

/** Start and end of image (ITU-T T.81, B.1.1.3). */
function isJpeg(bytes: Uint8Array): boolean {
  const [a, b] = bytes
  return bytes.byteLength > 100 && a === 0xff && b === 0xd8 && bytes.at(-2) === 0xff && bytes.at(-1) === 0xd9
}

/** What may hold passwords and keys is not its business. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('BANDSTAND_')))
}
