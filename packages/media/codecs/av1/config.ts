import { BitWriter } from '../../bytes/bit-writer.ts'
import { concatBytes } from '../../bytes/bytes.ts'
import { MediaError } from '../../error.ts'
import type { VideoTrackConfig } from '../../track.ts'
import { OBU, obuAt, withObuSize } from './obu.ts'
import { type Av1SequenceHeader, parseSequenceHeader } from './sequence-header.ts'

/** Bytes of a sequence header unit that are believed: the longest, of 32 operating points, has about 400. */
const MAX_SEQUENCE_HEADER = 1_024
/** Bytes of AV1CodecConfigurationRecord in front of its units. */
const RECORD_HEAD = 4

/**
 * Track configuration from an AV1CodecConfigurationRecord (AV1 Codec ISO Media File Format Binding §2.3). Everything is taken from the
 * sequence header in it. Throws `truncated`, `malformed` where there is none: then it comes with the first key frame.
 */
export function videoConfigFromAv1C(av1C: Uint8Array): VideoTrackConfig {
  const header = sequenceHeaderOf(av1C)
  if (header === undefined) throw new MediaError('malformed', 'av1C: no sequence header', { structure: 'av1C' })
  return videoConfigFromSequenceHeader(header)
}

/** The sequence header unit of a record, with its size; `undefined` without. Throws `truncated`, `malformed`. */
export function sequenceHeaderOf(av1C: Uint8Array): Uint8Array | undefined {
  if (av1C.byteLength < RECORD_HEAD)
    throw new MediaError('truncated', 'av1C: fewer than 4 bytes', { structure: 'av1C' })
  // marker and version.
  if (av1C[0] !== 0x81) throw new MediaError('malformed', 'av1C: marker or version', { structure: 'av1C' })
  for (let at = RECORD_HEAD; at < av1C.byteLength; ) {
    const obu = obuAt(av1C, at)
    if (obu.type === OBU.sequenceHeader) return withObuSize(av1C, obu)
    at = obu.end
  }
  return undefined
}

/** Track configuration from a sequence header unit found in the stream. Throws as `parseSequenceHeader`, `too-large` for more than one has. */
export function videoConfigFromSequenceHeader(unit: Uint8Array): VideoTrackConfig {
  if (unit.byteLength > MAX_SEQUENCE_HEADER) {
    const text = `av1: sequence header of ${unit.byteLength} bytes, at most ${MAX_SEQUENCE_HEADER}`
    throw new MediaError('too-large', text, { structure: 'av1.sequence' })
  }
  const header = parseSequenceHeader(unit)
  const { width, height, frameRate } = header
  return {
    kind: 'video',
    codec: 'av1',
    codecString: av1CodecString(header),
    timescale: 90_000,
    width,
    height,
    // Pixels that are not square are told by each frame's render size, which players do not look at.
    sampleAspectRatio: [1, 1],
    ...(frameRate === undefined ? {} : { frameRate }),
    decoderConfig: concatBytes([recordHead(header), withObuSize(unit)]),
  }
}

/** RFC 6381 string (§5 there) without its optional end, for example `av01.0.04M.08`. */
export function av1CodecString({ profile, levelIdx, tier, bitDepth }: Av1SequenceHeader): string {
  const two = (value: number) => String(value).padStart(2, '0')
  return `av01.${profile}.${two(levelIdx)}${tier === 1 ? 'H' : 'M'}.${two(bitDepth)}`
}

function recordHead(header: Av1SequenceHeader): Uint8Array {
  const { profile, levelIdx, tier, bitDepth, monochrome, subsamplingX, subsamplingY, chromaSamplePosition } = header
  return new BitWriter()
    .u(8, 0x81)
    .u(3, profile)
    .u(5, levelIdx)
    .u(1, tier)
    .flag(bitDepth > 8)
    .flag(bitDepth === 12)
    .flag(monochrome)
    .u(1, subsamplingX)
    .u(1, subsamplingY)
    .u(2, chromaSamplePosition)
    .u(8, 0) // initial_presentation_delay_present
    .finish()
}
