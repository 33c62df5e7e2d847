import { createTsDemuxer, type TsDemuxer } from '@bandstand/media/containers/mpegts/demuxer.ts'
import type { TsEvent } from '@bandstand/media/containers/mpegts/event.ts'
import { MediaError } from '@bandstand/media/error.ts'
import type { AudioTrackConfig } from '@bandstand/media/track.ts'
import { refusalOf } from '../mpegts/facts.ts'
import { type Entry, type SegmentContent, type SegmentReader, TOO_MANY_UNITS } from './entry.ts'
import { HLS_LIMITS } from './limits.ts'

/** Bytes of a packet (ISO/IEC 13818-1 §2.4.3.2). */
const PACKET = 188
/** A picture's duration where there is only one, ticks of 90 kHz. */
const ONE_PICTURE = 3_000

/**
 * Reads segments of MPEG-TS, one after the other: the first video and the first sound that can be read (RFC 8216bis §3.2).
 *
 * @param near unwrapped time, ticks of 90 kHz, that the first one is brought near to: renditions of one ladder so stay together.
 */
export function createTsReader(near?: number): SegmentReader {
  return new TsReader(near)
}

class TsReader implements SegmentReader {
  readonly #demuxer: TsDemuxer
  #audio: AudioTrackConfig | undefined
  #tracks = { video: false, audio: false }
  #refusal: string | undefined
  /** Pictures are dropped until one that refers to none before it. */
  #needsKey = false
  #duration = ONE_PICTURE

  constructor(near?: number) {
    this.#demuxer = createTsDemuxer({ unitsAtOnce: HLS_LIMITS.segmentUnits, ...(near !== undefined && { near }) })
  }

  read(bytes: Uint8Array, isFinal: boolean): SegmentContent {
    // A file that is being written ends somewhere; one that will get no longer is read as far as it goes.
    if (bytes.byteLength % PACKET !== 0 && !isFinal) return { kind: 'incomplete' }
    const { counters } = this.#demuxer
    const before = counters.malformed
    try {
      const events = [...this.#demuxer.receive(bytes), ...this.#demuxer.flush()]
      const entries = events.flatMap((event) => this.#entry(event))
      if (entries.length === 0 && this.#refusal !== undefined) return { kind: 'refused', reason: this.#refusal }
      if (entries.length === 0 && counters.malformed === before) return { kind: 'incomplete' }
      return {
        ...{ kind: 'media', entries, malformed: counters.malformed - before, tracks: this.#tracks },
        ...this.#span(entries),
      }
    } catch (error) {
      if (!(error instanceof MediaError)) throw error
      return { kind: 'refused', reason: error.code === 'too-large' ? TOO_MANY_UNITS : error.message }
    }
  }

  #entry(event: TsEvent): Entry[] {
    switch (event.type) {
      case 'tracks': {
        const isTaken = (wanted: string) => event.streams.some(({ kind, isTaken: taken }) => kind === wanted && taken)
        this.#tracks = { video: isTaken('video'), audio: isTaken('audio') }
        this.#refusal = refusalOf(event.streams)
        return []
      }
      case 'config':
        if (event.config.kind === 'audio') this.#audio = event.config
        return [{ kind: 'config', slot: event.kind, dts: 0, config: event.config }]
      case 'loss':
        if (event.kind === 'video') this.#needsKey = true
        return []
      case 'unit': {
        const { kind: slot, dts, pts, key, data } = event
        if (slot === 'video' && key) this.#needsKey = false
        return slot === 'video' && this.#needsKey ? [] : [{ kind: 'unit', slot, dts, pts, key, data }]
      }
    }
  }

  #span(entries: Entry[]): { start: number; end: number } {
    let [start, end] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    let picture: number | undefined
    let next: number | undefined
    // A configuration is let out with the unit that it is for.
    for (let i = entries.length - 1; i >= 0; i--) {
      const entry = entries[i]
      if (entry?.kind === 'unit') next = entry.dts
      else if (entry !== undefined) entries[i] = { ...entry, dts: next ?? 0 }
    }
    for (const entry of entries) {
      if (entry.kind !== 'unit') continue
      start = Math.min(start, entry.dts)
      if (entry.slot === 'video') {
        if (picture !== undefined && entry.dts > picture) this.#duration = entry.dts - picture
        picture = entry.dts
        end = Math.max(end, entry.dts + this.#duration)
      } else {
        const { frameLength = 0, timescale = 1 } = this.#audio ?? {}
        end = Math.max(end, entry.dts + Math.round((frameLength * 90_000) / timescale))
      }
    }
    return start === Number.POSITIVE_INFINITY ? { start: 0, end: 0 } : { start, end }
  }
}
