const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** Bytes of Base64 (RFC 4648 §4), also of such without its padding; `undefined` for everything else. */
export function fromBase64(text: string): Uint8Array | undefined {
  const bare = text.length % 4 === 0 ? text.replace(/={1,2}$/, '') : text
  if (bare.length % 4 === 1) return undefined
  const out = new Uint8Array(Math.floor((bare.length * 3) / 4))
  let length = 0
  let bits = 0
  let known = 0
  for (const character of bare) {
    const value = ALPHABET.indexOf(character)
    if (value === -1) return undefined
    bits = ((bits << 6) | value) & 0xfff
    known += 6
    if (known >= 8) {
      known -= 8
      out[length++] = bits >> known
    }
  }
  return out
}
