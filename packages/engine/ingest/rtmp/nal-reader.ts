import { mergeParameterSets } from '@bandstand/media/codecs/h264/parameter-sets.ts'
import type { VideoTrackConfig } from '@bandstand/media/track.ts'
import type { Picture, PictureReader } from './picture-reader.ts'

/** Parameter sets of each kind, in the order in which the codec's record has them. */
export type Sets = readonly (readonly Uint8Array[])[]

/** What H.264 and HEVC differ in. */
export interface NalCodec {
  /** Of each kind: the id that a set has. @throws MediaError for one that there is not */
  readonly idsOf: readonly ((nal: Uint8Array) => number)[]
  parseRecord(record: Uint8Array): { readonly lengthSize: number; readonly sets: Sets }
  printRecord(sets: Sets): Uint8Array
  configOf(record: Uint8Array): VideoTrackConfig
  /** `sets` only where there are any. */
  scan(data: Uint8Array, lengthSize: number): { readonly key: boolean; readonly picture: boolean; readonly sets?: Sets }
  /** The unit with 4-byte lengths and without parameter sets. */
  strip(data: Uint8Array, lengthSize: number): Uint8Array
}

/** Parameter sets come in a record, in the pictures, or in both; those of the pictures count as soon as they change something. */
export function createNalReader(codec: NalCodec): PictureReader {
  let lengthSize = 4
  let known: Sets = codec.idsOf.map(() => [])
  const isWhole = (sets: Sets) => sets.every(({ length }) => length > 0)

  /** What is found in the stream, where it changes the configuration. */
  function merge(found: Sets): VideoTrackConfig | undefined {
    const merged = codec.idsOf.map((idOf, i) => mergeParameterSets(known[i] ?? [], found[i] ?? [], idOf))
    if (merged.every((sets, i) => sets === known[i])) return undefined
    const config = isWhole(merged) ? codec.configOf(codec.printRecord(merged)) : undefined
    known = merged
    return config
  }

  return {
    configure(record) {
      const parsed = codec.parseRecord(record)
      // GStreamer and some hardware send one without parameter sets and put those into the stream.
      lengthSize = parsed.lengthSize
      if (!isWhole(parsed.sets)) return undefined
      const config = codec.configOf(record)
      known = parsed.sets.map((sets) => sets.map((set) => set.slice()))
      return config
    },
    read(data): Picture {
      const { key, picture, sets } = codec.scan(data, lengthSize)
      const config = sets === undefined ? undefined : merge(sets)
      if (!picture) return config === undefined ? nothing : { config }
      const unit = { key, data: codec.strip(data, lengthSize) }
      return config === undefined ? { unit } : { config, unit }
    },
  }
}

const nothing: Picture = {}
