import { MediaError } from '../../error.ts'
import type { AudioTrackConfig } from '../../track.ts'
import type { AudioFormat } from './audio-format.ts'
import type { Unwrap } from './clock.ts'
import type { MpegTsLimits } from './limits.ts'
import { parsePesHeader } from './pes.ts'
import type { StreamReader, StreamSink } from './sink.ts'

/** Bytes of the buffer at first: a frame of AAC or Opus and a packet of some. */
const FIRST = 4 * 1024
/** Bytes in which no frame begins that count as one: looking at each of them takes time too. */
const PASSED = 64

/**
 * Frames of sound out of PES packets: several in one, or one over several (ISO/IEC 13818-1 §2.4.3.7: a time is that of the first frame
 * that begins in its packet). The frames behind it are counted on from there.
 */
export class AudioStream implements StreamReader {
  readonly #format: AudioFormat
  readonly #unwrap: Unwrap
  readonly #sink: StreamSink
  readonly #limits: Pick<MpegTsLimits, 'unreadablePes'>
  /**
   * A frame that is not whole, in one buffer that is used again: a large one may come in thousands of small packets. With the time of the
   * packet that it began in, if it is the first one there.
   */
  #buffer = new Uint8Array(FIRST)
  #length = 0
  #restTime: number | undefined
  #isSynced = false
  #config: AudioTrackConfig | undefined
  /** Time of the newest packet with a time, and what has come since, ticks of 90 kHz. */
  #base: number | undefined
  #since = 0
  /** PES packets without a frame, as long as there has been none. */
  #fruitless = 0

  constructor(format: AudioFormat, unwrap: Unwrap, sink: StreamSink, limits: Pick<MpegTsLimits, 'unreadablePes'>) {
    this.#format = format
    this.#unwrap = unwrap
    this.#sink = sink
    this.#limits = limits
  }

  packet(packet: Uint8Array): void {
    try {
      const header = parsePesHeader(packet)
      const pts = header.pts === undefined ? undefined : this.#unwrap(header.pts)
      const payload = packet.subarray(header.bytes)
      const why = this.#format.begin?.(payload)
      if (why === undefined) this.#payload(pts, payload)
      else this.#sink.unreadable(why)
    } catch (error) {
      if (!(error instanceof MediaError)) throw error
      if (error.code === 'unsupported') this.#sink.unsupported(error.message)
      else this.#sink.malformed()
      this.lose()
    }
  }

  lose(): void {
    this.#length = 0
    this.#restTime = undefined
    this.#isSynced = false
    this.#base = undefined
    this.#format.lose?.()
  }

  #payload(pts: number | undefined, payload: Uint8Array): void {
    const format = this.#format
    const begun = this.#length
    const data = begun === 0 ? payload : this.#append(payload)
    /** Of the first frame that begins in what was left, then of the first that begins in this packet. */
    let early = this.#restTime
    let time = pts
    let at = 0
    let passed = 0
    while (at < data.byteLength) {
      const size = format.measure(data, at)
      if (at + size > data.byteLength) break
      // No frame is so long without saying its length: what looked like one is none.
      if (size === 0 && data.byteLength - at < format.largest) break
      if (size <= 0 || (!this.#isSynced && !this.#isFollowed(data, at + size))) {
        at++
        passed++
        this.#isSynced = false
        continue
      }
      this.#isSynced = true
      if (at >= begun) {
        if (time !== undefined) this.#startAt(time)
        time = undefined
      } else if (early !== undefined) {
        this.#startAt(early)
        early = undefined
      }
      this.#unit(data.subarray(at, at + size))
      at += size
    }
    if (passed >= PASSED) this.#sink.found(Math.floor(passed / PASSED))
    this.#restTime = at >= begun ? time : early
    this.#keep(data, at)
    if (this.#config === undefined && ++this.#fruitless >= this.#limits.unreadablePes) {
      this.#sink.unreadable('no frames with a time can be found in it')
    }
  }

  /** What was kept, with the payload behind it. Valid up to the next packet. */
  #append(payload: Uint8Array): Uint8Array {
    const length = this.#length + payload.byteLength
    this.#reserve(length)
    this.#buffer.set(payload, this.#length)
    return this.#buffer.subarray(0, length)
  }

  /** @param data the payload, or what is in the buffer. */
  #keep(data: Uint8Array, from: number): void {
    const length = data.byteLength - from
    if (data.buffer !== this.#buffer.buffer) {
      this.#length = 0
      this.#reserve(length)
      this.#buffer.set(data.subarray(from))
    } else if (from > 0) this.#buffer.copyWithin(0, from, data.byteLength)
    this.#length = length
  }

  #reserve(length: number): void {
    if (length <= this.#buffer.byteLength) return
    const bigger = new Uint8Array(Math.max(length, 2 * this.#buffer.byteLength))
    bigger.set(this.#buffer.subarray(0, this.#length))
    this.#buffer = bigger
  }

  #startAt(time: number): void {
    this.#base = time
    this.#since = 0
  }

  /** Syncwords also stand in the midst of frames: one is believed when the next frame begins where it ends. */
  #isFollowed(data: Uint8Array, next: number): boolean {
    return next === data.byteLength || this.#format.measure(data, next) !== -1
  }

  #unit(unit: Uint8Array): void {
    const frames = this.#readUnit(unit)
    this.#sink.found(Math.max(1, frames.length))
    for (const { data, config, samples } of frames) {
      const base = this.#base
      if (base === undefined) {
        this.#sink.loss()
        continue
      }
      if (config !== this.#config) {
        this.#config = config
        this.#sink.config(config)
      }
      const pts = base + Math.round(this.#since)
      this.#since += (samples * 90_000) / config.timescale
      // What some encoders send while they are muted.
      if (data.byteLength > 0) this.#sink.unit({ pts, dts: pts, key: true, data: data.slice() })
    }
  }

  #readUnit(unit: Uint8Array): ReturnType<AudioFormat['read']> {
    try {
      return this.#format.read(unit)
    } catch (error) {
      if (!(error instanceof MediaError) || error.code === 'unsupported') throw error
      this.#sink.malformed()
      return []
    }
  }
}
