import { constants } from 'node:os'
import { createFragmentStreamReader } from '@bandstand/media/containers/isobmff/fragment-stream.ts'
import type { TrackConfig } from '@bandstand/media/track.ts'
import { startChild } from '../child.ts'
import { FIRST_OUTPUT, PROGRESS_OUTPUT, trialArguments, trialRung, trialSource } from './arguments.ts'
import { LADDER_LIMITS } from './limits.ts'
import type { Encoder } from './model.ts'

/** Outcome of a trial encode. */
export type TrialResult = { readonly works: true } | TrialFailure

export interface TrialFailure {
  readonly works: false
  /** In plain words. */
  readonly reason: string
  /** It took too long, which a busy machine makes too. */
  readonly isInconclusive?: boolean
}

/** Milliseconds until it is tried again. */
export function restAfter({ isInconclusive = false }: TrialFailure): number {
  return isInconclusive ? LADDER_LIMITS.inconclusiveAgain : LADDER_LIMITS.trialAgain
}

/** Pictures of a trial, and how many must come back: an encoder may hold one. */
const PICTURES = 8
const ENOUGH = 6

/** Encodes a few pictures as a ladder would. Never rejects; takes no longer than its patience, and that with one that is killed. */
export async function tryEncoder(ffmpeg: string, encoder: Encoder, start = startChild): Promise<TrialResult> {
  const { promise, resolve } = Promise.withResolvers<TrialResult>()
  const reader = createFragmentStreamReader(LADDER_LIMITS.box)
  let pictures = 0
  let isRight = false
  let complaint = ''
  let failure: TrialFailure | undefined
  const child = start({
    program: ffmpeg,
    args: trialArguments(encoder),
    stdio: ['pipe', 'ignore', 'pipe', 'pipe', 'pipe'],
    priority: constants.priority.PRIORITY_BELOW_NORMAL,
    onEnd(end) {
      if ('error' in end) return resolve({ works: false, reason: `ffmpeg could not be started: ${end.error.message}` })
      const [line = ''] = complaint.trim().split('\n')
      if (failure !== undefined) resolve(failure)
      else if (isRight && pictures >= ENOUGH) resolve({ works: true })
      else resolve({ works: false, reason: line !== '' ? line : pictures === 0 ? 'it made no pictures' : WRONG })
    },
  })
  let timer = setTimeout(() => stop('it did not finish in time', true), LADDER_LIMITS.trialPatience)
  function stop(reason: string, isInconclusive: boolean): void {
    if (failure !== undefined) return
    failure = { works: false, reason, isInconclusive }
    child.kill()
    clearTimeout(timer)
    // One that sleeps in a driver does not end. The next would be one more of them, so this says enough of the encoder.
    const stuck = { works: false, reason: `${reason}, nor did it end when it was killed` } as const
    timer = setTimeout(() => resolve(stuck), LADDER_LIMITS.killPatience)
  }
  child.output(2)?.on('data', (text: Buffer) => {
    complaint = (complaint + text.toString()).slice(0, LADDER_LIMITS.complaint)
  })
  child.output(PROGRESS_OUTPUT)?.resume()
  child.output(FIRST_OUTPUT)?.on('data', (bytes: Buffer) => {
    try {
      for (const event of reader.push(bytes)) {
        if (event.kind === 'fragment') pictures += event.fragment.samples.length
        else isRight = isAsAsked(event.init.tracks[0]?.entries[0]?.config)
      }
    } catch (error) {
      stop(`it wrote something that cannot be read: ${(error as Error).message}`, false)
    }
  })
  const { width, height } = trialSource
  child.input?.end(Buffer.alloc(width * height * PICTURES, 128))
  try {
    return await promise
  } finally {
    clearTimeout(timer)
  }
}

const WRONG = 'it made pictures of another size, or of a level that does not exist'

function isAsAsked(config: TrackConfig | undefined): boolean {
  if (config?.kind !== 'video') return false
  // The last two digits are `level_idc` (RFC 6381), from 0.9 (1b) on.
  const level = Number.parseInt(config.codecString.slice(-2), 16)
  return config.width === trialRung.width && config.height === trialRung.height && level >= 9
}

/** Trials of a server, each made when it is first asked for. */
export interface Trials {
  /**
   * One at a time; remembered, a failure for a while. Never rejects.
   *
   * @param oldest milliseconds that a success may be old; any age where not given.
   */
  of(encoder: Encoder, oldest?: number): Promise<TrialResult>
}

/**
 * @param ffmpeg path of the program; without it nothing works.
 * @param now milliseconds of a steady clock.
 */
export function createTrials(ffmpeg: string | undefined, now: () => number, attempt = tryEncoder): Trials {
  interface Known {
    at: number
    readonly promise: Promise<TrialResult>
    /** `undefined` while it is being made. */
    result: TrialResult | undefined
  }
  const known = new Map<Encoder, Known>()
  let last: Promise<unknown> = Promise.resolve()

  return {
    of(encoder, oldest = Number.POSITIVE_INFINITY) {
      if (ffmpeg === undefined) return Promise.resolve({ works: false, reason: 'there is no ffmpeg on this machine' })
      const before = known.get(encoder)
      if (before !== undefined) {
        const { result, at, promise } = before
        if (result === undefined || now() - at <= (result.works ? oldest : restAfter(result))) return promise
      }
      const promise = last.then(() => attempt(ffmpeg, encoder))
      const entry: Known = { at: now(), promise, result: undefined }
      known.set(encoder, entry)
      last = promise.then((result) => {
        entry.at = now()
        entry.result = result
      })
      return promise
    },
  }
}
