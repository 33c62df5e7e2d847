import { BROUGHT_TRACKS, FURTHER_SOUNDS } from '@bandstand/media/access-unit.ts'
import type { ColorInfo } from '@bandstand/media/containers/flv/color-info.ts'
import { type Amf0Object, isAmf0Object } from '@bandstand/media/protocols/rtmp/amf0/value.ts'
import type { AnnouncedTracks } from '../../ports.ts'
import type { RtmpListenerLimits } from './limits.ts'

/** What an encoder says of its stream in `onMetaData`, as plain facts; nested values are left out, all is bounded. */
export function factsFromMetadata(
  values: Amf0Object,
  limits: RtmpListenerLimits,
): Readonly<Record<string, string | number | boolean>> {
  const facts: [string, string | number | boolean][] = []
  for (const [name, value] of values) {
    if (facts.length === limits.facts) break
    if (name.length > limits.factLength) continue
    if (typeof value === 'string') facts.push([name, value.slice(0, limits.factLength)])
    else if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value)))
      facts.push([name, value])
  }
  return Object.fromEntries(facts)
}

/**
 * Which tracks the metadata announces. `undefined` when it names neither codec: then nothing is known.
 * Encoders give numbers (7, 10), names (`avc1`, `mp4a`) or FourCCs as numbers; any of them says that the track comes.
 */
export function announcedTracks(values: Amf0Object): AnnouncedTracks | undefined {
  const video = values.get('videocodecid')
  const audio = values.get('audiocodecid')
  if (video === undefined && audio === undefined) return undefined
  const brought = Math.min(furtherTracks(values, 'video').length, BROUGHT_TRACKS.most)
  const furtherSounds = Math.min(furtherTracks(values, 'audio').length, FURTHER_SOUNDS.most)
  return {
    ...{ video: isCodec(video), audio: isCodec(audio) },
    ...(brought > 0 && { brought }),
    ...(furtherSounds > 0 && { furtherSounds }),
  }
}

/** Bits a second of further tracks of pictures, by the encoder's number (Enhanced RTMP v2, `videoTrackIdInfoMap`). */
export function trackBitrates(values: Amf0Object): ReadonlyMap<number, number> {
  const bitrates = new Map<number, number>()
  for (const [track, info] of furtherTracks(values, 'video')) {
    const kbits = info.get('videodatarate')
    if (typeof kbits === 'number' && kbits > 0 && kbits < 1e6) bitrates.set(track, Math.round(kbits * 1000))
  }
  return bitrates
}

function furtherTracks(values: Amf0Object, kind: 'video' | 'audio'): (readonly [number, Amf0Object])[] {
  const map = values.get(`${kind}TrackIdInfoMap`)
  if (!isAmf0Object(map)) return []
  return [...map].flatMap(([name, info]) => {
    const track = Number(name)
    return /^\d{1,3}$/.test(name) && track > 0 && track < 256 && isAmf0Object(info) ? [[track, info] as const] : []
  })
}

/** What an encoder says of the colours of its pictures. */
export function factsFromColorInfo(info: ColorInfo): Readonly<Record<string, string | number>> {
  const { chromaticity: _, ...numbers } = info
  const { transferCharacteristics } = info
  // ITU-T H.273: perceptual quantizer (SMPTE ST 2084), hybrid log-gamma.
  const range = transferCharacteristics === 16 ? 'PQ' : transferCharacteristics === 18 ? 'HLG' : 'SDR'
  return { ...numbers, ...(transferCharacteristics !== undefined && { range }) }
}

/** Encoders write 0 or an empty text for "none"; 0 would be PCM, which is not spoken here anyway. */
function isCodec(value: unknown): boolean {
  return (typeof value === 'number' && value !== 0) || (typeof value === 'string' && value !== '')
}
