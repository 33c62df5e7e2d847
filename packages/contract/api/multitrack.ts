import * as z from 'zod'

/**
 * What OBS asks a server for when it is to make the ladder itself, and what it takes as *Config Override JSON*: schema versions 2023-05-10,
 * 2024-06-04 and 2025-01-25. What a version adds is optional here; what is not looked at is left out.
 */

const frameRate = z.object({ numerator: z.int().min(1).max(1_000_000), denominator: z.int().min(1).max(1_000_000) })
const side = z.int().min(16).max(16_384)

/** From 2025-01-25 on a canvas has what the preferences had before. */
const canvas = z.object({ width: side, height: side, framerate: frameRate })

/** `POST /api/v1/multitrack`, by OBS: it sends much more of its machine, which is of no use here. */
export const multitrackRequest = z
  .object({
    service: z.string().max(100).optional(),
    schema_version: z.string().max(100).optional(),
    authentication: z.string().max(2000).describe('the stream key'),
    client: z
      .object({
        name: z.string().max(200).optional(),
        version: z.string().max(200).optional(),
        supported_encoders: z.array(z.string().max(200)).max(500).optional().describe("OBS's ids of encoders"),
      })
      .optional(),
    capabilities: z
      .object({
        gpu: z
          .array(z.object({ vendor_id: z.number().optional() }))
          .max(32)
          .nullish(),
      })
      .optional(),
    preferences: z
      .object({
        maximum_aggregate_bitrate: z.number().min(0).nullish().describe('kbit/s'),
        maximum_video_tracks: z.number().min(0).nullish(),
        vod_track_audio: z.boolean().optional(),
        width: side.optional(),
        height: side.optional(),
        framerate: frameRate.optional(),
        canvases: z.array(canvas).max(8).optional(),
      })
      .optional(),
  })
  .meta({ id: 'MultitrackRequest' })
export type MultitrackRequest = z.infer<typeof multitrackRequest>

const audioEncoder = z.object({
  codec: z.string(),
  track_id: z.int(),
  channels: z.int(),
  settings: z.object({ bitrate: z.int().describe('kbit/s') }),
})

/** What OBS takes. */
export const multitrackConfig = z
  .object({
    meta: z.object({ service: z.string(), schema_version: z.string(), config_id: z.string() }),
    status: z
      .object({ result: z.enum(['success', 'warning', 'error']), html_en_us: z.string().optional() })
      .optional()
      .describe('what OBS shows; an error keeps it from going live'),
    ingest_endpoints: z.array(
      z.object({ protocol: z.enum(['RTMP', 'RTMPS']), url_template: z.string().describe('with {stream_key}') }),
    ),
    encoder_configurations: z.array(
      z.object({
        type: z.string().describe("OBS's id of the encoder"),
        width: z.int(),
        height: z.int(),
        framerate: frameRate,
        gpu_scale_type: z.literal('OBS_SCALE_BICUBIC'),
        settings: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
      }),
    ),
    audio_configurations: z.object({ live: z.array(audioEncoder), vod: z.array(audioEncoder).optional() }),
  })
  .meta({ id: 'MultitrackConfig' })
export type MultitrackConfig = z.infer<typeof multitrackConfig>

/** Families of encoders that OBS has, as the studio offers them. */
export const MULTITRACK_ENCODERS = ['x264', 'nvenc', 'amf', 'qsv', 'vaapi', 'videotoolbox'] as const
export type MultitrackEncoder = (typeof MULTITRACK_ENCODERS)[number]

/** `GET /api/v1/channels/{slug}/multitrack` (owner): what is to be pasted into OBS. */
export const multitrackQuery = z.object({
  height: z.coerce.number().int().min(360).max(2160).default(1080).describe('of the largest picture'),
  frameRate: z.coerce.number().int().min(10).max(120).default(30),
  encoder: z.enum(MULTITRACK_ENCODERS).default('x264'),
})
