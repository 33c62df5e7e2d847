import { MediaError } from '../../../error.ts'
import { RECEIVE_LIMITS } from './limits.ts'

/** Parts of a picture, NAL units or OBUs, that come whole or in fragments. Nothing is copied before it is known how much. */
export interface Parts {
  whole(part: Uint8Array): void
  /** Begins a part of fragments. Throws `malformed` where one is open. */
  begin(piece: Uint8Array): void
  /** Throws `malformed` where none is open. */
  goOn(piece: Uint8Array): void
  end(): void
  readonly isOpen: boolean
  /** All of them, each of its pieces. Throws `truncated` where one has no end. */
  finish(): readonly (readonly Uint8Array[])[]
}

/** @param structure for messages, `rtp.h264` for example. */
export function createParts(structure: string): Parts {
  const parts: Uint8Array[][] = []
  let open: Uint8Array[] | undefined

  function add(part: Uint8Array[]): void {
    if (parts.length === RECEIVE_LIMITS.frameParts) {
      throw new MediaError('too-large', `${structure}: more than ${parts.length} parts in one picture`, { structure })
    }
    parts.push(part)
  }

  return {
    whole(part) {
      if (open !== undefined) throw new MediaError('malformed', `${structure}: a fragment has no end`, { structure })
      add([part])
    },
    begin(piece) {
      if (open !== undefined) throw new MediaError('malformed', `${structure}: a fragment has no end`, { structure })
      open = [piece]
      add(open)
    },
    goOn(piece) {
      if (open === undefined)
        throw new MediaError('malformed', `${structure}: a fragment has no beginning`, { structure })
      if (piece.byteLength > 0) open.push(piece)
    },
    end() {
      open = undefined
    },
    get isOpen() {
      return open !== undefined
    },
    finish() {
      if (open !== undefined) throw new MediaError('truncated', `${structure}: a fragment has no end`, { structure })
      return parts
    },
  }
}

/** NAL units with 4-byte lengths. */
export function withLengths(parts: readonly (readonly Uint8Array[])[]): Uint8Array {
  const sizes = parts.map((pieces) => pieces.reduce((sum, piece) => sum + piece.byteLength, 0))
  const out = new Uint8Array(sizes.reduce((sum, size) => sum + 4 + size, 0))
  const view = new DataView(out.buffer)
  let at = 0
  for (const [i, pieces] of parts.entries()) {
    view.setUint32(at, sizes[i] ?? 0)
    at += 4
    for (const piece of pieces) {
      out.set(piece, at)
      at += piece.byteLength
    }
  }
  return out
}
