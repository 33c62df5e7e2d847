import type { VideoTrackConfig } from '@bandstand/media/track.ts'
import type { RungPort } from '../packager/rung-packer.ts'
import type { TimedUnit } from '../timeline/model.ts'
import { LADDER_LIMITS } from './limits.ts'
import { trackOf } from './listing.ts'
import type { Rung } from './model.ts'
import type { LadderProcess, ProcessEnd, startLadderProcess } from './process.ts'
import { createSuccession, type EncoderRun, type Succession, type SuccessionOptions } from './succession.ts'

export interface LadderRunsOptions
  extends Pick<SuccessionOptions<Run, ProcessEnd>, 'steady' | 'onRest' | 'onFinished' | 'onFailure'> {
  /** Path of the program. */
  readonly ffmpeg: string
  /** Takes what comes back. */
  readonly packer: RungPort
  readonly startProcess: typeof startLadderProcess
  /** Unix milliseconds. */
  readonly now: () => number
  /** Everything that an ffmpeg calls back is done in it. */
  readonly beside: (step: () => void) => void
  readonly onConfigured: (rung: Rung, config: VideoTrackConfig) => void
  /** A key frame has been made; the packager gets it next. */
  readonly onKeyFrame: () => void
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

export interface Run extends EncoderRun {
  readonly process: LadderProcess
  readonly rungs: readonly Rung[]
}

/** The ffmpegs of one ladder. What they make goes to the packager. */
export interface LadderRuns extends Omit<Succession<Run, ProcessEnd>, 'begin' | 'ended' | 'gone'> {
  /** Only where none is at work, and one may. */
  start(start: RunStart): void
}

export function createLadderRuns(options: LadderRunsOptions): LadderRuns {
  const { packer, steady, beside } = options
  const succession = createSuccession<Run, ProcessEnd>({
    ...options,
    most: LADDER_LIMITS.ending,
    onPause({ rungs, epoch }) {
      for (const { slot } of rungs) packer.pause(trackOf(slot), epoch)
    },
  })

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
      onEnd: (end) => beside(() => succession.ended(fresh, end)),
      onGone: () => beside(() => succession.gone(fresh)),
    })
    const fresh: Run = { process, epoch, rungs, startedAt: steady() }
    succession.begin(fresh)
    for (const unit of units) process.feed(unit)
  }

  function configured(rung: Rung | undefined, epoch: number, config: VideoTrackConfig): void {
    if (rung === undefined) return
    packer.configure(trackOf(rung.slot), epoch, { ...config, frameRate: rung.frameRate })
    options.onConfigured(rung, config)
  }

  return Object.assign(succession, { start })
}
