import type { VideoTrackConfig } from '@bandstand/media/track.ts'
import type { RungPort } from '../packager/rung-packer.ts'
import type { TimedUnit } from '../timeline/model.ts'
import { LADDER_LIMITS } from './limits.ts'
import { trackOf } from './listing.ts'
import type { Rung } from './model.ts'
import type { LadderProcess, ProcessEnd, startLadderProcess } from './process.ts'

export interface LadderRunsOptions {
  /** Path of the program. */
  readonly ffmpeg: string
  /** Takes what comes back. */
  readonly packer: RungPort
  readonly startProcess: typeof startLadderProcess
  /** Unix milliseconds. */
  readonly now: () => number
  /** Milliseconds of a steady clock. */
  readonly steady: () => number
  /** Everything that an ffmpeg calls back is done in it. */
  readonly beside: (step: () => void) => void
  readonly onConfigured: (rung: Rung, config: VideoTrackConfig) => void
  /** A key frame has been made; the packager gets it next. */
  readonly onKeyFrame: () => void
  /** None is left, not one that still ends or goes either. */
  readonly onRest: () => void
  /** One has ended that was asked to; another may be started within the call, which keeps the place on the machine. */
  readonly onFinished: () => void
  /** One has ended that was not asked to; another may be started within the call. @param lasted milliseconds that it ran */
  readonly onFailure: (end: ProcessEnd, lasted: number) => void
}

/** What an ffmpeg is to make, and of what. */
export interface RunStart {
  readonly epoch: number
  readonly rungs: readonly Rung[]
  readonly source: VideoTrackConfig
  /** By slot: the picture behind which it goes on, 90 kHz. */
  readonly after: ReadonlyMap<number, number>
  /** As `ladderArguments` makes them for these. */
  readonly args: readonly string[]
  /** A device encodes. */
  readonly isHardware: boolean
  /** The pictures to begin with, from a key frame on. */
  readonly units: readonly [TimedUnit, ...TimedUnit[]]
}

/** An ffmpeg at work. */
export interface Run {
  readonly process: LadderProcess
  readonly epoch: number
  readonly rungs: readonly Rung[]
  /** Milliseconds of the steady clock. */
  readonly startedAt: number
}

/**
 * The ffmpegs of one ladder: one at work, and those before it that still write what they hold, or were killed and have not gone yet.
 * What they make goes to the packager.
 */
export interface LadderRuns {
  readonly current: Run | undefined
  /**
   * Not while one still ends that made this epoch: another would make its pictures twice. Nor while several end: a source that is
   * another every few pictures would have an ffmpeg for each time, and so would one that cannot be killed (it sleeps in a driver).
   */
  mayStart(epoch: number): boolean
  /** So many were killed some time ago and have not gone that none is started. */
  readonly isStuck: boolean
  /** Only where none is at work, and one may. */
  start(start: RunStart): void
  /** Nothing more comes for the one at work: what it holds still does. */
  finish(): void
  /** Others are made now: the one at work is not waited for. */
  replace(): void
  tick(): void
  /** Kills them all. */
  kill(): void
  /** Nothing more is heard of the one at work. */
  abandon(): void
}

export function createLadderRuns(options: LadderRunsOptions): LadderRuns {
  const { packer, steady, beside } = options
  const ending = new Set<Run>()
  /** Nothing more comes of them since then, and they take memory. */
  const going = new Map<Run, number>()
  let current: Run | undefined

  function start({ epoch, rungs, after, source, args, isHardware, units }: RunStart): void {
    const [first] = units
    const begin = packer.starts.findLast((at) => at <= first.dts) ?? first.dts
    for (const { slot } of rungs) packer.begin(trackOf(slot), epoch, begin, after.get(slot))
    const process = options.startProcess({
      ffmpeg: options.ffmpeg,
      args,
      outputs: rungs.length,
      source,
      isHardware,
      now: steady,
      onTrack: (output, found) => beside(() => configured(rungs[output], epoch, found)),
      onPicture(output, picture) {
        const rung = rungs[output]
        if (rung === undefined) return
        beside(() => {
          if (picture.key) options.onKeyFrame()
          packer.unit({ track: trackOf(rung.slot), ...picture, arrivedAt: options.now() }, epoch)
        })
      },
      onEnd: (end) => beside(() => ended(fresh, end)),
      onGone: () => beside(() => gone(fresh)),
    })
    const fresh: Run = { process, epoch, rungs, startedAt: steady() }
    current = fresh
    for (const unit of units) process.feed(unit)
  }

  function configured(rung: Rung | undefined, epoch: number, config: VideoTrackConfig): void {
    if (rung === undefined) return
    packer.configure(trackOf(rung.slot), epoch, { ...config, frameRate: rung.frameRate })
    options.onConfigured(rung, config)
  }

  function ended(run: Run, end: ProcessEnd): void {
    const wasAsked = ending.delete(run)
    if (current === run) current = undefined
    going.set(run, steady())
    pause(run)
    if (wasAsked) options.onFinished()
    else if (!end.clean) options.onFailure(end, steady() - run.startedAt)
  }

  function gone(run: Run): void {
    going.delete(run)
    if (current === undefined && ending.size + going.size === 0) options.onRest()
  }

  function pause({ rungs, epoch }: Run): void {
    for (const { slot } of rungs) packer.pause(trackOf(slot), epoch)
  }

  /** Takes leave of the one at work, whose end is expected from here on. */
  function leave(how: (process: LadderProcess) => void): void {
    if (current === undefined) return
    ending.add(current)
    how(current.process)
    current = undefined
  }

  return {
    get current() {
      return current
    },
    mayStart(epoch) {
      return ending.size + going.size < LADDER_LIMITS.ending && ![...ending].some((run) => run.epoch === epoch)
    },
    get isStuck() {
      const overdue = [...going.values()].filter((since) => steady() - since > LADDER_LIMITS.killPatience)
      return overdue.length >= LADDER_LIMITS.ending
    },
    start,
    finish: () => leave((process) => process.finish()),
    replace: () => leave((process) => process.kill('other rungs are made now')),
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
      if (run !== undefined) pause(run)
    },
  }
}
