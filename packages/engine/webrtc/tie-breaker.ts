import { createHmac, timingSafeEqual } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { PROCESS_LIMITS } from './limits.ts'

/** STUN (RFC 8489 §5, §14): message type and cookie of a Binding request, attributes. */
const BINDING_REQUEST = 0x0001
const COOKIE = 0x2112a442
const HEADER = 20
const ATTRIBUTE = {
  username: 0x0006,
  messageIntegrity: 0x0008,
  fingerprint: 0x8028,
  /** RFC 8445 §16.1: 64 bits, the tie-breaker. */
  iceControlled: 0x8029,
  iceControlling: 0x802a,
} as const
/** RFC 8489 §14.7. */
const FINGERPRINT_XOR = 0x5354554e

/** A check with a tie-breaker, and whom it is for. */
export interface MendedCheck {
  readonly datagram: Uint8Array
  /** The receiver's, as in its own description. */
  readonly ufrag: string
}

/**
 * Gives an ICE check whose tie-breaker is 0 another one, and signs it again. Zero is as good as any other number (RFC 8445 §16.1), and
 * Chromium sends it by TURN over TCP and TLS; libjuice takes it for a missing attribute and answers with 400
 * (https://github.com/paullouisageneau/libjuice/issues/355).
 *
 * @param passwordOf the `ice-pwd` of a receiver, by its `ice-ufrag`.
 * @returns `undefined` for everything else, as for a check that was not signed with that password.
 */
export function mendTieBreaker(
  datagram: Uint8Array,
  passwordOf: (ufrag: string) => string | undefined,
): MendedCheck | undefined {
  const given = Buffer.from(datagram.buffer, datagram.byteOffset, datagram.byteLength)
  if (!isBindingRequest(given)) return undefined
  const at = attributesOf(given)
  const tieBreaker = at.get(ATTRIBUTE.iceControlling) ?? at.get(ATTRIBUTE.iceControlled)
  const username = at.get(ATTRIBUTE.username)
  const integrity = at.get(ATTRIBUTE.messageIntegrity)
  if (tieBreaker?.length !== 8 || username === undefined || integrity?.length !== 20) return undefined
  // What stands behind the integrity is not covered by it (RFC 8489 §14.5).
  if (Math.max(tieBreaker.offset, username.offset) > integrity.offset) return undefined
  if (given.readBigUInt64BE(tieBreaker.offset) !== 0n) return undefined
  const [ufrag = ''] = given.toString('latin1', username.offset, username.offset + username.length).split(':', 1)
  const password = passwordOf(ufrag)
  if (password === undefined) return undefined
  const signature = given.subarray(integrity.offset, integrity.offset + 20)
  if (!timingSafeEqual(sign(given, integrity.offset, password), signature)) return undefined
  const bytes = Buffer.from(given)
  bytes[tieBreaker.offset + 7] = 1
  bytes.set(sign(bytes, integrity.offset, password), integrity.offset)
  const fingerprint = at.get(ATTRIBUTE.fingerprint)
  if (fingerprint?.length === 4) {
    const sum = crc32(bytes.subarray(0, fingerprint.offset - 4)) ^ FINGERPRINT_XOR
    bytes.writeUInt32BE(sum >>> 0, fingerprint.offset)
  }
  return { datagram: bytes, ufrag }
}

/** Anybody may send anything: what is larger than a check is looked at no further. */
function isBindingRequest(bytes: Buffer): boolean {
  if (bytes.byteLength < HEADER || bytes.byteLength > PROCESS_LIMITS.checkBytes) return false
  if (bytes.readUInt16BE(0) !== BINDING_REQUEST) return false
  return bytes.readUInt32BE(4) === COOKIE && bytes.readUInt16BE(2) === bytes.byteLength - HEADER
}

/** Where the values of attributes are, the first of each type: a later one is ignored (RFC 8489 §14). */
function attributesOf(bytes: Buffer): Map<number, { offset: number; length: number }> {
  const found = new Map<number, { offset: number; length: number }>()
  for (let at = HEADER; at + 4 <= bytes.byteLength; ) {
    const [type, length] = [bytes.readUInt16BE(at), bytes.readUInt16BE(at + 2)]
    const offset = at + 4
    if (offset + length > bytes.byteLength) break
    if (!found.has(type)) found.set(type, { offset, length })
    at = offset + Math.ceil(length / 4) * 4
  }
  return found
}

/** Over what stands before the attribute, with a length as if it were the last one (RFC 8489 §14.5). */
function sign(bytes: Buffer, offset: number, password: string): Buffer {
  const covered = Buffer.from(bytes.subarray(0, offset - 4))
  covered.writeUInt16BE(offset + 20 - HEADER, 2)
  return createHmac('sha1', password).update(covered).digest()
}
