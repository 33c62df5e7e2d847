import { frameLengthOf } from '@bandstand/media/codecs/frame-length.ts'
import { opusDuration } from '@bandstand/media/codecs/opus/packet.ts'
import { createOggReader } from '@bandstand/media/containers/ogg/reader.ts'
import { MediaError } from '@bandstand/media/error.ts'
import type { AudioTrackConfig } from '@bandstand/media/track.ts'
import { startChild } from '../../../child.ts'
import { createSoundInput } from '../../../sound/input.ts'
import type { TimedUnit } from '../../../timeline/model.ts'
import { OPUS_LIMITS } from '../limits.ts'
import { opusArguments } from './arguments.ts'
import { createOpusClock, type OpusClock } from './clock.ts'

export interface OpusRunOptions {
  /** Path of the program. */
  readonly ffmpeg: string
  readonly config: AudioTrackConfig
  /** One Opus packet and its time on the broadcast's clock, in ticks of 48 kHz. */
  readonly onPacket: (packet: Uint8Array, time: number) => void
  /** Once, when it has ended by itself, fell behind or writes nonsense; possibly within `write`. Nothing more comes of it. */
  readonly onFault: (reason: string) => void
}

/** One ffmpeg that makes Opus. Never holds up who writes. */
export interface OpusRun {
  /** So many frames were given to it. */
  readonly frames: number
  write(unit: TimedUnit): void
  /** Nothing more comes of it. */
  kill(): void
}

/** @throws MediaError where the configuration cannot be given to ffmpeg. */
export function startOpusRun({ ffmpeg, config, onPacket, onFault }: OpusRunOptions): OpusRun {
  const given = createSoundInput(config)
  const reader = createOggReader()
  let clock: OpusClock | undefined
  /** Frames written before the encoder's delay is known. */
  let early: { readonly time: number; readonly ticks: number }[] = []
  let earlyTicks = 0
  let frames = 0
  let said = ''
  let isOver = false

  const child = startChild({
    program: ffmpeg,
    args: opusArguments(given.format, config.channels),
    stdio: ['pipe', 'pipe', 'pipe'],
    onEnd(end) {
      fail('error' in end ? end.error.message : said.trim().split('\n')[0] || `it ended with ${end.how}`)
    },
  })
  if (given.head.byteLength > 0) child.input?.write(given.head)
  child.output(2)?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(0, OPUS_LIMITS.complaint)
  })
  child.output(1)?.on('data', (chunk: Buffer) => {
    try {
      for (const packet of reader.push(chunk)) if (!isOver) take(packet)
    } catch (error) {
      if (!(error instanceof MediaError)) throw error
      fail(error.message)
    }
  })

  /** Two header packets come first (RFC 7845 §3): the first one names the delay. */
  function take(packet: Uint8Array): void {
    const magic = Buffer.from(packet.buffer, packet.byteOffset, Math.min(8, packet.byteLength)).toString('latin1')
    if (magic === 'OpusTags') return
    if (magic === 'OpusHead') {
      const delay = (packet[10] ?? 0) + (packet[11] ?? 0) * 256
      clock = createOpusClock(config.timescale, delay)
      for (const { time, ticks } of early) clock.wrote(time, ticks)
      early = []
    } else if (clock !== undefined) onPacket(packet, clock.read(opusDuration(packet)))
  }

  function kill(): void {
    isOver = true
    child.kill()
  }

  function fail(reason: string): void {
    if (isOver) return
    kill()
    onFault(reason)
  }

  return {
    get frames() {
      return frames
    },
    write({ data, dts }) {
      const { input } = child
      // Its end says why it could not be started.
      if (isOver || input === undefined) return
      if (input.writableLength > OPUS_LIMITS.waitingBytes || (clock?.lag ?? 0) > OPUS_LIMITS.lag) {
        return fail('it fell behind')
      }
      const ticks = frameLengthOf(config, data)
      if (clock === undefined) {
        early.push({ time: dts, ticks })
        earlyTicks += ticks
        if (earlyTicks > OPUS_LIMITS.early * config.timescale) return fail('it gave nothing')
      } else clock.wrote(dts, ticks)
      frames++
      for (const bytes of given.frame(data)) input.write(bytes)
    },
    kill,
  }
}
