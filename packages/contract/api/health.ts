import * as z from 'zod'
import { ladderHealth } from './ladder.ts'
import { instant, milliseconds } from './values.ts'

const bitrate = z.int().min(0).describe('bit/s, measured')

/** Renditions that an encoder makes itself besides its first, which is `video`: they are passed on as they are. */
export const broughtHealth = z
  .object({
    renditions: z.array(
      z.object({
        width: z.int(),
        height: z.int(),
        codec: z.string().describe('RFC 6381: avc1.64001f'),
        frameRate: z.number().nullable().describe('frames/s, measured; null until known'),
        bitrate,
        state: z
          .enum(['live', 'waiting', 'stopped', 'misaligned'])
          .describe('misaligned: its key frames do not stand where those of the first rendition do'),
        missedSegments: z.int().min(0).describe('segments in which viewers find nothing of it'),
      }),
    ),
    message: z.string().nullable().describe('what is not as it should be'),
  })
  .meta({ id: 'BroughtHealth' })

/** Audio tracks that an encoder brings besides its first, which is `audio`: viewers choose among them. */
export const furtherSound = z
  .object({
    name: z.string().describe('as players list it: the language in its own words, or Track 2'),
    language: z.string().nullable().describe('RFC 5646: de; null where the encoder does not say'),
    codec: z.string().describe('RFC 6381: mp4a.40.2'),
    sampleRate: z.int(),
    channels: z.int(),
    bitrate,
    state: z
      .enum(['live', 'stopped', 'other-codec'])
      .describe("other-codec: it is not the first one's, so that HLS players are not offered it"),
  })
  .meta({ id: 'FurtherSound' })

/** AAC that is made of sound in another codec, for viewers who cannot play that. */
export const soundHealth = z
  .object({
    state: z
      .enum(['waiting', 'starting', 'running', 'failing', 'impossible'])
      .describe('waiting: nobody needs it; impossible: who cannot play what is sent, and has no WebRTC, hears nothing'),
    restarts: z.int().min(0).describe('times ffmpeg ended that it should not have, since the broadcast began'),
    message: z.string().nullable().describe('what is not as it should be'),
  })
  .meta({ id: 'SoundHealth' })

/** What the encoder sends now, measured from its units, not from what it announces. */
export const encoderFacts = z
  .object({
    protocol: z.string().describe('rtmp, rtmps, srt, whip, hls or demo'),
    encoder: z.string().nullable().describe('what it says it is'),
    remote: z.string().describe('its address without port'),
    keyId: z.string().nullable().describe('which of the further keys it has; null for the own and for signed ones'),
    connectedAt: instant,
    video: z
      .object({
        codec: z.string().describe('RFC 6381: avc1.640028'),
        width: z.int(),
        height: z.int(),
        frameRate: z.number().nullable().describe('frames/s, measured; null until known'),
        bitrate,
        keyFrameInterval: milliseconds
          .nullable()
          .describe('longest of the last few distances; null until two were seen'),
        bFrames: z.boolean().describe('whether pictures are reordered'),
      })
      .nullable(),
    audio: z
      .object({ codec: z.string().describe('RFC 6381: mp4a.40.2'), sampleRate: z.int(), channels: z.int(), bitrate })
      .nullable(),
    furtherSounds: z.array(furtherSound).describe('audio tracks besides the first'),
    soundsLeftOut: z.int().min(0).describe('audio tracks that there is no room for, or that cannot be read'),
    timestampJumps: z.int().min(0).describe('jumps of more than 1 s since it connected'),
    reconnects: z.int().min(0).describe('in this broadcast'),
    damagedUnits: z
      .int()
      .min(0)
      .describe(
        'pictures and frames of sound that came damaged or with parts missing in a transport stream in the last 15 to 30 s, and pictures left out for them',
      ),
    malformedUnits: z
      .int()
      .min(0)
      .describe('pictures and frames of sound that could not be read since it connected, told at 1, 2, 4, 8, …'),
    unconfiguredUnits: z
      .int()
      .min(0)
      .describe('those that came without the configuration a decoder needs, told at 1, 2, 4, 8, …'),
    ladder: ladderHealth.nullable().describe('null where there is to be none'),
    brought: broughtHealth.nullable().describe('null where it makes one rendition only'),
    sound: soundHealth
      .nullable()
      .describe('null where the sound is AAC, and where there is no ffmpeg to make AAC of it'),
    line: z
      .object({
        roundTrip: milliseconds,
        latency: milliseconds.describe('agreed with the encoder: what is lost has so long to be sent again'),
        buffered: milliseconds.describe('media that wait for their time'),
        packets: z.int().min(0),
        lost: z.int().min(0).describe('missing at first'),
        retransmitted: z.int().min(0).describe('of them, those that came when they were sent again'),
        dropped: z.int().min(0).describe('given up: too late, or never'),
      })
      .nullable()
      .describe('the line from the encoder, packets of the last 30 s; null where the protocol does not measure it'),
    hls: z
      .object({
        source: z.enum(['put', 'folder', 'url']).describe('put here, written into a watched folder, or pulled'),
        format: z.enum(['mpegts', 'fmp4']).nullable().describe('null until the first segment has been read'),
        segments: milliseconds.describe('target duration'),
        parts: milliseconds.nullable().describe('null where segments have no parts'),
        renditions: z.int().min(0).describe('of the pictures, that are taken'),
        leftOut: z.int().min(0).describe('variants and languages that are not taken'),
        lost: z.int().min(0).describe('segments that never came or could not be read'),
        trouble: z.string().nullable().describe('what is wrong now, and what to change'),
      })
      .nullable()
      .describe('HLS that the encoder makes; null for all others'),
  })
  .meta({ id: 'EncoderFacts' })
export type EncoderFacts = z.infer<typeof encoderFacts>

export const ADVICE_CODES = [
  'key-frames-far',
  'b-frames',
  'profile-not-everywhere',
  'no-audio',
  'no-video',
  'bitrate-low',
  'bitrate-high',
  'frame-rate-low',
  'audio-rate-odd',
  'audio-not-everywhere',
  'timestamps-jump',
  'reconnects',
  'stream-damaged',
  'units-malformed',
  'units-unconfigured',
  'renditions',
  'sounds-left-out',
  'sounds-other-codec',
  'not-recorded',
  'line-too-late',
  'line-lossy',
  'hls-trouble',
  'hls-lost',
  'hls-segments-long',
  'hls-left-out',
] as const

export const advice = z
  .object({
    level: z.enum(['good', 'hint', 'warning']),
    code: z.enum([...ADVICE_CODES, 'fine']),
    text: z.string().describe('what to change in the encoder, in plain words'),
  })
  .meta({ id: 'Advice' })
export type Advice = z.infer<typeof advice>

/** `GET /api/v1/channels/{slug}/health` (owner). */
export const channelHealth = z
  .object({ connected: z.boolean(), encoder: encoderFacts.nullable(), advice: z.array(advice) })
  .meta({ id: 'ChannelHealth' })
export type ChannelHealth = z.infer<typeof channelHealth>
