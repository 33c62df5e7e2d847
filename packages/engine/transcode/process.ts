import { scanAccessUnit } from '@bandstand/media/codecs/h264/access-unit.ts'
import { writeFragment } from '@bandstand/media/containers/isobmff/fragment.ts'
import type { FragmentStreamEvent } from '@bandstand/media/containers/isobmff/fragment-stream.ts'
import { writeInitSegment } from '@bandstand/media/containers/isobmff/init.ts'
import type { VideoTrackConfig } from '@bandstand/media/track.ts'
import { COMPOSITION_ROOM, FIRST_OUTPUT, PROGRESS_OUTPUT } from './arguments.ts'
import { startEncoderChild } from './encoder-child.ts'
import { LADDER_LIMITS } from './limits.ts'
import { createProgressReader, type Progress } from './progress.ts'
import { createWatchdog } from './watchdog.ts'

/** A coded picture, times in ticks of 90 kHz. */
export interface Picture {
  readonly dts: number
  readonly pts: number
  readonly key: boolean
  readonly data: Uint8Array
}

/** Why an ffmpeg is gone. */
export interface ProcessEnd {
  /** It was asked to end and did. */
  readonly clean: boolean
  /** In plain words, with its last complaint. */
  readonly reason: string
  /** So much was waiting to be read by it that it was given up. */
  readonly isOverwhelmed: boolean
}

export interface LadderProcessOptions {
  /** Path of the program. */
  readonly ffmpeg: string
  /** As `ladderArguments` makes them; no shell reads them. */
  readonly args: readonly string[]
  /** How many outputs there are. */
  readonly outputs: number
  /** The pictures that will be fed. */
  readonly source: VideoTrackConfig
  /** A device encodes. */
  readonly isHardware: boolean
  /** Milliseconds of a steady clock. */
  readonly now: () => number
  onTrack(output: number, config: VideoTrackConfig): void
  onPicture(output: number, picture: Picture): void
  /** Once. Nothing more comes of it; never before `startLadderProcess` has returned, nor within a call. */
  onEnd(end: ProcessEnd): void
  /** Once, after that. One that is killed may take its time to go, or sleep in a driver for good. */
  onGone(): void
}

/** One ffmpeg that makes a ladder. Bounded on both sides: whatever it does, it holds up nobody and is gone when killed. */
export interface LadderProcess {
  readonly pid: number | undefined
  readonly progress: Progress | undefined
  /** Newest time that came out of each output, 90 kHz; `undefined` before the first. */
  readonly reached: readonly (number | undefined)[]
  /** Bytes that wait to be read by it. */
  readonly waiting: number
  feed(picture: Picture): void
  /** Nothing more comes: it may write what it holds. */
  finish(): void
  kill(reason: string): void
  /** Lets time pass: one that has nothing to show for what it was given is killed. */
  tick(): void
}

/** Of the source in ffmpeg's input. */
const INPUT_TRACK = 1
/** What a picture's duration is said to be; the next one's time says what it is. */
const NOMINAL_DURATION = 3_000

export function startLadderProcess(options: LadderProcessOptions): LadderProcess {
  const { outputs, now } = options
  const watchdog = createWatchdog(outputs, options.isHardware)
  const child = startEncoderChild({
    program: options.ffmpeg,
    args: options.args,
    stdio: ['pipe', 'ignore', 'pipe', 'pipe', ...Array.from({ length: outputs }, () => 'pipe' as const)],
    complaint: LADDER_LIMITS.complaint,
    ...{ watchdog, now },
    onEnd: (end) => options.onEnd({ ...end, isOverwhelmed }),
    onGone: () => options.onGone(),
  })
  const { kill } = child
  const reached: (number | undefined)[] = Array.from({ length: outputs }, () => undefined)
  let progress: Progress | undefined
  let isOverwhelmed = false
  let sequence = 0
  /** Presentation times that some output has not passed yet. */
  const fed = new Set<number>()

  function accept(output: number, event: FragmentStreamEvent): void {
    if (event.kind === 'init') {
      const config = event.init.tracks[0]?.entries[0]?.config
      if (config?.kind !== 'video') return kill('it wrote something that is not H.264')
      options.onTrack(output, config)
      return
    }
    let time = event.fragment.baseDecodeTime - COMPOSITION_ROOM
    for (const { offset, size, duration, compositionOffset, key } of event.fragment.samples) {
      const pts = time + compositionOffset
      time += duration
      if (pts <= (reached[output] ?? Number.NEGATIVE_INFINITY) || !fed.has(pts)) {
        return kill('it wrote pictures with times that were not given to it')
      }
      const data = event.bytes.subarray(offset, offset + size)
      if (!scanAccessUnit(data, 4).picture) return kill('it wrote something that is no picture')
      reached[output] = pts
      // Without pictures that wait for later ones both times are one.
      options.onPicture(output, { dts: pts, pts, key, data })
    }
    watchdog.wrote(output, now())
    forget()
  }

  /** The oldest first, as far as all have come. */
  function forget(): void {
    const passed = Math.min(...reached.map((at) => at ?? Number.NEGATIVE_INFINITY))
    for (const pts of fed) {
      if (pts > passed) return
      fed.delete(pts)
    }
  }

  for (let i = 0; i < outputs; i++) child.onFragments(FIRST_OUTPUT + i, LADDER_LIMITS.box, (event) => accept(i, event))
  const reports = createProgressReader()
  child.onText(PROGRESS_OUTPUT, (text) => {
    progress = reports.push(text.toString('latin1')) ?? progress
  })
  child.input?.write(writeInitSegment(INPUT_TRACK, options.source))

  return {
    pid: child.pid,
    get progress() {
      return progress
    },
    reached,
    get waiting() {
      return child.waiting
    },
    feed({ dts, pts, key, data }) {
      if (!child.isFed) return
      if (child.waiting > LADDER_LIMITS.input || fed.size >= LADDER_LIMITS.unanswered) {
        isOverwhelmed = true
        return kill('it cannot keep up with the source')
      }
      sequence++
      fed.add(pts)
      watchdog.fed(now())
      const samples = [{ data, duration: NOMINAL_DURATION, compositionOffset: pts - dts + COMPOSITION_ROOM, key }]
      child.input?.write(writeFragment({ sequence, track: INPUT_TRACK, baseDecodeTime: dts, samples }))
    },
    finish: child.finish,
    kill,
    tick: child.tick,
  }
}
