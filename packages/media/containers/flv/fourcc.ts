import type { AudioCodec, VideoCodec } from '../../track.ts'

/** FourCCs of Enhanced RTMP v2 (enums `VideoFourCc`, `AudioFourCc`). */
export const videoFourCcs: Readonly<Record<VideoCodec, string>> = {
  h264: 'avc1',
  hevc: 'hvc1',
  av1: 'av01',
  vp9: 'vp09',
  vp8: 'vp08',
}
export const audioFourCcs: Readonly<Record<AudioCodec, string>> = {
  aac: 'mp4a',
  opus: 'Opus',
  ac3: 'ac-3',
  eac3: 'ec-3',
  flac: 'fLaC',
  mp3: '.mp3',
}

/** Looked up by the four bytes as a number: no string is made for each frame. */
export const videoCodecs: ReadonlyMap<number, VideoCodec> = byNumber(videoFourCcs)
export const audioCodecs: ReadonlyMap<number, AudioCodec> = byNumber(audioFourCcs)

/** What is registered or seen and not carried here, by name. */
const foreign: Readonly<Record<string, string>> = {
  vvc1: 'H.266 (VVC)',
  hev1: 'H.265 with parameter sets in the stream (hev1)',
  apch: 'ProRes',
}

/** The four bytes of a FourCC as the number that they are on the wire. */
export function fourCcNumber(text: string): number {
  let value = 0
  for (let i = 0; i < 4; i++) value = (value << 8) | text.charCodeAt(i)
  return value >>> 0
}

/** Name for people of a FourCC that is not carried. */
export function foreignName(fourCc: number): string {
  const text = String.fromCharCode(fourCc >>> 24, (fourCc >> 16) & 255, (fourCc >> 8) & 255, fourCc & 255)
  return foreign[text] ?? `FourCC ${text.replaceAll(/[^\x20-\x7e]/g, '?')}`
}

function byNumber<Codec extends string>(fourCcs: Readonly<Record<Codec, string>>): Map<number, Codec> {
  return new Map((Object.entries(fourCcs) as [Codec, string][]).map(([codec, text]) => [fourCcNumber(text), codec]))
}
