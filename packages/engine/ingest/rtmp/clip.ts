import { audioConfigFromAsc } from '@bandstand/media/codecs/aac/config.ts'
import { parseAudioTag } from '@bandstand/media/containers/flv/audio-tag.ts'
import { FlvReader } from '@bandstand/media/containers/flv/reader.ts'
import { parseOnMetaData } from '@bandstand/media/containers/flv/script-tag.ts'
import type { FlvTag } from '@bandstand/media/containers/flv/tag.ts'
import { parseVideoTag } from '@bandstand/media/containers/flv/video-tag.ts'
import { MediaError } from '@bandstand/media/error.ts'
import type { Amf0Object } from '@bandstand/media/protocols/rtmp/amf0/value.ts'

/** One track of a clip: what is said once, and what is repeated. */
export interface ClipTrack {
  readonly kind: 'audio' | 'video'
  /** Sequence header, an FLV tag body. */
  readonly header: Uint8Array
  /** In decode order; `time` in ms from the track's start. */
  readonly frames: readonly { readonly time: number; readonly key: boolean; readonly body: Uint8Array }[]
  /** Length in ms, not rounded: what the next round of a loop starts after. */
  readonly duration: number
}

/** An FLV file taken apart for sending it in a loop. Shared by any number of publishers. */
export interface Clip {
  readonly metadata: Amf0Object | undefined
  readonly tracks: readonly ClipTrack[]
}

/** Reads a clip of H.264 and AAC. @throws MediaError as `FlvReader` and the tag parsers, `malformed` without any frame. */
export function readClip(flv: Uint8Array): Clip {
  const tags = new FlvReader().push(flv)
  const script = tags.find((tag) => tag.type === 'script')
  const metadata = script === undefined ? undefined : parseOnMetaData(script.body)
  const tracks = [videoTrack(tags, metadata), audioTrack(tags)].filter((track) => track !== undefined)
  if (tracks.length === 0) throw new MediaError('malformed', 'clip: neither H.264 nor AAC frames in it')
  return { metadata, tracks }
}

function videoTrack(tags: readonly FlvTag[], metadata: Amf0Object | undefined): ClipTrack | undefined {
  const parsed = tags
    .filter((tag) => tag.type === 'video')
    .flatMap((tag) => parseVideoTag(tag.body).map((video) => ({ tag, video })))
  const header = parsed.find(({ video }) => video.kind === 'config')?.tag.body
  const start = parsed.find(({ video }) => video.kind === 'frame')?.tag.timestamp ?? 0
  const frames = parsed.flatMap(({ tag, video }) =>
    video.kind === 'frame' ? [{ time: tag.timestamp - start, key: video.key, body: tag.body }] : [],
  )
  const last = frames.at(-1)
  if (header === undefined || last === undefined) return undefined
  const rate = metadata?.get('framerate')
  const counted = typeof rate === 'number' && rate > 0 ? (frames.length * 1000) / rate : 0
  const measured = frames.length > 1 ? (last.time * frames.length) / (frames.length - 1) : 40
  // Timestamps are whole milliseconds, the announced rate is exact; a variable rate shows in a difference.
  const duration = Math.abs(counted - measured) < 10 ? counted : measured
  return { kind: 'video', header, frames, duration }
}

function audioTrack(tags: readonly FlvTag[]): ClipTrack | undefined {
  const parsed = tags
    .filter((tag) => tag.type === 'audio')
    .flatMap((tag) => parseAudioTag(tag.body).map((audio) => ({ tag, audio })))
  const config = parsed.flatMap(({ tag, audio }) => (audio.kind === 'config' ? [{ tag, data: audio.data }] : []))[0]
  const bodies = parsed.flatMap(({ tag, audio }) => (audio.kind === 'frame' ? [tag.body] : []))
  if (config === undefined || bodies.length === 0) return undefined
  const { frameLength, sampleRate } = audioConfigFromAsc(config.data)
  const step = (frameLength * 1000) / sampleRate
  const frames = bodies.map((body, i) => ({ time: i * step, key: true, body }))
  return { kind: 'audio', header: config.tag.body, frames, duration: bodies.length * step }
}
