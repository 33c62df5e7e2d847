import { readFileSync } from 'node:fs'
import { AUDIO_TRACK, VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { concatBytes } from '@bandstand/media/bytes/bytes.ts'
import { readClip } from '@bandstand/media/containers/isobmff/fixtures/clip.ts'
import { writeFragment } from '@bandstand/media/containers/isobmff/fragment.ts'
import { writeInitSegment } from '@bandstand/media/containers/isobmff/init.ts'
import { createTsMuxer } from '@bandstand/media/containers/mpegts/muxer.ts'

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

/** The second number `index` of pictures and sound, as a segment of MPEG-TS. */
export function transportSegment(index: number): Uint8Array {
  const muxer = createTsMuxer()
  muxer.begin([
    { track: VIDEO_TRACK, config: clip.video },
    { track: AUDIO_TRACK, config: clip.audio },
  ])
  const from = (index % 3) * PICTURES
  const pieces = clip.pictures.slice(from, from + PICTURES).map(({ data, key, compositionOffset }, i) => {
    const dts = 900_000 + index * 90_000 + i * 3_000
    return muxer.write({ track: VIDEO_TRACK, dts, pts: dts + compositionOffset + 6_000, key, data })
  })
  const sound = clip.frames.slice(0, 46).map(({ data }, i) => {
    const dts = 480_000 + index * 48_000 + i * 1_024
    return muxer.write({ track: AUDIO_TRACK, dts, pts: dts, key: true, data })
  })
  return concatBytes([...pieces, ...sound])
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
