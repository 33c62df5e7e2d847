import { X509Certificate } from 'node:crypto'
import { readTls, type Tls, watchTls } from '../tls.ts'
import type { Begun } from './begun.ts'

/** The one certificate of the server, which is renewed while it runs. */
export interface Certificate {
  /** As read at the start. */
  readonly first: Tls
  /** Each time that the files hold another one. */
  onRenewed(use: (tls: Tls) => void): void
}

/** @returns undefined when the settings name none. @throws AppError `bad-setting` */
export async function openCertificate({ settings, log, started }: Begun): Promise<Certificate | undefined> {
  const first = await readTls(settings)
  if (first === undefined) return undefined
  const users: ((tls: Tls) => void)[] = []
  const watch = watchTls(settings, first, {
    onRenewed(renewed) {
      for (const use of users) use(renewed)
      log.info({ validTo: new X509Certificate(renewed.cert).validTo }, 'the certificate was renewed')
    },
    onFault: ({ message }) => log.warn({ error: message }, 'the certificate before stays in use'),
  })
  started.defer(() => watch.close())
  return { first, onRenewed: (use) => void users.push(use) }
}
