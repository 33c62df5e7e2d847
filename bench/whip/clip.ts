import { readSources, type Source } from '@bandstand/engine/ingest/rtmp/enhanced-clip.ts'
import { inBandParameterSets } from '@bandstand/media/codecs/h264/avcc.ts'
import { packetizeH264 } from '@bandstand/media/protocols/rtp/h264.ts'
import { RTP_LIMITS } from '@bandstand/media/protocols/rtp/limits.ts'
import { packetizeOpus } from '@bandstand/media/protocols/rtp/opus.ts'
import type { RtpPayload } from '@bandstand/media/protocols/rtp/payload.ts'

/** A picture or a packet of sound, as what is sent of it. */
export interface RtpUnit {
  /** ms from the clip's start. */
  readonly time: number
  /** At least one. */
  readonly payloads: readonly RtpPayload[]
}

/** A clip packetized once for all who send it in a loop. */
export interface RtpClip {
  /** ms. */
  readonly duration: number
  readonly video: readonly RtpUnit[]
  readonly audio: readonly RtpUnit[]
}

/** Of the packets of Opus that ffmpeg makes, ms. */
const PACKET_MS = 20

/** Reads fragmented MP4 of H.264 and Opus; both are cut to the same length, so that they stay together. */
export function readRtpClip(file: Uint8Array): RtpClip {
  const sources = readSources(file)
  const pictures = sources.find(({ config }) => config.codec === 'h264')
  const sound = sources.find(({ config }) => config.codec === 'opus')
  if (pictures === undefined || sound === undefined) throw new Error('the clip is not of H.264 and Opus')
  const video = pictureUnits(pictures)
  const last = video.at(-1)?.time ?? 0
  const duration = Math.round((last * video.length) / (video.length - 1) / PACKET_MS) * PACKET_MS
  const audio = sound.samples
    .map(({ data }, i) => ({ time: i * PACKET_MS, payloads: [packetizeOpus(data, RTP_LIMITS.payload)] }))
    .filter(({ time }) => time < duration)
  if (audio.length !== duration / PACKET_MS) throw new Error(`the clip has ${audio.length} packets of sound, too few`)
  return { duration, video: video.filter(({ time }) => time < duration), audio }
}

function pictureUnits({ config, timescale, samples }: Source): RtpUnit[] {
  const sets = inBandParameterSets(config.decoderConfig)
  const start = samples[0]?.dts ?? 0
  return samples
    .map(({ info, dts, data }) => ({
      time: ((dts - start) * 1000) / timescale,
      payloads: packetizeH264(data, info.key ? sets : new Uint8Array(), RTP_LIMITS.payload),
    }))
    .filter(({ payloads }) => payloads.length > 0)
}

/** Bits a second of the pictures' payloads. */
export function pictureBitrate({ video, duration }: RtpClip): number {
  const bytes = video
    .flatMap(({ payloads }) => payloads)
    .reduce((sum, { buffer }) => sum + buffer.byteLength - RTP_LIMITS.headroom, 0)
  return (bytes * 8_000) / duration
}
