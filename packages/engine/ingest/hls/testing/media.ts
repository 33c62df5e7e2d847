import { readFileSync } from 'node:fs'
import { readClip } from '@bandstand/media/containers/isobmff/fixtures/clip.ts'
import { writeFragment } from '@bandstand/media/containers/isobmff/fragment.ts'
import { writeInitSegment } from '@bandstand/media/containers/isobmff/init.ts'

export const clip = readClip(
  readFileSync(new URL(import.meta.resolve('@bandstand/media/containers/isobmff/fixtures/clip.flv'))),
)

/** EXT-X-MAP of pictures, and of sound. */
export const pictureInit = writeInitSegment(1, clip.video)
export const soundInit = writeInitSegment(2, clip.audio)

/** Pictures in one second. */
export const PICTURES = 30

/** The second number `index` of pictures, beginning with a key frame; any number, also with a fraction. */
export function pictureSegment(index: number): Uint8Array {
  const from = (Math.floor(index) % 3) * PICTURES
  const samples = clip.pictures.slice(from, from + PICTURES)
  return writeFragment({ sequence: 1, track: 1, baseDecodeTime: Math.round(index * 90_000), samples })
}

/** A third of the second number `index` of pictures. */
export function picturePart(index: number, third: number): Uint8Array {
  const from = (index % 3) * PICTURES + third * 10
  const baseDecodeTime = index * 90_000 + third * 30_000
  return writeFragment({ sequence: 1, track: 1, baseDecodeTime, samples: clip.pictures.slice(from, from + 10) })
}

/** A little less than a second of sound. */
export function soundSegment(index: number): Uint8Array {
  return writeFragment({ sequence: 1, track: 2, baseDecodeTime: index * 47 * 1024, samples: clip.frames.slice(0, 47) })
}

/** A media playlist of one-second segments `s{from}.m4s` to `s{to}.m4s` (exclusive). */
export function mediaPlaylist(
  from: number,
  to: number,
  more: { readonly end?: boolean; readonly sequence?: number } = {},
): string {
  const lines = [
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    '#EXT-X-TARGETDURATION:1',
    `#EXT-X-MEDIA-SEQUENCE:${more.sequence ?? from}`,
  ]
  lines.push('#EXT-X-MAP:URI="init.mp4"')
  for (let i = from; i < to; i++) lines.push('#EXTINF:1.000,', `s${i}.m4s`)
  if (more.end === true) lines.push('#EXT-X-ENDLIST')
  return `${lines.join('\n')}\n`
}
