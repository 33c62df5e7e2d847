import { randomBytes } from 'node:crypto'
import type { Secrets } from '../access/secrets.ts'

/** A browser that has signed in: its id, and a digest that only this server makes. Nothing is stored. */
export function createDevice(secrets: Secrets): string {
  const id = randomBytes(16).toString('base64url')
  return `${id}.${secrets.digest('device', id)}`
}

/** Id of the browser that a token of ours stands for, or undefined. */
export function readDevice(token: string | undefined, secrets: Secrets): string | undefined {
  const [id = '', digest = ''] = token?.split('.', 2) ?? []
  return secrets.verify('device', id, digest) ? id : undefined
}
