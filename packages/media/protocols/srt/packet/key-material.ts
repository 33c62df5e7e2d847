import { MediaError } from '../../../error.ts'
import { readU16, readU32 } from './header.ts'

/** Which of the two keys: bits, both may be set. */
export const KEY = { even: 1, odd: 2 } as const
export const CIPHER = { none: 0, aesEcb: 1, aesCtr: 2, aesGcm: 3 } as const

/**
 * Key Material (§3.2.2), in the handshake and, for a key refresh, in a control packet of its own.
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |S|  V  |   PT  |              Sign             |   Resv1   | KK|
 *     |                              KEKI                             |
 *     |     Cipher    |      Auth     |       SE      |     Resv2     |
 *     |             Resv3             |     SLen/4    |     KLen/4    |
 *     |                              Salt                             |
 *     |                  ICV, then even key, then odd key             |
 */
export interface KeyMaterial {
  /** Bits of `KEY`: which keys are in it. */
  readonly keys: number
  readonly cipher: number
  readonly salt: Uint8Array
  /** Bytes of one key: 16, 24 or 32. */
  readonly keyLength: number
  /** Wrapped by RFC 3394: 8 bytes more than the keys. */
  readonly wrapped: Uint8Array
}

const SIGN = 0x2029
const SALT_BYTES = 16
const ICV_BYTES = 8

/** Unknown ciphers are for the caller to refuse. @throws MediaError `truncated`, `malformed` */
export function parseKeyMaterial(bytes: Uint8Array): KeyMaterial {
  if (bytes.byteLength < 16) throw new MediaError('truncated', 'srt: key material is cut off')
  const keys = (bytes[3] as number) & 3
  const [saltLength, keyLength] = [4 * (bytes[14] as number), 4 * (bytes[15] as number)]
  if (bytes[0] !== 0x12 || readU16(bytes, 1) !== SIGN || keys === 0) throw malformed('has no such beginning')
  if (readU32(bytes, 4) !== 0) throw malformed('names a key that nobody knows')
  if (saltLength !== SALT_BYTES) throw malformed(`has a salt of ${saltLength} bytes`)
  if (keyLength !== 16 && keyLength !== 24 && keyLength !== 32) throw malformed(`has keys of ${keyLength} bytes`)
  const end = 16 + SALT_BYTES + ICV_BYTES + keyLength * (keys === 3 ? 2 : 1)
  if (bytes.byteLength < end) throw new MediaError('truncated', 'srt: key material is cut off')
  return {
    keys,
    cipher: bytes[8] as number,
    salt: bytes.slice(16, 16 + SALT_BYTES),
    keyLength,
    wrapped: bytes.slice(16 + SALT_BYTES, end),
  }
}

export function writeKeyMaterial({ keys, cipher, salt, keyLength, wrapped }: KeyMaterial): Uint8Array {
  const bytes = new Uint8Array(16 + salt.byteLength + wrapped.byteLength)
  // Stream encapsulation 2: SRT with MPEG-TS.
  bytes.set([0x12, SIGN >> 8, SIGN & 0xff, keys, 0, 0, 0, 0, cipher, 0, 2, 0, 0, 0, salt.byteLength / 4, keyLength / 4])
  bytes.set(salt, 16)
  bytes.set(wrapped, 16 + salt.byteLength)
  return bytes
}

function malformed(what: string): MediaError {
  return new MediaError('malformed', `srt: key material ${what}`)
}
