import { sameBytes } from '../../bytes/bytes.ts'
import { MediaError } from '../../error.ts'

/** Parameter sets of one kind in one access unit. Each is compared with all that are known: without a bound a message of them would be work for minutes. */
const MAX_FOUND = 64

/**
 * Adds parameter sets found in the stream to those known: a set replaces the one with its id and goes first, since the newest is the
 * one in use.
 *
 * @returns `known` itself when every set found is in it already.
 * @throws MediaError as `idOf` for a set too short to have an id, `too-large` for too many.
 */
export function mergeParameterSets(
  known: readonly Uint8Array[],
  found: readonly Uint8Array[],
  idOf: (nal: Uint8Array) => number,
): readonly Uint8Array[] {
  if (found.length > MAX_FOUND) {
    throw new MediaError('too-large', `access unit: ${found.length} parameter sets`, { structure: 'access-unit' })
  }
  const fresh = found.filter((set) => !known.some((other) => sameBytes(set, other)))
  if (fresh.length === 0) return known
  const byId = new Map<number, Uint8Array>()
  for (const set of [...fresh.toReversed(), ...known]) {
    const id = idOf(set)
    if (!byId.has(id)) byId.set(id, set)
  }
  // Copies: the sets outlive the access unit they came in. Not slice(): a Node Buffer's is a view.
  return [...byId.values()].map((set) => new Uint8Array(set))
}
