import { constants } from 'node:os'
import { createFragmentStreamReader } from '@bandstand/media/containers/isobmff/fragment-stream.ts'
import type { TrackConfig } from '@bandstand/media/track.ts'
import { startChild } from '../child.ts'
import { FIRST_OUTPUT, PROGRESS_OUTPUT, trialArguments, trialRung, trialSource } from './arguments.ts'
import { LADDER_LIMITS } from './limits.ts'
import type { Encoder } from './model.ts'

/** Outcome of a trial encode; `reason` in plain words. */
export type TrialResult = { readonly works: true } | { readonly works: false; readonly reason: string }

/** Pictures of a trial, and how many must come back: an encoder may hold one. */
const PICTURES = 8
const ENOUGH = 6

/** Encodes a few pictures as a ladder would. Never rejects; takes no longer than its patience. */
export async function tryEncoder(ffmpeg: string, encoder: Encoder): Promise<TrialResult> {
  const { promise, resolve } = Promise.withResolvers<TrialResult>()
  const reader = createFragmentStreamReader(LADDER_LIMITS.box)
  let pictures = 0
  let isRight = false
  let complaint = ''
  let failure: string | undefined
  const child = startChild({
    program: ffmpeg,
    args: trialArguments(encoder),
    stdio: ['pipe', 'ignore', 'pipe', 'pipe', 'pipe'],
    priority: constants.priority.PRIORITY_BELOW_NORMAL,
    onEnd(end) {
      if ('error' in end) return resolve({ works: false, reason: `ffmpeg could not be started: ${end.error.message}` })
      const [line = ''] = complaint.trim().split('\n')
      if (failure === undefined && isRight && pictures >= ENOUGH) resolve({ works: true })
      else
        resolve({
          works: false,
          reason: failure ?? (line !== '' ? line : pictures === 0 ? 'it made no pictures' : WRONG),
        })
    },
  })
  const stop = (why: string) => {
    failure ??= why
    child.kill()
  }
  const timer = setTimeout(() => stop('it did not finish in time'), LADDER_LIMITS.trialPatience)
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
      stop(`it wrote something that cannot be read: ${(error as Error).message}`)
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
  const known = new Map<Encoder, { at: number; readonly result: Promise<TrialResult>; works: boolean | undefined }>()
  let last: Promise<unknown> = Promise.resolve()

  return {
    of(encoder, oldest = Number.POSITIVE_INFINITY) {
      if (ffmpeg === undefined) return Promise.resolve({ works: false, reason: 'there is no ffmpeg on this machine' })
      const before = known.get(encoder)
      if (before !== undefined) {
        const { works, at, result } = before
        const keeps = { undefined: Number.POSITIVE_INFINITY, false: LADDER_LIMITS.trialAgain, true: oldest }
        if (now() - at <= keeps[`${works}`]) return result
      }
      const result = last.then(() => attempt(ffmpeg, encoder))
      const entry: { at: number; result: typeof result; works: boolean | undefined } = {
        ...{ at: now(), result, works: undefined },
      }
      known.set(encoder, entry)
      last = result.then(({ works }) => {
        entry.at = now()
        entry.works = works
      })
      return result
    },
  }
}
