import { sameBytes } from '../../bytes/bytes.ts'
import type { VideoTrackConfig } from '../../track.ts'
import { scanAccessUnit, toFourByteLengths } from '../h264/access-unit.ts'
import { avcCFromParameterSets, parseAvcC } from '../h264/avcc.ts'
import { videoConfigFromAvcC } from '../h264/config.ts'
import { mergeParameterSets, ppsId, spsId } from '../h264/parameter-sets.ts'
import { scanHevcAccessUnit, toHevcSample } from '../hevc/access-unit.ts'
import { videoConfigFromHevcSets } from '../hevc/config.ts'
import { parseHvcC } from '../hevc/hvcc.ts'
import { hevcPpsId, hevcSpsId, hevcVpsId } from '../hevc/parameter-set-id.ts'
import type { PictureReader } from './model.ts'

/** Parameter sets in use, by kind: `vps`, `sps`, `pps`, `sei`. */
type Sets = Readonly<Record<string, readonly Uint8Array[]>>

/** What tells H.264 and HEVC apart here. */
interface NalCodec {
  /** Kinds whose sets are merged by id; each must be there before there is a configuration. */
  readonly idOf: Readonly<Record<string, (nal: Uint8Array) => number>>
  parseRecord(record: Uint8Array): { readonly lengthSize: number; readonly sets: Sets }
  configOf(sets: Sets): VideoTrackConfig
  scan(unit: Uint8Array, lengthSize: number): { readonly key: boolean; readonly picture: boolean; readonly sets: Sets }
  toSample(unit: Uint8Array, lengthSize: number): Uint8Array
}

const H264: NalCodec = {
  idOf: { sps: spsId, pps: ppsId },
  parseRecord(record) {
    const { lengthSize, sps, pps, spsExtensions } = parseAvcC(record)
    return { lengthSize, sets: { sps, pps, spsExtensions } }
  },
  configOf: ({ sps = [], pps = [], spsExtensions }) =>
    videoConfigFromAvcC(avcCFromParameterSets(sps, pps, spsExtensions)),
  scan(unit, lengthSize) {
    const { key, picture, sps, pps } = scanAccessUnit(unit, lengthSize)
    return { key, picture, sets: { sps, pps } }
  },
  toSample: toFourByteLengths,
}

const HEVC: NalCodec = {
  idOf: { vps: hevcVpsId, sps: hevcSpsId, pps: hevcPpsId },
  parseRecord(record) {
    const { lengthSize, vps, sps, pps, sei } = parseHvcC(record)
    return { lengthSize, sets: { vps, sps, pps, sei } }
  },
  configOf: ({ vps = [], sps = [], pps = [], sei = [] }) => videoConfigFromHevcSets({ vps, sps, pps, sei }),
  scan(unit, lengthSize) {
    const { key, picture, vps, sps, pps } = scanHevcAccessUnit(unit, lengthSize)
    return { key, picture, sets: { vps, sps, pps } }
  },
  toSample: toHevcSample,
}

export function createNalPictureReader(codec: 'h264' | 'hevc'): PictureReader {
  const { idOf, parseRecord, configOf, scan, toSample } = codec === 'h264' ? H264 : HEVC
  const kinds = Object.entries(idOf)
  let config: VideoTrackConfig | undefined
  let sets: Sets = {}
  let lengthSize = 4

  function use(next: Sets): void {
    if (kinds.every(([kind]) => (next[kind]?.length ?? 0) > 0)) {
      const fresh = configOf(next)
      if (config === undefined || !sameBytes(config.decoderConfig, fresh.decoderConfig)) config = fresh
    }
    sets = next
  }

  /** `sets` itself when nothing in the unit is new. */
  function merged(found: Sets): Sets {
    let out = sets
    for (const [kind, id] of kinds) {
      const known = sets[kind] ?? []
      const all = mergeParameterSets(known, found[kind] ?? [], id)
      if (all !== known) out = { ...out, [kind]: all }
    }
    return out
  }

  return {
    get config() {
      return config
    },
    configure(record) {
      const parsed = parseRecord(record)
      // Copies: what was read are views on the record.
      const copied = Object.entries(parsed.sets).map(([kind, nals]) => [kind, nals.map((nal) => new Uint8Array(nal))])
      // GStreamer and some hardware send one without parameter sets and put those into the stream.
      if (kinds.every(([kind]) => (parsed.sets[kind]?.length ?? 0) > 0)) use(Object.fromEntries(copied))
      lengthSize = parsed.lengthSize
    },
    read(unit) {
      const { key, picture, sets: found } = scan(unit, lengthSize)
      const data = picture ? toSample(unit, lengthSize) : undefined
      const next = merged(found)
      if (next !== sets) use(next)
      return data === undefined ? undefined : { key, data }
    },
  }
}
