import { MediaError } from '../../error.ts'
import { createTsDemuxer } from './demuxer.ts'
import type { TsEvent } from './event.ts'
import { MPEGTS_LIMITS } from './limits.ts'

/** Reached by small inputs too. */
const LIMITS = { ...MPEGTS_LIMITS, unsyncedBytes: 4096, tablelessPackets: 200, videoBytes: 32_768 }

/**
 * The first byte says how the rest, a transport stream, is cut. Units come behind their configurations, on times that can be used, are
 * no more than what came in, and are the same however it was cut. Allowed: a MediaError.
 */
export const target = {
  name: 'mpegts',
  corpus: new URL('corpus/mpegts/', import.meta.url),
  run(input: Uint8Array): void {
    const bytes = input.subarray(1)
    const whole = read(bytes, bytes.byteLength)
    const pieces = read(bytes, 1 + (input[0] ?? 0) * 3)
    if (whole.text !== pieces.text) throw new RangeError('cut otherwise it is read otherwise')
    if (whole.error !== undefined) throw whole.error
  },
}

function read(bytes: Uint8Array, step: number): { readonly text: string; readonly error?: MediaError } {
  const demuxer = createTsDemuxer({ limits: LIMITS, sounds: 8 })
  const seen = new Seen()
  try {
    for (let at = 0; at < bytes.byteLength; at += step) seen.add(demuxer.receive(bytes.subarray(at, at + step)))
    seen.add(demuxer.flush())
  } catch (error) {
    if (error instanceof MediaError) return { text: 'refused', error }
    throw error
  }
  // Of each unit at most a fourth byte for its start code of three.
  if (seen.bytes > 2 * bytes.byteLength) throw new RangeError('more comes out than went in')
  return { text: seen.text }
}

class Seen {
  readonly #configured = new Set<number>()
  #hash = 0
  #count = 0
  bytes = 0

  get text(): string {
    return `${this.#count} ${this.bytes} ${this.#hash}`
  }

  add(events: readonly TsEvent[]): void {
    for (const event of events) {
      this.#count++
      if (event.type === 'config') this.#configured.add(event.pid)
      if (event.type === 'unit') this.#unit(event)
    }
  }

  #unit({ pid, pts, dts, data }: Extract<TsEvent, { type: 'unit' }>): void {
    if (!this.#configured.has(pid)) throw new RangeError('a unit before its configuration')
    if (data.byteLength === 0) throw new RangeError('an empty unit')
    if (!Number.isSafeInteger(pts) || !Number.isSafeInteger(dts)) throw new RangeError('a time of no use')
    this.bytes += data.byteLength
    for (const byte of data) this.#hash = (Math.imul(this.#hash, 31) + byte) | 0
    this.#hash = (Math.imul(this.#hash, 31) + (pts % 1_000_003) + (dts % 1_000_003)) | 0
  }
}
