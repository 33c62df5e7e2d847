import { HLS_LIMITS } from '../limits.ts'

/** A file that was read as EXT-X-MAP. */
export interface MapFile {
  readonly name: string
  readonly bytes: Uint8Array
}

/**
 * Initialisation segments of encoders that are gone. Most write theirs once: one whose line was down, or whose channel another had for a
 * while, goes on without it, and nothing that it sends could be read.
 */
export interface PutMaps {
  /** @param id of the encoder, whose address and key it has */
  store(id: string, files: readonly MapFile[]): void
  /** It still sends, though it is not let in. */
  touch(id: string): void
  /** There is another file under this name, which nobody has. */
  forget(id: string, name: string): void
  take(id: string): readonly MapFile[]
}

/** @param now ms, rising */
export function createPutMaps(now: () => number): PutMaps {
  /** The one that was heard of longest ago first. */
  const kept = new Map<string, { readonly files: readonly MapFile[]; readonly at: number }>()

  function put(id: string, files: readonly MapFile[]): void {
    kept.delete(id)
    if (files.length > 0) kept.set(id, { files, at: now() })
    for (const [oldest, { at }] of kept) {
      if (kept.size <= HLS_LIMITS.keptMapEncoders && now() - at <= HLS_LIMITS.keptMapMs) return
      kept.delete(oldest)
    }
  }

  function get(id: string): readonly MapFile[] {
    const entry = kept.get(id)
    return entry !== undefined && now() - entry.at <= HLS_LIMITS.keptMapMs ? entry.files : []
  }

  return {
    store(id, files) {
      const small: MapFile[] = []
      let bytes = 0
      for (const { name, bytes: file } of files.slice(-HLS_LIMITS.keptMapFiles).toReversed()) {
        if (bytes + file.byteLength > HLS_LIMITS.keptMapBytes) continue
        bytes += file.byteLength
        // A copy: what it is cut from may be larger.
        small.unshift({ name, bytes: new Uint8Array(file) })
      }
      put(id, small)
    },
    touch(id) {
      if (kept.has(id)) put(id, get(id))
    },
    forget(id, name) {
      const files = get(id)
      if (files.some((file) => file.name === name))
        put(
          id,
          files.filter((file) => file.name !== name),
        )
    },
    take(id) {
      const files = get(id)
      put(id, [])
      return files
    },
  }
}
