import type { AudioTrackConfig } from '@bandstand/media/track.ts'
import type { RungPort } from '../packager/rung-packer.ts'
import type { TimedUnit } from '../timeline/model.ts'
import { createSuccession, type EncoderRun, type Succession, type SuccessionOptions } from '../transcode/succession.ts'
import type { AacProcess, AacProcessEnd, startAacProcess } from './aac-process.ts'
import { SOUND_LIMITS } from './limits.ts'
import { LISTED_AAC, MADE_SOUND } from './made.ts'

export interface AacRunsOptions
  extends Pick<SuccessionOptions<AacRun, AacProcessEnd>, 'steady' | 'onRest' | 'onFinished' | 'onFailure'> {
  /** Path of the program. */
  readonly ffmpeg: string
  /** Takes what comes back. */
  readonly packer: RungPort<AudioTrackConfig>
  readonly startProcess: typeof startAacProcess
  /** Unix milliseconds. */
  readonly now: () => number
  /** Everything that an ffmpeg calls back is done in it. */
  readonly beside: (step: () => void) => void
  /** A frame has been made; the packager gets it next. */
  readonly onFrame: () => void
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

export interface AacRun extends EncoderRun {
  readonly process: AacProcess
  readonly hasBegun: boolean
  /** It was given as much as one may be: another is to go on. */
  readonly isSpent: boolean
  /** @param time ticks of the source */
  feed(time: number, data: Uint8Array): void
}

/** The ffmpegs of one broadcast's sound. What they make goes to the packager. */
export interface AacRuns
  extends Pick<
    Succession<AacRun, AacProcessEnd>,
    'current' | 'mayStart' | 'isStuck' | 'finish' | 'tick' | 'kill' | 'abandon'
  > {
  /** Only where none is at work, and one may. */
  start(start: AacStart): void
}

export function createAacRuns(options: AacRunsOptions): AacRuns {
  const { packer, steady, beside } = options
  const { track } = LISTED_AAC
  const succession = createSuccession<AacRun, AacProcessEnd>({
    ...options,
    most: SOUND_LIMITS.ending,
    onPause: ({ epoch }) => packer.pause(track, epoch),
  })

  function start({ epoch, source, from, wanted, after, units }: AacStart): void {
    // Where it goes on, what another has left open is not closed.
    packer.begin(track, epoch, after ?? (wanted * 90_000) / MADE_SOUND.sampleRate, after)
    let hasBegun = false
    let fed = 0
    const process = options.startProcess({
      ...{ ffmpeg: options.ffmpeg, source, from, now: steady },
      onTrack: (config) => beside(() => packer.configure(track, epoch, config)),
      onFrame: (time, data) =>
        beside(() => {
          hasBegun = true
          options.onFrame()
          // What was made before, or was cut already.
          if (time < wanted) return
          packer.unit({ track, dts: time, pts: time, key: true, data, arrivedAt: options.now() }, epoch)
        }),
      onEnd: (end) => beside(() => succession.ended(fresh, end)),
      onGone: () => beside(() => succession.gone(fresh)),
    })
    const fresh: AacRun = {
      ...{ process, epoch, startedAt: steady() },
      get hasBegun() {
        return hasBegun
      },
      get isSpent() {
        return fed >= SOUND_LIMITS.frames
      },
      feed(time, data) {
        fed++
        process.feed(time, data)
      },
    }
    succession.begin(fresh)
    for (const { dts, data } of units) fresh.feed(dts, data)
  }

  return Object.assign(succession, { start })
}
