import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import { AppError } from './error.ts'
import type { Settings } from './settings/schema.ts'
import { whyUnread } from './settings/unread.ts'

/** What HTTPS needs, both in PEM form. */
export interface Tls {
  readonly cert: Buffer
  readonly key: Buffer
}

/**
 * Reads certificate and key and makes sure that they belong together. Nothing of the key gets into a message.
 *
 * @returns undefined when the settings name none
 * @throws AppError `bad-setting`, saying which of the two files is wrong, and why
 */
export async function readTls({ tlsCert, tlsKey }: Pick<Settings, 'tlsCert' | 'tlsKey'>): Promise<Tls | undefined> {
  if (tlsCert === undefined || tlsKey === undefined) return undefined
  const cert = await read(`certificate ${tlsCert}`, tlsCert)
  const key = await read(`key ${tlsKey}`, tlsKey)
  let certificate: X509Certificate
  let secret: KeyObject
  try {
    certificate = new X509Certificate(cert)
  } catch (cause) {
    throw new AppError('bad-setting', `certificate ${tlsCert} cannot be used: it holds no certificate (PEM)`, cause)
  }
  try {
    secret = createPrivateKey(key)
  } catch (cause) {
    const needed = 'it holds no private key (PEM, without a passphrase)'
    throw new AppError('bad-setting', `key ${tlsKey} cannot be used: ${needed}`, cause)
  }
  if (!certificate.checkPrivateKey(secret)) {
    throw new AppError('bad-setting', `key ${tlsKey} is not the key of certificate ${tlsCert}`)
  }
  try {
    createSecureContext({ cert, key })
  } catch (cause) {
    throw new AppError('bad-setting', `certificate ${tlsCert} cannot be used: ${(cause as Error).message}`, cause)
  }
  return { cert, key }
}

/** ms between two looks at the files: events of the file system miss a link or a mount that takes their place. */
const LOOK_MS = 60_000

export interface TlsWatchOptions {
  readonly everyMs?: number
  /** There is another certificate, with its key. */
  onRenewed(tls: Tls): void
  /** What is there now cannot be used; told once for the same reason. */
  onFault(error: Error): void
}

/**
 * Looks from time to time whether certificate and key have been renewed.
 *
 * @param current as read at the start
 */
export function watchTls(
  settings: Pick<Settings, 'tlsCert' | 'tlsKey'>,
  current: Tls,
  { everyMs = LOOK_MS, onRenewed, onFault }: TlsWatchOptions,
): { look(): Promise<void>; close(): void } {
  let used = current
  let fault: string | undefined
  let looking: Promise<void> | undefined

  async function compare(): Promise<void> {
    try {
      const found = await readTls(settings)
      const isOther = found !== undefined && !(found.cert.equals(used.cert) && found.key.equals(used.key))
      if (isOther) {
        onRenewed(found)
        used = found
      }
      fault = undefined
    } catch (error) {
      const { message } = error as Error
      if (message !== fault) onFault(error as Error)
      fault = message
    }
  }

  /** One at a time, for a disk may hang. */
  function look(): Promise<void> {
    looking ??= compare().finally(() => {
      looking = undefined
    })
    return looking
  }

  const timer = setInterval(() => void look(), everyMs).unref()
  return { look, close: () => clearInterval(timer) }
}

async function read(what: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (cause) {
    throw new AppError('bad-setting', `${what} cannot be read: ${whyUnread(cause as NodeJS.ErrnoException)}`, cause)
  }
}
