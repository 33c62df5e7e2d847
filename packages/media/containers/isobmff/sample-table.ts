import { ByteWriter } from '../../bytes/writer.ts'
import { type BoxTree, fields, fullBox } from './box-writer.ts'

/**
 * Sample table of one track in the making (ISO/IEC 14496-12 §8.6, §8.7): values go in sample by sample and are held in
 * the form in which they are written, because a broadcast of 12 hours has more than a million samples a track.
 */
export interface SampleTable {
  readonly samples: number
  /** Sum of the durations, in ticks. */
  readonly duration: number
  /** @param duration in ticks; `compositionOffset` signed, in ticks. */
  sample(size: number, duration: number, compositionOffset: number, key: boolean): void
  /** Closes a chunk of `count` samples; `description` counts from 1. */
  chunk(count: number, description: number): void
  /** `stts`, `ctts`, `stss`, `stsc`, `stsz`, where each says something. Nothing may be added after. */
  boxes(): BoxTree[]
}

export function createSampleTable(): SampleTable {
  const sizes = new ByteWriter()
  const keys = new ByteWriter()
  const durations = createRuns()
  const offsets = createRuns()
  const chunks = createChunkRuns()
  let samples = 0
  let keyCount = 0
  let duration = 0
  let commonSize = 0
  let sameSize = true
  let negative = false
  let shifted = false
  return {
    get samples() {
      return samples
    },
    get duration() {
      return duration
    },
    sample(size, ticks, compositionOffset, key) {
      samples++
      if (samples === 1) commonSize = size
      sameSize &&= size === commonSize
      sizes.u32(size)
      durations.add(ticks)
      duration += ticks
      offsets.add(compositionOffset >>> 0)
      negative ||= compositionOffset < 0
      shifted ||= compositionOffset !== 0
      if (key) {
        keys.u32(samples)
        keyCount++
      }
    },
    chunk(count, description) {
      chunks.add(count, description)
    },
    boxes() {
      return [
        durations.box('stts', 0),
        // Version 1 is signed; version 0 where it will do, for old readers.
        ...(shifted ? [offsets.box('ctts', negative ? 1 : 0)] : []),
        // Without stss every sample is a sync sample.
        ...(keyCount < samples ? [fullBox('stss', 0, 0, u32(keyCount), keys.view())] : []),
        chunks.box(),
        // A size of 0 says that each sample has its own (§8.7.3.2).
        sameSize && commonSize > 0
          ? fullBox('stsz', 0, 0, u32(commonSize), u32(samples))
          : fullBox('stsz', 0, 0, u32(0), u32(samples), sizes.view()),
      ]
    },
  }
}

/** Run-length pairs of count and value. */
function createRuns(): { add(value: number): void; box(type: string, version: number): BoxTree } {
  const entries = new ByteWriter()
  let value = 0
  let count = 0
  let runs = 0
  const close = (): void => {
    if (count === 0) return
    entries.u32(count).u32(value)
    runs++
    count = 0
  }
  return {
    add(next) {
      if (count > 0 && next !== value) close()
      value = next
      count++
    },
    box(type, version) {
      close()
      return fullBox(type, version, 0, u32(runs), entries.view())
    },
  }
}

/** `stsc`: first chunk, samples a chunk, sample description, for each run of like chunks. */
function createChunkRuns(): { add(samples: number, description: number): void; box(): BoxTree } {
  const entries = new ByteWriter()
  let chunks = 0
  let runs = 0
  let lastSamples = 0
  let lastDescription = 0
  return {
    add(samples, description) {
      chunks++
      if (samples === lastSamples && description === lastDescription) return
      entries.u32(chunks).u32(samples).u32(description)
      runs++
      lastSamples = samples
      lastDescription = description
    },
    box: () => fullBox('stsc', 0, 0, u32(runs), entries.view()),
  }
}

function u32(value: number): Uint8Array {
  return fields((w) => w.u32(value))
}
