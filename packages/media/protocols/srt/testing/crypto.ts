import { createCipheriv, createDecipheriv, createHmac, pbkdf2Sync } from 'node:crypto'
import type { SrtCrypto } from '../crypto.ts'
import { createRandom } from './random.ts'

const WRAP_IV = Buffer.alloc(8, 0xa6)

/** Real cryptography for tests, its randomness seeded. */
export function testCrypto(seed = 1): SrtCrypto {
  const random = createRandom(seed)
  return {
    hmacSha256: (key, data) => createHmac('sha256', key).update(data).digest(),
    deriveKey: (passphrase, salt, length) => pbkdf2Sync(passphrase, salt, 2048, length, 'sha1'),
    wrapKey(kek, keys) {
      const cipher = createCipheriv(`id-aes${kek.byteLength * 8}-wrap`, kek, WRAP_IV)
      return Buffer.concat([cipher.update(keys), cipher.final()])
    },
    unwrapKey(kek, wrapped) {
      try {
        const cipher = createDecipheriv(`id-aes${kek.byteLength * 8}-wrap`, kek, WRAP_IV)
        return Buffer.concat([cipher.update(wrapped), cipher.final()])
      } catch {
        return undefined
      }
    },
    aesCtr: (key, iv, data) => createCipheriv(`aes-${key.byteLength * 8}-ctr`, key, iv).update(data),
    randomBytes: (length) => Uint8Array.from({ length }, () => random() * 256),
  }
}
