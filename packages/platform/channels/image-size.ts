import type { ImageKind } from './image.ts'

export interface ImageSize {
  readonly width: number
  readonly height: number
}

/**
 * Pixels of an image by its header, without decoding it: a file of a few bytes may declare a picture that takes gigabytes to
 * show. Undefined where the header is cut off or says nothing.
 */
export function imageSize(kind: ImageKind, bytes: Uint8Array): ImageSize | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  try {
    return sizeOf(kind, view)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function sizeOf(kind: ImageKind, view: DataView): ImageSize | undefined {
  switch (kind) {
    case 'png':
      return sizeOfPng(view)
    case 'jpeg':
      return sizeOfJpeg(view)
    case 'webp':
      return sizeOfWebp(view)
    case 'avif':
      break
  }
  return sizeOfAvif(view)
}

/** PNG (third edition), 11.2.1: IHDR comes first, after 8 bytes of signature, 4 of length, 4 of type. */
function sizeOfPng(view: DataView): ImageSize | undefined {
  if (fourCc(view, 12) !== 'IHDR') return undefined
  return { width: view.getUint32(16), height: view.getUint32(20) }
}

/**
 * ITU-T T.81, B.1.1.4 and B.2.2: segments up to the frame header.
 *
 *   FF Cn | length 16 | precision 8 | lines 16 | samples a line 16 | …
 */
function sizeOfJpeg(view: DataView): ImageSize | undefined {
  for (let at = 2; ; ) {
    if (view.getUint8(at) !== 0xff) return undefined
    const marker = view.getUint8(at + 1)
    // Fill bytes may stand before any marker (B.1.1.2).
    if (marker === 0xff) {
      at++
      continue
    }
    // SOF0 to SOF15 without DHT, JPG and DAC.
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker))
      return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) }
    // The scan begins, or the image ends, and no frame header has come.
    if (marker === 0xda || marker === 0xd9) return undefined
    at += 2 + view.getUint16(at + 2)
  }
}

/** RFC 9649, 2.5 to 2.7: a RIFF file whose first chunk is lossy, lossless or extended. */
function sizeOfWebp(view: DataView): ImageSize | undefined {
  const first = fourCc(view, 12)
  // RFC 6386, 9.1: three bytes of frame tag, the start code 9D 01 2A, then 14 bits each, scaling above them.
  if (first === 'VP8 ') return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff }
  // RFC 9649, 3.4: the signature 2F, then 14 bits each, less one.
  if (first === 'VP8L') {
    const bits = view.getUint32(21, true)
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 }
  }
  // RFC 9649, 2.7.1: 24 bits each, less one.
  if (first === 'VP8X') return { width: uint24(view, 24) + 1, height: uint24(view, 27) + 1 }
  return undefined
}

/** ISO 23008-12, 6.5.3: the largest of the `ispe` properties in meta/iprp/ipco; a grid has one beside those of its tiles. */
function sizeOfAvif(view: DataView): ImageSize | undefined {
  let largest: ImageSize | undefined
  for (const meta of boxes(view, 'meta', 0, view.byteLength)) {
    // A full box: version and flags before its children.
    for (const iprp of boxes(view, 'iprp', meta.from + 4, meta.to)) {
      for (const ipco of boxes(view, 'ipco', iprp.from, iprp.to)) {
        for (const ispe of boxes(view, 'ispe', ipco.from, ipco.to)) {
          const size = { width: view.getUint32(ispe.from + 4), height: view.getUint32(ispe.from + 8) }
          if (largest === undefined || size.width * size.height > largest.width * largest.height) largest = size
        }
      }
    }
  }
  return largest
}

/** Contents of the boxes of a type, in order (ISO 14496-12, 4.2.2). */
function* boxes(view: DataView, type: string, from: number, to: number): Generator<{ from: number; to: number }> {
  for (let at = from; at + 8 <= to; ) {
    const size = view.getUint32(at)
    // 0 is "to the end of the file"; 64-bit sizes are for media, not for headers of images.
    const end = size === 0 ? to : at + size
    if (end > to || end < at + 8) return
    if (fourCc(view, at + 4) === type) yield { from: at + 8, to: end }
    at = end
  }
}

function fourCc(view: DataView, at: number): string {
  return String.fromCharCode(view.getUint8(at), view.getUint8(at + 1), view.getUint8(at + 2), view.getUint8(at + 3))
}

function uint24(view: DataView, at: number): number {
  return view.getUint16(at, true) | (view.getUint8(at + 2) << 16)
}
