import type { SrtCrypto } from '../crypto.ts'
import { readU32 } from '../packet/header.ts'

/**
 * Cookies by which a caller shows that it is where it says (§4.3.1.1). They are made of the address and a secret, so
 * that nothing is kept of those who have not shown it yet.
 */
export interface Cookies {
  /** @param source address and port. @param now ms */
  make(source: string, now: number): number
  /** In constant time: of 32 bits, there is nothing to be learnt of them one by one. */
  check(source: string, cookie: number, now: number): boolean
}

/** @param secret random, of this process. @param periodMs a cookie is good for what is left of it and for the next one */
export function createCookies(crypto: Pick<SrtCrypto, 'hmacSha256'>, secret: Uint8Array, periodMs: number): Cookies {
  const text = new TextEncoder()
  const of = (source: string, period: number) =>
    readU32(crypto.hmacSha256(secret, text.encode(`${period} ${source}`)), 0)
  return {
    make: (source, now) => of(source, Math.floor(now / periodMs)),
    check(source, cookie, now) {
      const period = Math.floor(now / periodMs)
      return (of(source, period) ^ cookie) === 0 || (of(source, period - 1) ^ cookie) === 0
    },
  }
}
