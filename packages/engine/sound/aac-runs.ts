import type { AudioTrackConfig } from '@bandstand/media/track.ts'
import type { RungPort } from '../packager/rung-packer.ts'
import type { TimedUnit } from '../timeline/model.ts'
import { LADDER_LIMITS } from '../transcode/limits.ts'
import type { AacProcess, startAacProcess } from './aac-process.ts'
import { SOUND_LIMITS } from './limits.ts'
import { LISTED_AAC, MADE_SOUND } from './made.ts'

export interface AacRunsOptions {
  /** Path of the program. */
  readonly ffmpeg: string
  /** Takes what comes back. */
  readonly packer: RungPort<AudioTrackConfig>
  readonly startProcess: typeof startAacProcess
  /** Unix milliseconds. */
  readonly now: () => number
  /** Milliseconds of a steady clock. */
  readonly steady: () => number
  /** Everything that an ffmpeg calls back is done in it. */
  readonly beside: (step: () => void) => void
  /** A frame has been made; the packager gets it next. */
  readonly onFrame: () => void
  /** None is left, not one that still ends or goes either. */
  readonly onRest: () => void
  /** One has ended that was asked to; another may be started within the call, which keeps the place on the machine. */
  readonly onFinished: () => void
  /** One has ended that was not asked to; another may be started within the call. @param lasted milliseconds that it ran */
  readonly onFailure: (reason: string, lasted: number) => void
}

/** What an ffmpeg is to make, and of what. */
export interface AacStart {
  readonly epoch: number
  readonly source: AudioTrackConfig
  /** Where its frames begin, ticks of 48 kHz, and from which on they are wanted. */
  readonly from: number
  readonly wanted: number
  /** As `RungPort.reached` tells, where it goes on behind that. */
  readonly after: number | undefined
  /** The sound to begin with. */
  readonly units: readonly TimedUnit[]
}

/** An ffmpeg at work. */
export interface AacRun extends Pick<AacProcess, 'feed'> {
  /** Milliseconds of the steady clock. */
  readonly startedAt: number
  readonly hasBegun: boolean
  /** It was given as much as one may be: another is to go on. */
  readonly isSpent: boolean
}

/** The ffmpegs of one broadcast's sound: one at work, and those before it that still write what they hold, or were killed and have not gone. */
export interface AacRuns {
  readonly current: AacRun | undefined
  /** Bytes that wait to be read. */
  readonly waiting: number
  /** Not while one still ends that made this epoch, nor while several end. */
  mayStart(epoch: number): boolean
  /** So many were killed some time ago and have not gone that none is started. */
  readonly isStuck: boolean
  /** Only where none is at work, and one may. */
  start(start: AacStart): void
  /** Nothing more comes for the one at work: what it holds still does. */
  finish(): void
  tick(): void
  /** Kills them all. */
  kill(): void
  /** Nothing more is heard of the one at work. */
  abandon(): void
}

interface Own {
  readonly process: AacProcess
  readonly epoch: number
  readonly startedAt: number
  hasBegun: boolean
  fed: number
}

export function createAacRuns(options: AacRunsOptions): AacRuns {
  const { packer, steady, beside } = options
  const { track } = LISTED_AAC
  const ending = new Set<Own>()
  /** Nothing more comes of them since then, and they take memory. */
  const going = new Map<Own, number>()
  let current: Own | undefined

  function ended(run: Own, { clean, reason }: { readonly clean: boolean; readonly reason: string }): void {
    const wasAsked = ending.delete(run)
    if (current === run) current = undefined
    going.set(run, steady())
    packer.pause(track, run.epoch)
    if (wasAsked) options.onFinished()
    else if (!clean) options.onFailure(reason, steady() - run.startedAt)
  }

  function gone(run: Own): void {
    going.delete(run)
    if (current === undefined && ending.size + going.size === 0) options.onRest()
  }

  return {
    get current() {
      if (current === undefined) return undefined
      const run = current
      const { process, startedAt, hasBegun, fed } = run
      return {
        ...{ startedAt, hasBegun, isSpent: fed >= SOUND_LIMITS.frames },
        feed(time: number, data: Uint8Array) {
          run.fed++
          process.feed(time, data)
        },
      }
    },
    get waiting() {
      return current?.process.waiting ?? 0
    },
    mayStart(epoch) {
      return ending.size + going.size < SOUND_LIMITS.ending && ![...ending].some((run) => run.epoch === epoch)
    },
    get isStuck() {
      const overdue = [...going.values()].filter((since) => steady() - since > LADDER_LIMITS.killPatience)
      return overdue.length >= SOUND_LIMITS.ending
    },
    start({ epoch, source, from, wanted, after, units }) {
      // Where it goes on, what another has left open is not closed.
      packer.begin(track, epoch, after ?? (wanted * 90_000) / MADE_SOUND.sampleRate, after)
      const process = options.startProcess({
        ...{ ffmpeg: options.ffmpeg, source, from, now: steady },
        onTrack: (config) => beside(() => packer.configure(track, epoch, config)),
        onFrame: (time, data) =>
          beside(() => {
            fresh.hasBegun = true
            options.onFrame()
            // What was made before, or was cut already.
            if (time < wanted) return
            packer.unit({ track, dts: time, pts: time, key: true, data, arrivedAt: options.now() }, epoch)
          }),
        onEnd: (end) => beside(() => ended(fresh, end)),
        onGone: () => beside(() => gone(fresh)),
      })
      const fresh: Own = { process, epoch, startedAt: steady(), hasBegun: false, fed: units.length }
      current = fresh
      for (const { dts, data } of units) process.feed(dts, data)
    },
    finish() {
      if (current === undefined) return
      ending.add(current)
      current.process.finish()
      current = undefined
    },
    tick() {
      current?.process.tick()
      for (const { process } of ending) process.tick()
    },
    kill() {
      for (const { process } of [...ending, ...(current === undefined ? [] : [current])]) {
        process.kill('the broadcast is over')
      }
    },
    abandon() {
      const run = current
      current = undefined
      if (run !== undefined) packer.pause(track, run.epoch)
    },
  }
}
