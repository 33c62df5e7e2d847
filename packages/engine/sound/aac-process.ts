import type { FragmentStreamEvent } from '@bandstand/media/containers/isobmff/fragment-stream.ts'
import type { AudioTrackConfig } from '@bandstand/media/track.ts'
import { startEncoderChild } from '../transcode/encoder-child.ts'
import { createWatchdog } from '../transcode/watchdog.ts'
import { aacArguments, TIME_ROOM } from './aac-arguments.ts'
import { createSoundInput } from './input.ts'
import { SOUND_LIMITS } from './limits.ts'
import { MADE_SOUND } from './made.ts'

export interface AacProcessOptions {
  /** Path of the program. */
  readonly ffmpeg: string
  /** The sound that will be fed. */
  readonly source: AudioTrackConfig
  /** Frames begin here, ticks of 48 kHz, and every 1024 behind. */
  readonly from: number
  /** Milliseconds of a steady clock. */
  readonly now: () => number
  onTrack(config: AudioTrackConfig): void
  /** One frame, in order, at its time on the source's clock in ticks of 48 kHz. The encoder's own begin, before `from`, is left out. */
  onFrame(time: number, data: Uint8Array): void
  /** Once. Nothing more comes of it; never before `startAacProcess` has returned, nor within a call. */
  onEnd(end: AacProcessEnd): void
  /** Once, after that. */
  onGone(): void
}

/** Why an ffmpeg is gone. */
export interface AacProcessEnd {
  /** It was asked to end and did. */
  readonly clean: boolean
  /** In plain words, with its last complaint. */
  readonly reason: string
}

/** One ffmpeg that makes AAC. Bounded on both sides: whatever it does, it holds up nobody and is gone when killed. */
export interface AacProcess {
  readonly pid: number | undefined
  /** Bytes that wait to be read by it. */
  readonly waiting: number
  /** @param time ticks of the source */
  feed(time: number, data: Uint8Array): void
  /** Nothing more comes: it may write what it holds. */
  finish(): void
  kill(reason: string): void
  /** Lets time pass: one that has nothing to show for what it was given is killed. */
  tick(): void
}

const OUTPUT = 1

/** @throws MediaError where the source's configuration cannot be told to ffmpeg. */
export function startAacProcess(options: AacProcessOptions): AacProcess {
  const { source, from, now } = options
  const { sampleRate, channels, frameLength } = MADE_SOUND
  const room = TIME_ROOM * sampleRate
  const input = createSoundInput(source)
  const watchdog = createWatchdog(1, false)
  const child = startEncoderChild({
    program: options.ffmpeg,
    args: aacArguments(input.format, from + room),
    stdio: ['pipe', 'pipe', 'pipe'],
    complaint: SOUND_LIMITS.complaint,
    ...{ watchdog, now },
    onEnd: (end) => options.onEnd(end),
    onGone: () => options.onGone(),
  })
  const { kill } = child
  /** Times, ticks of 48 kHz. */
  let newestFed = Number.NEGATIVE_INFINITY
  let reached = Number.NEGATIVE_INFINITY

  function accept(event: FragmentStreamEvent): void {
    if (event.kind === 'init') {
      const config = event.init.tracks[0]?.entries[0]?.config
      const isWanted = config?.kind === 'audio' && config.codec === 'aac' && config.frameLength === frameLength
      if (!isWanted || config.timescale !== sampleRate || config.channels !== channels) {
        return kill('it wrote something that is not the AAC that was asked for')
      }
      options.onTrack(config)
      return
    }
    let time = event.fragment.baseDecodeTime - room
    for (const { offset, size, duration } of event.fragment.samples) {
      const at = time
      time += duration
      if (at <= reached || at < from - 2 * frameLength || at > newestFed + SOUND_LIMITS.ahead * sampleRate) {
        return kill('it wrote sound with times that were not given to it')
      }
      reached = at
      if (at >= from) options.onFrame(at, event.bytes.subarray(offset, offset + size))
    }
    watchdog.wrote(0, now())
  }

  child.onFragments(OUTPUT, SOUND_LIMITS.box, accept)
  child.input?.write(input.head)

  return {
    pid: child.pid,
    get waiting() {
      return child.waiting
    },
    feed(time, data) {
      if (!child.isFed || data.byteLength > SOUND_LIMITS.frame) return
      if (child.waiting > SOUND_LIMITS.input) return kill('it cannot keep up with the source')
      newestFed = Math.max(newestFed, (time * sampleRate) / source.timescale)
      if (newestFed >= from) watchdog.fed(now())
      for (const bytes of input.frame(data, time + TIME_ROOM * source.timescale)) child.input?.write(bytes)
    },
    finish: child.finish,
    kill,
    tick: child.tick,
  }
}
