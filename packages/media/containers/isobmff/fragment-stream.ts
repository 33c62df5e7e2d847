import { ByteReader } from '../../bytes/reader.ts'
import { MediaError } from '../../error.ts'
import { type Fragment, parseFragments } from './parse-fragment.ts'
import { type InitSegment, parseInitSegment } from './parse-init.ts'

/** What a stream of fragmented MP4 consists of. */
export type FragmentStreamEvent =
  | { readonly kind: 'init'; readonly init: InitSegment }
  /** Offsets of its samples are in `bytes`, which is the event's own: nothing is reused. */
  | { readonly kind: 'fragment'; readonly fragment: Fragment; readonly bytes: Uint8Array }

/** Reads fragmented MP4 as it comes through a pipe, in pieces of any size. */
export interface FragmentStreamReader {
  /**
   * What these bytes complete, in order.
   *
   * @throws MediaError `malformed` for what is no such stream, `too-large` where a box is longer than the limit, before
   *   anything is allocated for it. After an error nothing more can be read.
   */
  push(bytes: Uint8Array): readonly FragmentStreamEvent[]
}

/** Boxes at the top of a stream (ISO/IEC 14496-12, ISO/IEC 23009-1 6.3.4); any other means that it is something else. */
const KNOWN = new Set(['ftyp', 'styp', 'moov', 'moof', 'mdat', 'free', 'skip', 'sidx', 'ssix', 'prft', 'emsg', 'mfra'])
const HEADER = 8

/** @param limit bytes of one box, at most. */
export function createFragmentStreamReader(limit: number): FragmentStreamReader {
  const pieces: Uint8Array[] = []
  let held = 0
  /** Whole size of the box that is coming, `undefined` before its header is there. */
  let wanted: number | undefined
  let init: InitSegment | undefined
  let before: Uint8Array | undefined

  function take(length: number): Uint8Array {
    const out = new Uint8Array(length)
    let at = 0
    while (at < length) {
      const piece = pieces[0]
      if (piece === undefined) break
      const part = piece.subarray(0, length - at)
      out.set(part, at)
      at += part.byteLength
      if (part.byteLength === piece.byteLength) pieces.shift()
      else pieces[0] = piece.subarray(part.byteLength)
    }
    held -= length
    return out
  }

  function sizeOfNext(): number | undefined {
    if (held < HEADER) return undefined
    const header = take(HEADER)
    pieces.unshift(header)
    held += HEADER
    const reader = new ByteReader(header, 'box')
    const size = reader.u32()
    const type = reader.fourcc()
    if (!KNOWN.has(type)) throw new MediaError('malformed', 'not a stream of fragments', { structure: 'box' })
    if (size < HEADER) throw new MediaError('malformed', `${type}: size ${size}`, { structure: type })
    if (size > limit) throw new MediaError('too-large', `${type}: ${size} bytes, at most ${limit}`, { structure: type })
    return size
  }

  function accept(box: Uint8Array, events: FragmentStreamEvent[]): void {
    const type = String.fromCharCode(...box.subarray(4, HEADER))
    if (type === 'moov') {
      init = parseInitSegment(box)
      events.push({ kind: 'init', init })
    } else if (type === 'moof') {
      if (init === undefined) throw new MediaError('malformed', 'a fragment before the movie', { structure: 'moof' })
      before = box
    } else if (type === 'mdat' && before !== undefined) {
      const bytes = new Uint8Array(before.byteLength + box.byteLength)
      bytes.set(before)
      bytes.set(box, before.byteLength)
      before = undefined
      const defaults = init?.defaults
      for (const fragment of parseFragments(bytes, defaults === undefined ? {} : { defaults })) {
        events.push({ kind: 'fragment', fragment, bytes })
      }
    }
  }

  return {
    push(bytes) {
      const events: FragmentStreamEvent[] = []
      if (bytes.byteLength > 0) pieces.push(bytes)
      held += bytes.byteLength
      for (;;) {
        wanted ??= sizeOfNext()
        if (wanted === undefined || held < wanted) return events
        const box = take(wanted)
        wanted = undefined
        accept(box, events)
      }
    },
  }
}
