/** Cryptography of SRT (§6), as an argument. */
export interface SrtCrypto {
  /** For cookies. @returns 32 bytes */
  hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array
  /** PBKDF2 with HMAC-SHA1 and 2048 iterations (§6.1.4). @param length bytes */
  deriveKey(passphrase: string, salt: Uint8Array, length: number): Uint8Array
  /** AES key wrap (RFC 3394) with the default initial value. */
  wrapKey(kek: Uint8Array, keys: Uint8Array): Uint8Array
  /** @returns `undefined` where the integrity check says that the key is another */
  unwrapKey(kek: Uint8Array, wrapped: Uint8Array): Uint8Array | undefined
  /** AES in counter mode: encrypts and decrypts. @param iv 16 bytes. @returns new bytes */
  aesCtr(key: Uint8Array, iv: Uint8Array, data: Uint8Array): Uint8Array
  randomBytes(length: number): Uint8Array
}
