import { createAdtsHeader } from '../../codecs/aac/adts.ts'
import { headOfChannels, parseDOps } from '../../codecs/opus/head.ts'
import { MediaError } from '../../error.ts'
import type { AudioTrackConfig, TrackConfig } from '../../track.ts'
import { createPictureWriter, type UnitPieces } from './picture-writer.ts'
import type { Descriptor } from './pmt.ts'

/** How the units of a track are carried in a transport stream. */
export interface Carriage {
  /** stream_type. */
  readonly type: number
  readonly descriptors: readonly Descriptor[]
  /** stream_id of its PES packets. */
  readonly streamId: number
  readonly pieces: UnitPieces
}

const VIDEO_STREAM = 0xe0
const AUDIO_STREAM = 0xc0
const PRIVATE_STREAM = 0xbd
const REGISTRATION = 0x05
const EXTENSION = 0x7f

/** Throws MediaError `unsupported` for codecs and channels that there is no usual form for, and as the parsers of the configuration. */
export function carriageOf(config: TrackConfig): Carriage {
  switch (config.codec) {
    case 'h264':
    case 'hevc':
      return {
        type: config.codec === 'h264' ? 0x1b : 0x24,
        descriptors: config.codec === 'h264' ? [] : [registration('HEVC')],
        streamId: VIDEO_STREAM,
        pieces: createPictureWriter(config.codec, config.decoderConfig),
      }
    case 'aac': {
      const header = createAdtsHeader(config.decoderConfig)
      return {
        type: 0x0f,
        descriptors: [],
        streamId: AUDIO_STREAM,
        pieces: ({ data }) => [header(data.byteLength), data],
      }
    }
    case 'mp3':
      // MPEG-1, and the half sample rates of MPEG-2.
      return plain(config.sampleRate >= 32_000 ? 0x03 : 0x04, [], AUDIO_STREAM)
    case 'ac3':
      return plain(0x81, [registration('AC-3')], PRIVATE_STREAM)
    case 'eac3':
      return plain(0x87, [registration('EAC3')], PRIVATE_STREAM)
    case 'opus':
      return {
        type: 0x06,
        descriptors: [registration('Opus'), { tag: EXTENSION, data: Uint8Array.of(0x80, opusChannels(config)) }],
        streamId: PRIVATE_STREAM,
        pieces: ({ data }) => [opusControl(data.byteLength), data],
      }
    case 'av1':
    case 'vp9':
    case 'vp8':
    case 'flac':
      throw new MediaError('unsupported', `mpegts: ${config.codec} is not carried in transport streams`)
  }
}

function plain(type: number, descriptors: readonly Descriptor[], streamId: number): Carriage {
  return { type, descriptors, streamId, pieces: ({ data }) => [data] }
}

function registration(name: string): Descriptor {
  return { tag: REGISTRATION, data: Uint8Array.from(name, (letter) => letter.charCodeAt(0)) }
}

/** channel_config_code; only the usual order has one. */
function opusChannels({ decoderConfig }: AudioTrackConfig): number {
  const { channels, streams, coupled, mapping } = parseDOps(decoderConfig)
  const usual = headOfChannels(channels)
  const isUsual =
    streams === usual.streams && coupled === usual.coupled && mapping.every((from, i) => from === usual.mapping[i])
  if (!isUsual) throw new MediaError('unsupported', `mpegts: Opus of ${channels} channels in an order of its own`)
  return channels
}

/** Control header without trims; see `opus-format.ts`. */
function opusControl(bytes: number): Uint8Array {
  const full = Math.floor(bytes / 255)
  const header = new Uint8Array(2 + full + 1).fill(0xff)
  header[0] = 0x7f
  header[1] = 0xe0
  header[2 + full] = bytes % 255
  return header
}
