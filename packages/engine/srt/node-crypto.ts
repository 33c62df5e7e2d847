import { createCipheriv, createDecipheriv, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import type { SrtCrypto } from '@bandstand/media/protocols/srt/crypto.ts'

/** Default initial value of the key wrap (RFC 3394 §2.2.3.1). */
const WRAP_IV = Buffer.alloc(8, 0xa6)
const ITERATIONS = 2048

/** SRT's cryptography on Node. */
export const nodeCrypto: SrtCrypto = {
  hmacSha256: (key, data) => createHmac('sha256', key).update(data).digest(),
  // Some 0.5 ms, and only for callers that have shown their address, of which there are so many a second.
  deriveKey: (passphrase, salt, length) => pbkdf2Sync(passphrase, salt, ITERATIONS, length, 'sha1'),
  wrapKey(kek, keys) {
    const cipher = createCipheriv(`id-aes${kek.byteLength * 8}-wrap`, kek, WRAP_IV)
    return Buffer.concat([cipher.update(keys), cipher.final()])
  },
  unwrapKey(kek, wrapped) {
    const decipher = createDecipheriv(`id-aes${kek.byteLength * 8}-wrap`, kek, WRAP_IV)
    try {
      return Buffer.concat([decipher.update(wrapped), decipher.final()])
    } catch {
      return undefined
    }
  },
  aesCtr: (key, iv, data) => createCipheriv(`aes-${key.byteLength * 8}-ctr`, key, iv).update(data),
  randomBytes: (length) => randomBytes(length),
}
