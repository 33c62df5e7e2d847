import { inBandParameterSets } from '../../codecs/h264/avcc.ts'
import { hevcInBandParameterSets } from '../../codecs/hevc/hvcc.ts'
import { MediaError } from '../../error.ts'
import { sameConfig } from '../../same-config.ts'
import type { TrackConfig } from '../../track.ts'
import type { ProgressiveChunk, ProgressiveSample, ProgressiveTrack } from './progressive-model.ts'
import { createSampleTable, type SampleTable } from './sample-table.ts'

/** Media of one chunk, in the order of the track. */
export interface ChunkPiece<Source> {
  /** Seconds from the track's first tick on, for the order in the file. */
  readonly time: number
  /** Bytes in the file: those at `source` and what is inserted. */
  readonly size: number
  readonly source: Source
  /** Bytes to be put in front of the byte `at` of the source, by rising `at`; absent where there are none. */
  readonly insertions?: readonly Insertion[]
}

export interface Insertion {
  readonly at: number
  readonly bytes: Uint8Array
}

/** A time in which a track has no media, longer than its last sample may be made. */
export interface Hole {
  /** Where in the track's media the first sample behind it is shown, in ticks; what is shown before is in front of it. */
  readonly at: number
  /** Ticks. */
  readonly length: number
}

/** One track of an ordinary MP4 in the making. */
export interface TrackBuilder<Source> {
  readonly config: TrackConfig
  readonly configs: readonly TrackConfig[]
  /** Start of the first chunk in seconds; `undefined` while there is none. */
  readonly start: number | undefined
  readonly pieces: readonly ChunkPiece<Source>[]
  /** Bytes of all pieces. */
  readonly size: number
  readonly holes: readonly Hole[]
  /** Ticks from the first to the end, holes and all. */
  readonly length: number
  add(chunk: ProgressiveChunk<Source>): void
  /** Writes the sample that is still held; nothing may be added after. */
  finish(): SampleTable
}

/**
 * Chunks go in by rising start. The last sample of a chunk is held until the next one's start is known: where they do not
 * meet, its duration is changed, so that the track stays where the caller's times put it; where that would be too long, the
 * sample ends and a hole follows.
 */
export function createTrackBuilder<Source>(track: ProgressiveTrack): TrackBuilder<Source> {
  const config = track.configs[0]
  if (config === undefined) throw malformed(`track ${track.track} has no configuration`)
  if (track.configs.some((other) => other.kind !== config.kind)) {
    throw malformed(`track ${track.track} mixes picture and sound`)
  }
  const { configs, indexes } = distinct(track.configs)
  const prefixes = keyFramePrefixes(configs)
  const table = createSampleTable()
  const pieces: ChunkPiece<Source>[] = []
  let origin: number | undefined
  let last = 0
  let total = 0
  let held: ProgressiveSample | undefined
  const holes: Hole[] = []
  let missing = 0

  const release = (duration: number): void => {
    if (held === undefined) return
    checkTicks(duration, 0, 'sample duration')
    checkTicks(held.compositionOffset, -MAX_TICKS, 'composition offset')
    table.sample(held.size, duration, held.compositionOffset, held.key)
    held = undefined
  }

  return {
    config,
    configs,
    get start() {
      return origin === undefined ? undefined : origin / config.timescale
    },
    pieces,
    get size() {
      return total
    },
    holes,
    get length() {
      return table.duration + missing
    },
    add(chunk) {
      const index = indexes[chunk.configIndex]
      const own = index === undefined ? undefined : configs[index]
      if (index === undefined || own === undefined)
        throw malformed(`chunk with configuration ${chunk.configIndex} of ${track.configs.length}`)
      if (chunk.samples.length === 0) return
      const ticks = scaler(own.timescale, config.timescale)
      const start = ticks(chunk.start)
      // Also what keeps chunks in their order when those of all tracks are sorted by time.
      if (!Number.isSafeInteger(start) || start < last) {
        throw malformed(`track ${track.track}: chunk at ${start} after one at ${last}`)
      }
      origin ??= start
      last = start
      // From where the track is without the held sample; an overlap costs it at most all but one tick, the next chunk settles
      // the rest.
      const room = start - origin - table.duration - missing
      if (held !== undefined && room > MAX_TICKS) {
        const length = room - held.duration
        release(held.duration)
        const shown = table.duration + ticks(chunk.samples[0]?.compositionOffset ?? 0)
        holes.push({ at: Math.max(holes.at(-1)?.at ?? 0, shown), length })
        missing += length
      } else release(Math.max(1, room))
      const prefix = prefixes[index]
      const insertions: Insertion[] = []
      let sourceSize = 0
      let size = 0
      let time = chunk.start
      for (const sample of chunk.samples) {
        if (held !== undefined) release(held.duration)
        const end = ticks(time + sample.duration)
        const inserted = sample.key && prefix !== undefined ? prefix.byteLength : 0
        if (inserted > 0 && prefix !== undefined) insertions.push({ at: sourceSize, bytes: prefix })
        sourceSize += sample.size
        size += sample.size + inserted
        held = {
          size: sample.size + inserted,
          duration: end - ticks(time),
          compositionOffset: ticks(sample.compositionOffset),
          key: sample.key,
        }
        time += sample.duration
      }
      total += size
      table.chunk(chunk.samples.length, index + 1)
      const piece = { time: start / config.timescale, size, source: chunk.source }
      pieces.push(insertions.length === 0 ? piece : { ...piece, insertions })
    },
    finish() {
      if (held !== undefined) release(held.duration)
      return table
    },
  }
}

/**
 * Parameter sets for the front of key frames, by configuration, where a video track has several. Players that follow the
 * sample descriptions do not need them; Chromium reads the first description only and fails at the change without them.
 */
function keyFramePrefixes(configs: readonly TrackConfig[]): (Uint8Array | undefined)[] {
  if (configs.length < 2) return []
  return configs.map(({ codec, decoderConfig }) => {
    if (codec === 'h264') return inBandParameterSets(decoderConfig)
    // The others have all that a decoder needs in their key frames.
    return codec === 'hevc' ? hevcInBandParameterSets(decoderConfig) : undefined
  })
}

/** From a configuration's ticks to the track's: they differ where the sample rate changed on the way. */
function scaler(from: number, to: number): (ticks: number) => number {
  return from === to ? (ticks) => ticks : (ticks) => Math.round((ticks * to) / from)
}

/** Above 31 bits old readers take durations for negative. */
const MAX_TICKS = 0x7fffffff

function checkTicks(ticks: number, min: number, name: string): void {
  if (Number.isInteger(ticks) && ticks >= min && ticks <= MAX_TICKS) return
  throw malformed(`${name} of ${ticks} ticks`)
}

/** Configurations without repetition, and for each of the input which one it is: a reconnect repeats them. */
function distinct(all: readonly TrackConfig[]): { configs: TrackConfig[]; indexes: number[] } {
  const configs: TrackConfig[] = []
  const indexes = all.map((config) => {
    const found = configs.findIndex((other) => sameConfig(other, config))
    return found === -1 ? configs.push(config) - 1 : found
  })
  return { configs, indexes }
}

function malformed(what: string): MediaError {
  return new MediaError('malformed', `mp4: ${what}`, { structure: 'mp4' })
}
