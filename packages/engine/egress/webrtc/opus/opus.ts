import { MediaError } from '@bandstand/media/error.ts'
import type { AudioTrackConfig } from '@bandstand/media/track.ts'
import type { Log } from '../../../ports.ts'
import { createSoundInput } from '../../../sound/input.ts'
import { SOUND_LIMITS } from '../../../sound/limits.ts'
import type { TimedUnit } from '../../../timeline/model.ts'
import { OPUS_LIMITS } from '../limits.ts'
import { createAttempts } from './attempts.ts'
import { type OpusRun, startOpusRun } from './run.ts'

export interface OpusOptions {
  /** Path of the program. */
  readonly ffmpeg: string
  readonly config: AudioTrackConfig
  /** One Opus packet and its time on the broadcast's clock, in ticks of 48 kHz. */
  readonly onPacket: (packet: Uint8Array, time: number) => void
  /** It failed too often in a row: there will be no more sound. */
  readonly onFailed: (reason: string) => void
  readonly log: Log
  /** Milliseconds of a steady clock. */
  readonly now?: () => number
  /** Frames given to one ffmpeg before another goes on. */
  readonly frames?: number
}

/** Sound into Opus, by one ffmpeg that is replaced when it dies, falls behind or has read so much. Never holds up who writes. */
export interface Opus {
  write(unit: TimedUnit): void
  close(): void
}

/** Half a packet of 20 ms, ticks of 48 kHz: what is nearer than this to a packet that was passed on is the same sound. */
const HALF = 480

export function createOpus(options: OpusOptions): Opus {
  const { ffmpeg, config, onPacket, log, now = () => performance.now() } = options
  const isAac = config.codec === 'aac'
  const frameBytes = isAac ? OPUS_LIMITS.adtsFrameBytes : SOUND_LIMITS.frame
  // AAC is given as ADTS, of which ffmpeg's reader keeps nothing.
  const frames = isAac ? Number.POSITIVE_INFINITY : (options.frames ?? OPUS_LIMITS.frames)
  const attempts = createAttempts()
  /** What is heard is of this one. */
  let current: OpusRun | undefined
  /** Given the same, to go on in its place. */
  let next: OpusRun | undefined
  /** Packets that `next` has made. */
  let made = 0
  /** Time of the newest packet that was passed on. */
  let last: number | undefined
  /** What was made before was passed on already. */
  let from = Number.NEGATIVE_INFINITY
  let isClosed = false

  try {
    createSoundInput(config)
  } catch (error) {
    if (!(error instanceof MediaError)) throw error
    isClosed = true
    queueMicrotask(() => options.onFailed(`this sound cannot be made into Opus (${error.message})`))
  }

  function start(): OpusRun {
    const run: OpusRun = startOpusRun({
      ...{ ffmpeg, config },
      onPacket: (packet, time) => take(run, packet, time),
      onFault: (reason) => fail(run, reason),
    })
    return run
  }

  function take(of: OpusRun, packet: Uint8Array, time: number): void {
    if (of === next) {
      made++
      // One that does not catch up with the other for all that goes on from where it is.
      const hasCaughtUp = last === undefined || time > last - HALF || made > OPUS_LIMITS.overlap * 10
      if (made > OPUS_LIMITS.overlap && hasCaughtUp) {
        current?.kill()
        goOn()
      }
    }
    if (of !== current || time < from) return
    attempts.worked(now())
    last = time
    from = Number.NEGATIVE_INFINITY
    onPacket(packet, time)
  }

  /** With the next one. */
  function goOn(): void {
    current = next
    next = undefined
    from = last === undefined ? from : last + HALF
  }

  function fail(of: OpusRun, reason: string): void {
    if (isClosed) return
    if (of === next) {
      next = undefined
      log.warn({ reason }, 'webrtc: the ffmpeg that was to go on with Opus failed; the one before goes on for now')
      return
    }
    if (of !== current) return
    goOn()
    if (attempts.failed(now())) {
      log.warn({ reason, failures: attempts.failures }, 'webrtc: ffmpeg failed to make Opus and is started again')
      return
    }
    isClosed = true
    current?.kill()
    options.onFailed(`ffmpeg could not make Opus: ${reason}`)
  }

  return {
    write(unit) {
      if (isClosed || (current === undefined && attempts.rests(now()))) return
      // No header can say how long it is, and no frame is: what is damaged must not end the sound.
      if (unit.data.byteLength > frameBytes) return
      current ??= start()
      const run = current
      // So many frames are whole packets of Opus, as a rule: both make the same ones.
      if (next === undefined && run.frames > 0 && run.frames % frames === 0) {
        made = 0
        next = start()
      }
      // It may fail within the call, and the next one be what is heard.
      const beside = next
      run.write(unit)
      beside?.write(unit)
    },
    close() {
      isClosed = true
      current?.kill()
      next?.kill()
    },
  }
}
