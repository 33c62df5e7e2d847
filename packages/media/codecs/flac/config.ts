import { ByteReader } from '../../bytes/reader.ts'
import { ByteWriter } from '../../bytes/writer.ts'
import { MediaError } from '../../error.ts'
import type { AudioTrackConfig } from '../../track.ts'
import { parseStreamInfo, STREAM_INFO_BYTES } from './stream-info.ts'

const STREAM_INFO = 0
/** Header of a metadata block that is the last one (RFC 9639 §8.1). */
const LAST = 0x80
const MARKER = 'fLaC'

/** Track configuration from the 34 bytes of STREAMINFO. Throws `truncated`, `malformed`, `unsupported`. */
export function audioConfigFromStreamInfo(content: Uint8Array): AudioTrackConfig {
  const kept = new ByteReader(content, 'streaminfo').bytes(STREAM_INFO_BYTES)
  const { maxBlock, sampleRate, channels } = parseStreamInfo(kept)
  return {
    kind: 'audio',
    codec: 'flac',
    codecString: MARKER,
    timescale: sampleRate,
    sampleRate,
    channels,
    frameLength: maxBlock,
    decoderConfig: new ByteWriter(4 + STREAM_INFO_BYTES)
      .u8(LAST | STREAM_INFO)
      .u24(STREAM_INFO_BYTES)
      .bytes(kept)
      .finish(),
  }
}

/**
 * Track configuration from metadata blocks, with or without the marker "fLaC" in front: the beginning of a FLAC stream (RTMP,
 * Matroska), or the content of a `dfLa` box behind version and flags. STREAMINFO comes first (RFC 9639 §8.2); all others
 * (tags, pictures) are left out. Throws as `audioConfigFromStreamInfo`.
 */
export function audioConfigFromFlacMetadata(blocks: Uint8Array): AudioTrackConfig {
  const reader = new ByteReader(blocks, 'flac')
  const isMarked = Array.from(MARKER).every((letter, i) => blocks[i] === letter.charCodeAt(0))
  if (isMarked) reader.skip(MARKER.length)
  const type = reader.u8() & 0x7f
  if (type !== STREAM_INFO) {
    throw new MediaError('malformed', `flac: metadata block ${type} comes first, not STREAMINFO`, reader.context(0))
  }
  return audioConfigFromStreamInfo(reader.bytes(reader.u24()))
}
