/** Bytes of annotated hex: what stands behind `|` on a line is a comment. */
export function fromHex(text: string): Uint8Array {
  const digits = text.replace(/\|.*$/gm, '').replace(/\s+/g, '')
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16))
}
