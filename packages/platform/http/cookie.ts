/** Value of a cookie in a `Cookie` header (RFC 6265, 5.4); the first where several have the name. */
export function readCookie(header: string | undefined, name: string): string | undefined {
  for (const pair of header?.split(';') ?? []) {
    const equals = pair.indexOf('=')
    if (equals >= 0 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim()
  }
  return undefined
}

/**
 * A `Set-Cookie` value that scripts cannot read and other sites cannot send.
 * @param value characters that need no quoting only
 * @param maxAge seconds; 0 takes the cookie away
 */
export function printCookie(
  name: string,
  value: string,
  { maxAge, secure }: { maxAge: number; secure: boolean },
): string {
  return `${name}=${value}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`
}
