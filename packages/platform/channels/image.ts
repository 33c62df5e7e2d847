/** Kinds of image that are taken, by what their bytes say; the name of a file or a header proves nothing. */
export type ImageKind = 'png' | 'jpeg' | 'webp' | 'avif'

export const IMAGE_TYPES: Readonly<Record<ImageKind, string>> = {
  png: 'image/png',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  avif: 'image/avif',
}

const PNG = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)
const JPEG = Uint8Array.of(0xff, 0xd8, 0xff)

/** The kind of image that these bytes begin, or undefined (WHATWG MIME Sniffing, 6.1; AVIF 1.1, 6.1 for its brands). */
export function sniffImage(bytes: Uint8Array): ImageKind | undefined {
  if (startsWith(bytes, PNG)) return 'png'
  if (startsWith(bytes, JPEG)) return 'jpeg'
  if (ascii(bytes, 0, 4) === 'RIFF' && ascii(bytes, 8, 12) === 'WEBP') return 'webp'
  if (ascii(bytes, 4, 8) === 'ftyp' && isAvif(bytes)) return 'avif'
  return undefined
}

/** ISO 14496-12, 4.3: size, `ftyp`, major brand, minor version, compatible brands. */
function isAvif(bytes: Uint8Array): boolean {
  if (bytes.length < 16) return false
  const size = Math.min(new DataView(bytes.buffer, bytes.byteOffset).getUint32(0), bytes.length, 256)
  for (let at = 8; at + 4 <= size; at += 4) {
    const brand = ascii(bytes, at, at + 4)
    if (at !== 12 && (brand === 'avif' || brand === 'avis')) return true
  }
  return false
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return bytes.length > prefix.length && prefix.every((byte, i) => bytes[i] === byte)
}

function ascii(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, to))
}
