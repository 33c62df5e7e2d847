import { constants } from 'node:os'
import { startChild } from '../child.ts'
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
  const written: Buffer[] = []
  let total = 0
  let complaint = ''
  let failure: EngineError | undefined
  const child = startChild({
    program: ffmpeg,
    args,
    stdio: ['pipe', 'pipe', 'pipe'],
    priority: constants.priority.PRIORITY_LOW,
    onEnd(end) {
      if (failure !== undefined) return reject(failure)
      if ('error' in end) return reject(notStarted(end.error))
      const bytes = Buffer.concat(written)
      if (end.ok && isJpeg(bytes)) resolve(bytes)
      else reject(new EngineError('refused', reasonOf(end, complaint)))
    },
  })
  const kill = (why: EngineError) => {
    failure ??= why
    child.kill()
  }
  const timer = setTimeout(() => {
    kill(new EngineError('timeout', `ffmpeg did not finish within ${patience} ms`))
  }, patience)
  const onAbort = () => kill(new EngineError('refused', 'the server is stopping'))
  signal?.addEventListener('abort', onAbort)
  if (signal?.aborted === true) onAbort()

  child.output(1)?.on('data', (chunk: Buffer) => {
    total += chunk.byteLength
    if (total > PICTURE_LIMITS.output)
      kill(new EngineError('limit', `ffmpeg wrote more than ${PICTURE_LIMITS.output} B`))
    else written.push(chunk)
  })
  child.output(2)?.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(0, PICTURE_LIMITS.complaint)
  })
  // It may close its input when it has seen enough.
  for (const chunk of input) child.input?.write(chunk)
  child.input?.end()
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}

function notStarted(cause: NodeJS.ErrnoException): EngineError {
  const code = cause.code === 'ENOENT' || cause.code === 'EACCES' ? 'not-found' : 'refused'
  return new EngineError(code, `ffmpeg could not be started: ${cause.message}`, {}, cause)
}

function reasonOf({ how, ok }: { readonly how: string; readonly ok: boolean }, complaint: string): string {
  if (ok) return 'ffmpeg wrote something that is not a picture'
  const [line = ''] = complaint.trim().split('\n')
  return `ffmpeg ended with ${how}${line === '' ? '' : `: ${line}`}`
}

/** Start and end of image (ITU-T T.81, B.1.1.3). */
function isJpeg(bytes: Uint8Array): boolean {
  const [a, b] = bytes
  return bytes.byteLength > 100 && a === 0xff && b === 0xd8 && bytes.at(-2) === 0xff && bytes.at(-1) === 0xd9
}
