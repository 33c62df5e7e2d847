import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto'
import { open, readFile } from 'node:fs/promises'
import { PlatformError } from '../error.ts'

/** What a digest is for: digests of the same text for two purposes have nothing in common. */
export type Purpose =
  | 'stream-key'
  | 'session'
  | 'device'
  | 'chat-token'
  | 'address'
  | 'setting'
  | 'signed-key'
  | 'check'

/** Everything that hangs on the instance's one secret. */
export interface Secrets {
  /** HMAC-SHA256 under a key of its purpose, 43 characters base64url. */
  digest(purpose: Purpose, text: string): string
  /** Compares in constant time. */
  verify(purpose: Purpose, text: string, digest: string): boolean
  /** AES-256-GCM; `bound` (an id) must be given again to open it, so that rows cannot be swapped. */
  seal(text: string, bound: string): string
  /** @throws PlatformError `secret` when it was sealed otherwise or changed */
  unseal(sealed: string, bound: string): string
}

const IV_LENGTH = 12
const TAG_LENGTH = 16

/** @param secret at least 32 random bytes */
export function createSecrets(secret: Uint8Array): Secrets {
  const derive = (name: string) => createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', `bandstand ${name}`, 32)))
  const keys = new Map<Purpose, ReturnType<typeof derive>>()
  const sealing = derive('seal')
  const digest = (purpose: Purpose, text: string) => {
    let key = keys.get(purpose)
    if (key === undefined) keys.set(purpose, (key = derive(`digest ${purpose}`)))
    return createHmac('sha256', key).update(text).digest('base64url')
  }
  return {
    digest,
    verify(purpose, text, given) {
      const expected = Buffer.from(digest(purpose, text))
      const actual = Buffer.from(given)
      return expected.length === actual.length && timingSafeEqual(expected, actual)
    },
    seal(text, bound) {
      const iv = randomBytes(IV_LENGTH)
      const cipher = createCipheriv('aes-256-gcm', sealing, iv).setAAD(Buffer.from(bound))
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      return Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64url')
    },
    unseal(sealed, bound) {
      const bytes = Buffer.from(sealed, 'base64url')
      try {
        const decipher = createDecipheriv('aes-256-gcm', sealing, bytes.subarray(0, IV_LENGTH), {
          authTagLength: TAG_LENGTH,
        })
        decipher.setAAD(Buffer.from(bound)).setAuthTag(bytes.subarray(IV_LENGTH, IV_LENGTH + TAG_LENGTH))
        return decipher.update(bytes.subarray(IV_LENGTH + TAG_LENGTH), undefined, 'utf8') + decipher.final('utf8')
      } catch (cause) {
        throw new PlatformError('secret', 'a stored secret cannot be read with this data/secret', {}, cause)
      }
    },
  }
}

/**
 * Reads the instance's secret, made at the first start and readable by its owner alone.
 * @throws PlatformError `secret` when the file is there but not a secret, `data-folder` when it can be neither read nor made
 */
export async function loadSecret(path: string): Promise<Uint8Array> {
  const known = await readSecret(path)
  if (known !== undefined) return known
  const secret = randomBytes(32)
  try {
    const file = await open(path, 'wx', 0o600)
    try {
      await file.writeFile(`${secret.toString('hex')}\n`)
      // What is encrypted with it must not outlive it.
      await file.sync()
    } finally {
      await file.close()
    }
  } catch (cause) {
    throw new PlatformError('data-folder', `${path} cannot be written`, {}, cause)
  }
  return secret
}

/**
 * Reads the instance's secret, where there is one.
 * @throws PlatformError `secret` when the file is not one, `data-folder` when it cannot be read
 */
export async function readSecret(path: string): Promise<Uint8Array | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new PlatformError('data-folder', `${path} cannot be read`, {}, error)
  }
  return parseSecret(text, path)
}

function parseSecret(text: string, path: string): Uint8Array {
  if (!/^[0-9a-f]{64}\s*$/.test(text)) throw new PlatformError('secret', `${path} is damaged; restore it from a backup`)
  return Buffer.from(text.trim(), 'hex')
}
