/** What the handshake needs from its owner: sessions have no randomness and no cryptography of their own. */
export interface RtmpCrypto {
  /** HMAC-SHA256 of `data` under `key`, 32 bytes. */
  hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array
  /** `length` bytes; they need not be secret. */
  randomBytes(length: number): Uint8Array
}
