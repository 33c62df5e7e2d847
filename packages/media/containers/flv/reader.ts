import { concatBytes } from '../../bytes/bytes.ts'
import { MediaError } from '../../error.ts'
import { FLV_LIMITS } from './limits.ts'
import { type FlvTag, TagType } from './tag.ts'

const TAG_HEADER = 11
const empty = new Uint8Array(0)
const names = new Map<number, FlvTag['type']>([
  [TagType.audio, 'audio'],
  [TagType.video, 'video'],
  [TagType.script, 'script'],
])

/**
 * FLV file reader (annex E.2, E.3, E.4.1) for any split of the input.
 *
 * ```
 * | "FLV" | version 8 | flags 8 | header length 32 |
 * then | previous tag size 32 | type 8 | length 24 | timestamp 24 | timestamp 31–24 8 | stream id 24 | body | …
 * ```
 */
export class FlvReader {
  #pending: Uint8Array = empty
  #skip = 0
  #started = false

  /**
   * Whole tags in the input so far. Bodies are copies of their own. Tags of unknown type are skipped.
   *
   * @throws MediaError `malformed`, `too-large`; `unsupported` for encrypted tags.
   */
  push(input: Uint8Array): FlvTag[] {
    const data = this.#pending.byteLength === 0 ? input : concatBytes([this.#pending, input])
    const tags: FlvTag[] = []
    let at = 0
    for (;;) {
      const skipped = Math.min(this.#skip, data.byteLength - at)
      this.#skip -= skipped
      at += skipped
      const used = this.#started ? this.#tag(data, at, tags) : this.#header(data, at)
      if (used === 0) break
      at += used
    }
    this.#pending = data.slice(at)
    return tags
  }

  #header(data: Uint8Array, at: number): number {
    if (data.byteLength - at < 9) return 0
    const view = new DataView(data.buffer, data.byteOffset + at)
    const length = view.getUint32(5)
    if (view.getUint32(0) >>> 8 !== 0x464c56 || length < 9) {
      throw new MediaError('malformed', 'flv: no FLV header', { offset: 0, structure: 'flv.header' })
    }
    if (length > FLV_LIMITS.headerBytes) throw new MediaError('too-large', `flv: header of ${length} bytes`)
    this.#started = true
    this.#skip = length - 9 + 4
    return 9
  }

  #tag(data: Uint8Array, at: number, tags: FlvTag[]): number {
    if (this.#skip > 0 || data.byteLength - at < TAG_HEADER) return 0
    const view = new DataView(data.buffer, data.byteOffset + at)
    const first = view.getUint8(0)
    const length = view.getUint32(0) & 0xffffff
    if ((first & 0x20) !== 0) throw new MediaError('unsupported', 'flv: encrypted tag', { structure: 'flv.tag' })
    if (length > FLV_LIMITS.tagBytes) throw new MediaError('too-large', `flv: tag of ${length} bytes`)
    if (data.byteLength - at < TAG_HEADER + length) return 0
    const type = names.get(first & 0x1f)
    if (type !== undefined) {
      tags.push({
        type,
        timestamp: ((view.getUint32(4) >>> 8) | (view.getUint8(7) << 24)) >>> 0,
        body: data.slice(at + TAG_HEADER, at + TAG_HEADER + length),
      })
    }
    this.#skip = 4
    return TAG_HEADER + length
  }
}
