import { createHmac, randomBytes } from 'node:crypto'
import type { RtmpCrypto } from '@bandstand/media/protocols/rtmp/handshake/crypto.ts'

/** Handshake cryptography on Node. */
export const nodeCrypto: RtmpCrypto = {
  hmacSha256: (key, data) => createHmac('sha256', key).update(data).digest(),
  randomBytes: (length) => randomBytes(length),
}
