import { concatBytes } from '@bandstand/media/bytes/bytes.ts'
import { parseDOps, writeOpusHead } from '@bandstand/media/codecs/opus/head.ts'
import { printEnhancedAudioTag } from '@bandstand/media/containers/flv/audio-tag.ts'
import { audioFourCcs, fourCcNumber, videoFourCcs } from '@bandstand/media/containers/flv/fourcc.ts'
import { printEnhancedVideoTag } from '@bandstand/media/containers/flv/print-video-tag.ts'
import { createFragmentStreamReader } from '@bandstand/media/containers/isobmff/fragment-stream.ts'
import type { SampleInfo } from '@bandstand/media/containers/isobmff/parse-fragment.ts'
import { MediaError } from '@bandstand/media/error.ts'
import { type Amf0Object, amf0Object, EcmaArray } from '@bandstand/media/protocols/rtmp/amf0/value.ts'
import type { AudioTrackConfig, TrackConfig, VideoTrackConfig } from '@bandstand/media/track.ts'
import type { Clip, ClipTrack } from './clip.ts'

/** Bytes of one box of a clip. */
const BOX_BYTES = 64 * 1024 * 1024

/** A track of a file, before it is made into what is sent. */
export interface Source {
  readonly config: TrackConfig
  readonly timescale: number
  readonly samples: { readonly info: SampleInfo; readonly dts: number; readonly data: Uint8Array }[]
}

/**
 * A clip of any codec, for Enhanced RTMP: each file is fragmented MP4 (`ffmpeg -movflags frag_keyframe+delay_moov`). The first one's
 * pictures are track 0, those of the others further tracks, and sound likewise; each message carries one track, as OBS does it.
 *
 * @throws MediaError as the MP4 parsers, `unsupported` for a codec that Enhanced RTMP does not carry
 */
export function readEnhancedClip(...files: readonly Uint8Array[]): Clip {
  const sources = files.flatMap(readSources)
  const video = sources.filter(isOf('video'))
  const audio = sources.filter(isOf('audio'))
  const tracks = [...video.map(videoTrack), ...audio.map(audioTrack)]
  if (tracks.length === 0) throw new MediaError('malformed', 'clip: no track that can be sent')
  return { metadata: describe(video, audio, tracks), tracks }
}

function isOf<Kind extends TrackConfig['kind']>(kind: Kind) {
  return (source: Source): source is Source & { readonly config: Extract<TrackConfig, { kind: Kind }> } =>
    source.config.kind === kind
}

/** Tracks of fragmented MP4 that have samples. @throws MediaError as the MP4 parsers, `unsupported` for a codec that is not known here */
export function readSources(file: Uint8Array): Source[] {
  const sources = new Map<number, Source>()
  for (const event of createFragmentStreamReader(BOX_BYTES).push(file)) {
    if (event.kind === 'init') {
      for (const { track, timescale, entries, handler } of event.init.tracks) {
        const config = entries[0]?.config
        if (config === undefined) throw new MediaError('unsupported', `clip: ${handler} ${entries[0]?.codecString}`)
        sources.set(track, { config, timescale, samples: [] })
      }
      continue
    }
    let dts = event.fragment.baseDecodeTime
    for (const info of event.fragment.samples) {
      const data = event.bytes.slice(info.offset, info.offset + info.size)
      sources.get(event.fragment.track)?.samples.push({ info, dts, data })
      dts += info.duration
    }
  }
  return [...sources.values()].filter(({ samples }) => samples.length > 0)
}

function videoTrack({ config, ...source }: Source & { readonly config: VideoTrackConfig }, track: number): ClipTrack {
  const { codec } = config
  const toMs = 1000 / source.timescale
  // Whole milliseconds that pictures come earlier than they are shown: FLV's composition time is never in front of decoding.
  const delays = source.samples.map(({ info }) => info.compositionOffset)
  const least = Math.min(...delays)
  return {
    ...timed(source, ({ info, data }) => {
      const compositionTime = Math.round((info.compositionOffset - least) * toMs)
      return printEnhancedVideoTag({ kind: 'frame', codec, track, key: info.key, compositionTime, nanos: 0, data })
    }),
    kind: 'video',
    header: printEnhancedVideoTag({ kind: 'config', codec, track, data: config.decoderConfig }),
  }
}

function audioTrack({ config, ...source }: Source & { readonly config: AudioTrackConfig }, track: number): ClipTrack {
  const { codec } = config
  return {
    ...timed(source, ({ data }) => printEnhancedAudioTag({ kind: 'frame', codec, track, nanos: 0, data })),
    kind: 'audio',
    header: printEnhancedAudioTag({ kind: 'config', codec, track, data: sequenceHeader(config) }),
  }
}

function timed(
  { timescale, samples }: Omit<Source, 'config'>,
  print: (sample: Source['samples'][number]) => Uint8Array,
): Pick<ClipTrack, 'frames' | 'duration'> {
  const start = samples[0]?.dts ?? 0
  const length = samples.reduce((sum, { info }) => sum + info.duration, 0)
  const frames = samples.map((sample) => ({
    time: ((sample.dts - start) * 1000) / timescale,
    key: sample.info.key,
    body: print(sample),
  }))
  return { frames, duration: (length * 1000) / timescale }
}

/** What Enhanced RTMP has in front of the codec's sound, from what MP4 has. */
function sequenceHeader({ codec, decoderConfig }: AudioTrackConfig): Uint8Array {
  if (codec === 'aac') return decoderConfig
  if (codec === 'opus') return writeOpusHead(parseDOps(decoderConfig))
  if (codec === 'flac') return concatBytes([new TextEncoder().encode('fLaC'), decoderConfig])
  return new Uint8Array(0)
}

/** `onMetaData`, with what further tracks differ in. */
function describe(
  video: readonly (Source & { readonly config: VideoTrackConfig })[],
  audio: readonly (Source & { readonly config: AudioTrackConfig })[],
  tracks: readonly ClipTrack[],
): Amf0Object {
  const [picture] = video
  const [sound] = audio
  const facts = (source: (typeof video)[number], i: number): Amf0Object => {
    const { frames, duration } = tracks[i] as ClipTrack
    const bytes = frames.reduce((sum, { body }) => sum + body.byteLength, 0)
    const { width, height } = source.config
    return amf0Object({ width, height, videodatarate: Math.round((bytes * 8) / duration) })
  }
  const further = video.slice(1).map((source, i) => [String(i + 1), facts(source, i + 1)] as const)
  const furtherSounds = audio.slice(1).map(({ config }, i) => {
    return [String(i + 1), amf0Object({ audiosamplerate: config.sampleRate, channels: config.channels })] as const
  })
  return new EcmaArray([
    ...(picture === undefined ? [] : [...facts(picture, 0)]),
    ...(picture === undefined ? [] : ([['videocodecid', fourCcNumber(videoFourCcs[picture.config.codec])]] as const)),
    ...(sound === undefined ? [] : ([['audiocodecid', fourCcNumber(audioFourCcs[sound.config.codec])]] as const)),
    ...(further.length === 0 ? [] : ([['videoTrackIdInfoMap', new Map(further)]] as const)),
    ...(furtherSounds.length === 0 ? [] : ([['audioTrackIdInfoMap', new Map(furtherSounds)]] as const)),
  ])
}
