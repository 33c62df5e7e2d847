import { randomBytes, randomInt, scrypt, timingSafeEqual } from 'node:crypto'

/** scrypt (RFC 7914): N = 2^15, r = 8, p = 1 takes 32 MB and about 80 ms, once per sign-in. */
export const PASSWORD_COST = 15
const BLOCK = 8
const LENGTH = 32

function derive(password: string, salt: Uint8Array, cost: number, block: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const options = { N: 2 ** cost, r: block, p: 1, maxmem: 128 * 2 ** cost * block * 2 }
    // NFKC: the same password typed on another keyboard (RFC 8265, 4.2.2 uses NFC; NFKC is kinder and no weaker here).
    scrypt(password.normalize('NFKC'), salt, LENGTH, options, (error, key) => (error ? reject(error) : resolve(key)))
  })
}

/**
 * `scrypt$cost$block$salt$hash`, base64url: old ones stay readable when the cost is raised.
 *
 * @param cost logarithm of N
 */
export async function hashPassword(password: string, cost = PASSWORD_COST): Promise<string> {
  const salt = randomBytes(16)
  const key = await derive(password, salt, cost, BLOCK)
  return ['scrypt', cost, BLOCK, salt.toString('base64url'), key.toString('base64url')].join('$')
}

/** Whether this is the password; false also for a hash that is not one. Takes as long for a wrong password as for the right one. */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  const [scheme, cost, block, salt, expected] = hash.split('$')
  if (scheme !== 'scrypt' || salt === undefined || expected === undefined) return false
  if (!(Number(cost) >= 10 && Number(cost) <= 20 && Number(block) >= 1 && Number(block) <= 16)) return false
  const key = await derive(password, Buffer.from(salt, 'base64url'), Number(cost), Number(block))
  const stored = Buffer.from(expected, 'base64url')
  return stored.length === key.length && timingSafeEqual(stored, key)
}

/** Letters and digits that nobody mistakes for another. */
const LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789'

function letters(count: number): string {
  return Array.from({ length: count }, () => LETTERS[randomInt(LETTERS.length)]).join('')
}

/** A password to show once: 99 bits, `k3mzp-…` in four groups. */
export function generatePassword(): string {
  return [letters(5), letters(5), letters(5), letters(5)].join('-')
}

/** A password and what is stored of it. */
export interface MadePassword {
  readonly password: string
  readonly hash: string
}

/** Hashes a password, a new one where none is given. @param cost logarithm of N */
export async function makePassword(given?: string, cost?: number): Promise<MadePassword> {
  const password = given ?? generatePassword()
  return { password, hash: await hashPassword(password, cost) }
}

/** A stream key: 138 bits, no character that an encoder or an address would need to escape. */
export function generateStreamKey(): string {
  return letters(28)
}
