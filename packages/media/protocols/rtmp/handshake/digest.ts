import { sameBytes } from '../../../bytes/bytes.ts'
import type { RtmpCrypto } from './crypto.ts'

/**
 * The digest ("complex") handshake. Adobe never published it; Flash Media Server 3.5 and Flash Player 9.0.115 brought it,
 * and what follows is what every encoder and server agrees on.
 *
 * ```
 *             0      4         8                                      1536
 *  C1/S1      | time | version | random, a 32-byte digest inside it   |
 *  C2/S2      | random                                 | digest (32)  |
 *                                                      1504
 * ```
 * Scheme 0 keeps the sum of the digest's place at 8–11, scheme 1 at 772–775.
 */
export const HANDSHAKE_SIZE = 1536
export const DIGEST_SIZE = 32

export type DigestScheme = 0 | 1

const tail = Uint8Array.from([
  0xf0, 0xee, 0xc2, 0x4a, 0x80, 0x68, 0xbe, 0xe8, 0x2e, 0x00, 0xd0, 0xd1, 0x02, 0x9e, 0x7e, 0x57, 0x6e, 0xec, 0x5d,
  0x2d, 0x29, 0x80, 0x6f, 0xab, 0x93, 0xb8, 0xe6, 0x36, 0xcf, 0xeb, 0x31, 0xae,
])

function genuineKey(name: string): { readonly short: Uint8Array; readonly full: Uint8Array } {
  const short = new TextEncoder().encode(name)
  const full = new Uint8Array(short.byteLength + tail.byteLength)
  full.set(short)
  full.set(tail, short.byteLength)
  return { short, full }
}

/** Constants of both sides: the name alone keys the digests in C1 and S1, name and tail those in C2 and S2. */
export const CLIENT_KEY = genuineKey('Genuine Adobe Flash Player 001')
export const SERVER_KEY = genuineKey('Genuine Adobe Flash Media Server 001')

/** Offset of the digest within C1 or S1: a sum of four bytes, kept inside the half that the scheme gives it. */
export function digestOffset(packet: Uint8Array, scheme: DigestScheme): number {
  const base = scheme === 0 ? 8 : 772
  let sum = 0
  for (let i = 0; i < 4; i++) sum += packet[base + i] ?? 0
  return base + 4 + (sum % 728)
}

/** The digest of C1 or S1: HMAC over everything but the digest's own 32 bytes. */
export function packetDigest(crypto: RtmpCrypto, key: Uint8Array, packet: Uint8Array, offset: number): Uint8Array {
  const message = new Uint8Array(HANDSHAKE_SIZE - DIGEST_SIZE)
  message.set(packet.subarray(0, offset))
  message.set(packet.subarray(offset + DIGEST_SIZE, HANDSHAKE_SIZE), offset)
  return crypto.hmacSha256(key, message)
}

/** Finds which scheme the peer used; `undefined` where its packet carries no valid digest. */
export function findDigest(
  crypto: RtmpCrypto,
  key: Uint8Array,
  packet: Uint8Array,
): { readonly scheme: DigestScheme; readonly digest: Uint8Array } | undefined {
  for (const scheme of [0, 1] as const) {
    const offset = digestOffset(packet, scheme)
    const digest = packet.subarray(offset, offset + DIGEST_SIZE)
    if (sameBytes(digest, packetDigest(crypto, key, packet, offset))) return { scheme, digest }
  }
  return undefined
}

/** Writes the digest into a C1 or S1 that is complete but for it. */
export function signPacket(crypto: RtmpCrypto, key: Uint8Array, packet: Uint8Array, scheme: DigestScheme): void {
  const offset = digestOffset(packet, scheme)
  packet.set(packetDigest(crypto, key, packet, offset), offset)
}

/** C2 or S2: random bytes signed under a key derived from the digest that the peer sent. */
export function answerPacket(crypto: RtmpCrypto, fullKey: Uint8Array, peerDigest: Uint8Array): Uint8Array {
  const packet = new Uint8Array(HANDSHAKE_SIZE)
  const random = crypto.randomBytes(HANDSHAKE_SIZE - DIGEST_SIZE)
  packet.set(random)
  packet.set(crypto.hmacSha256(crypto.hmacSha256(fullKey, peerDigest), random), random.byteLength)
  return packet
}
