import type { Amf0Object } from '@bandstand/media/protocols/rtmp/amf0/value.ts'
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
export function announcedTracks(values: Amf0Object): { readonly video: boolean; readonly audio: boolean } | undefined {
  const video = values.get('videocodecid')
  const audio = values.get('audiocodecid')
  if (video === undefined && audio === undefined) return undefined
  return { video: isCodec(video), audio: isCodec(audio) }
}

/** Encoders write 0 or an empty text for "none"; 0 would be PCM, which is not spoken here anyway. */
function isCodec(value: unknown): boolean {
  return (typeof value === 'number' && value !== 0) || (typeof value === 'string' && value !== '')
}
