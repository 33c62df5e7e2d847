import { opusDuration } from '@bandstand/media/codecs/opus/packet.ts'
import { createOggReader } from '@bandstand/media/containers/ogg/reader.ts'
import { MediaError } from '@bandstand/media/error.ts'
import type { AudioTrackConfig } from '@bandstand/media/track.ts'
import { type Child, startChild } from '../../../child.ts'
import type { Log } from '../../../ports.ts'
import { createSoundInput, type SoundInput } from '../../../sound/input.ts'
import type { TimedUnit } from '../../../timeline/model.ts'
import { OPUS_LIMITS } from '../limits.ts'
import { opusArguments } from './arguments.ts'
import { createAttempts } from './attempts.ts'
import { createOpusClock, type OpusClock } from './clock.ts'

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
}

/** Sound into Opus, by one ffmpeg that is replaced when it dies or falls behind. Never holds up who writes. */
export interface Opus {
  write(unit: TimedUnit): void
  close(): void
}

/** One run of ffmpeg. */
interface Run {
  readonly child: Child
  readonly given: SoundInput
  clock: OpusClock | undefined
  /** Times of frames written before the encoder's delay is known. */
  early: number[]
}

export function createOpus(options: OpusOptions): Opus {
  const { config, log, now = () => performance.now() } = options
  let run: Run | undefined
  const attempts = createAttempts()
  let isClosed = false

  try {
    createSoundInput(config)
  } catch (error) {
    if (!(error instanceof MediaError)) throw error
    isClosed = true
    queueMicrotask(() => options.onFailed(`this sound cannot be made into Opus (${error.message})`))
  }

  function start(): Run {
    const given = createSoundInput(config)
    const reader = createOggReader()
    let said = ''
    const child = startChild({
      program: options.ffmpeg,
      args: opusArguments(given.format, config.channels),
      stdio: ['pipe', 'pipe', 'pipe'],
      onEnd(end) {
        fail(fresh, 'error' in end ? end.error.message : said.trim().split('\n')[0] || `it ended with ${end.how}`)
      },
    })
    const fresh: Run = { child, given, clock: undefined, early: [] }
    if (given.head.byteLength > 0) child.input?.write(given.head)
    child.output(2)?.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(0, OPUS_LIMITS.complaint)
    })
    child.output(1)?.on('data', (chunk: Buffer) => {
      if (run !== fresh) return
      try {
        for (const packet of reader.push(chunk)) take(fresh, packet)
      } catch (error) {
        if (!(error instanceof MediaError)) throw error
        fail(fresh, error.message)
      }
    })
    run = fresh
    return fresh
  }

  /** Two header packets come first (RFC 7845 §3): the first one names the delay. */
  function take(of: Run, packet: Uint8Array): void {
    const magic = Buffer.from(packet.buffer, packet.byteOffset, Math.min(8, packet.byteLength)).toString('latin1')
    if (magic === 'OpusTags') return
    if (magic === 'OpusHead') {
      const delay = (packet[10] ?? 0) + (packet[11] ?? 0) * 256
      of.clock = createOpusClock(config.timescale, config.frameLength, delay)
      for (const time of of.early) of.clock.wrote(time)
      of.early = []
    } else if (of.clock !== undefined) {
      attempts.worked(now())
      options.onPacket(packet, of.clock.read(opusDuration(packet)))
    }
  }

  function fail(of: Run, reason: string): void {
    if (run !== of || isClosed) return
    end(of)
    if (attempts.failed(now())) {
      log.warn({ reason, failures: attempts.failures }, 'webrtc: ffmpeg failed to make Opus and is started again')
      return
    }
    isClosed = true
    options.onFailed(`ffmpeg could not make Opus: ${reason}`)
  }

  function end(of: Run): void {
    run = undefined
    of.child.kill()
  }

  return {
    write(unit) {
      if (isClosed || (run === undefined && attempts.rests(now()))) return
      // No header can say how long it is, and no frame is: what is damaged must not end the sound.
      if (unit.data.byteLength > OPUS_LIMITS.frameBytes) return
      const to = run ?? start()
      const { input } = to.child
      // Its end says why it could not be started.
      if (input === undefined) return
      if (input.writableLength > OPUS_LIMITS.waitingBytes || (to.clock?.lag ?? 0) > OPUS_LIMITS.lag) {
        fail(to, 'it fell behind')
        return
      }
      if (to.clock === undefined) {
        to.early.push(unit.dts)
        if (to.early.length > OPUS_LIMITS.early) return fail(to, 'it gave nothing')
      } else to.clock.wrote(unit.dts)
      for (const bytes of to.given.frame(unit.data)) input.write(bytes)
    },
    close() {
      isClosed = true
      if (run !== undefined) end(run)
    },
  }
}
