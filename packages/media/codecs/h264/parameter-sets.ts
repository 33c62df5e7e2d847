import { BitReader } from '../../bytes/bit-reader.ts'
import { MediaError } from '../../error.ts'
import { rbsp } from './nal.ts'

/** Bytes that hold the id of a parameter set: a header of at most three bytes and a short Exp-Golomb code. */
const HEAD = 12
/** Sets of one kind in one access unit. */
const MAX_FOUND = 300
/** Bytes of one set: with all its lists and timing it has some 2000. They are kept for as long as the stream, one for each id. */
const MAX_SET = 8 * 1024
/** Ids that there are (§7.4.2.1.1, §7.4.2.2). */
const SPS_IDS = 32
const PPS_IDS = 256

/**
 * What is known, as text, made once for as long as it stays: a picture may repeat all the sets that there can be, and each compared with
 * each would be tens of thousands of comparisons.
 */
const textsOf = new WeakMap<readonly Uint8Array[], ReadonlySet<string>>()

/** A character for each byte. */
function textOf(set: Uint8Array): string {
  return String.fromCharCode(...set)
}

/**
 * Adds parameter sets found in the stream to those known: a set replaces the one with its id and goes first, since the
 * newest is the one in use.
 *
 * @param idOf `spsId` or `ppsId`.
 * @returns `known` itself when every set found is in it already.
 * @throws MediaError `truncated` or `malformed` for a set too short to have an id, or with one that there is not: no more are kept;
 *   `too-large` for more than an access unit can have, or one that is larger than any can be.
 */
export function mergeParameterSets(
  known: readonly Uint8Array[],
  found: readonly Uint8Array[],
  idOf: (nal: Uint8Array) => number,
): readonly Uint8Array[] {
  if (found.length > MAX_FOUND) {
    throw new MediaError('too-large', `access unit: ${found.length} parameter sets`, { structure: 'access-unit' })
  }
  for (const { byteLength } of found) {
    if (byteLength > MAX_SET) {
      throw new MediaError('too-large', `a parameter set of ${byteLength} bytes`, { structure: 'access-unit' })
    }
  }
  if (found.length === 0) return known
  let texts = textsOf.get(known)
  if (texts === undefined) {
    // Records may have larger ones, which nothing found is equal to.
    texts = new Set(known.filter(({ byteLength }) => byteLength <= MAX_SET).map(textOf))
    textsOf.set(known, texts)
  }
  const fresh = found.filter((set) => !texts.has(textOf(set)))
  if (fresh.length === 0) return known
  const byId = new Map<number, Uint8Array>()
  for (const set of [...fresh.toReversed(), ...known]) {
    const id = idOf(set)
    if (!byId.has(id)) byId.set(id, set)
  }
  // Copies: the sets outlive the access unit they came in. Not slice(): a Node Buffer's is a view.
  return [...byId.values()].map((set) => new Uint8Array(set))
}

/** `seq_parameter_set_id` (ITU-T H.264 §7.3.2.1.1): behind profile, constraints and level. Throws `truncated`, `malformed`. */
export function spsId(nal: Uint8Array): number {
  const bits = new BitReader(rbsp(nal, HEAD), 'h264.sps')
  bits.skip(24)
  return checked(bits.ue(), SPS_IDS)
}

/** `pic_parameter_set_id` (§7.3.2.2). Throws `truncated`, `malformed`. */
export function ppsId(nal: Uint8Array): number {
  return checked(new BitReader(rbsp(nal, HEAD), 'h264.pps').ue(), PPS_IDS)
}

function checked(id: number, ids: number): number {
  if (id >= ids) throw new MediaError('malformed', `parameter set ${id}, of ${ids} that there may be`)
  return id
}
