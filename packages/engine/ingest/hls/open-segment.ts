import type { SegmentContent, SegmentReader } from './entry.ts'
import { openFmp4 } from './fmp4.ts'
import { createTsReader } from './mpegts.ts'

/** The sync byte of MPEG-TS (ISO/IEC 13818-1 §2.4.3.3). */
const SYNC = 0x47

/**
 * Segments that need no EXT-X-MAP: what their first bytes say that they are.
 *
 * @param near see {@link createTsReader}.
 */
export function createBareReader(near?: number): SegmentReader {
  const transport = createTsReader(near)
  return {
    read: (bytes, isFinal) => (bytes[0] === SYNC ? transport.read(bytes, isFinal) : readBare(bytes, isFinal)),
  }
}

function readBare(bytes: Uint8Array, isFinal: boolean): SegmentContent {
  if (bytes.byteLength < 8) return { kind: 'incomplete' }
  const type = String.fromCharCode(...bytes.subarray(4, 8))
  // With its own `moov` in each segment, as some packagers write them.
  if (type === 'ftyp' || type === 'moov' || type === 'styp' || type === 'moof') {
    const opened = openFmp4(bytes)
    if (opened === 'incomplete') return { kind: 'incomplete' }
    if ('refused' in opened) {
      return {
        kind: 'refused',
        reason: 'the segments are fragmented MP4, but the playlist has no EXT-X-MAP that can be read',
      }
    }
    return opened.reader.read(bytes, isFinal)
  }
  const isPacked = type.startsWith('ID3') || String.fromCharCode(...bytes.subarray(0, 3)) === 'ID3' || bytes[0] === 0xff
  return {
    kind: 'refused',
    reason: isPacked
      ? 'the sound comes as bare frames (packed audio): set the encoder to MPEG-TS or fragmented MP4 for it too'
      : 'the segments are neither MPEG-TS nor fragmented MP4: set the encoder to one of them',
  }
}
