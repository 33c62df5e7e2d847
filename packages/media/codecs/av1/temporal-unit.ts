import { concatBytes } from '../../bytes/bytes.ts'
import { OBU, type Obu, obuAt, withObuSize } from './obu.ts'

/** What the engine wants to know of a temporal unit. */
export interface TemporalUnitScan {
  /**
   * Decoding may start here: the first frame is a key frame that is shown (AV1 Codec ISO Media File Format Binding §2.4). A key frame
   * that is shown later ("forward key frame") is none: what is shown before it needs what came earlier.
   */
  readonly key: boolean
  /** There is a frame. */
  readonly picture: boolean
  /** The first sequence header, a view on the unit; it is in front of every key frame. */
  readonly sequenceHeader?: Uint8Array
}

const KEY_FRAME = 0

/** Looks at the headers of a temporal unit's units. Throws `truncated`, `malformed`. */
export function scanTemporalUnit(data: Uint8Array): TemporalUnitScan {
  let sequenceHeader: Uint8Array | undefined
  let key: boolean | undefined
  for (let at = 0; at < data.byteLength; ) {
    const obu = obuAt(data, at)
    if (obu.type === OBU.sequenceHeader) sequenceHeader ??= data.subarray(obu.start, obu.end)
    else if (obu.type === OBU.frame || obu.type === OBU.frameHeader) key ??= isShownKeyFrame(data, obu)
    at = obu.end
  }
  const scan = { key: key ?? false, picture: key !== undefined }
  return sequenceHeader === undefined ? scan : { ...scan, sequenceHeader }
}

/** uncompressed_header (§5.9.2): show_existing_frame, frame_type in two bits, show_frame. */
function isShownKeyFrame(data: Uint8Array, { payload, end }: Obu): boolean {
  const first = payload < end ? (data[payload] ?? 0xff) : 0xff
  return first < 0x80 && ((first >> 5) & 3) === KEY_FRAME && (first & 0x10) !== 0
}

/** Where a sample may not have them (§2.4 there), or needs none. */
function belongsInSample({ type }: Obu): boolean {
  return type !== OBU.temporalDelimiter && type !== OBU.tileList && type !== OBU.padding
}

/**
 * The temporal unit as an `av01` sample holds it: every unit with its size, no temporal delimiter, tile list or padding. `data` itself
 * when it is so already. Throws as `scanTemporalUnit`.
 */
export function toAv1Sample(data: Uint8Array): Uint8Array {
  let kept = true
  for (let at = 0; at < data.byteLength && kept; ) {
    const obu = obuAt(data, at)
    kept = obu.sized && belongsInSample(obu)
    at = obu.end
  }
  if (kept) return data
  const pieces: Uint8Array[] = []
  for (let at = 0; at < data.byteLength; ) {
    const obu = obuAt(data, at)
    if (belongsInSample(obu)) pieces.push(withObuSize(data, obu))
    at = obu.end
  }
  return concatBytes(pieces)
}
