import * as z from 'zod'
import { LADDER_RUNGS_MAX } from '../limits.ts'

/** How pictures are encoded: `x264` by the processor, the others by hardware, where the machine has it. */
export const LADDER_ENCODERS = ['x264', 'nvenc', 'qsv', 'vaapi', 'v4l2m2m', 'videotoolbox'] as const
export const LADDER_PRESETS = ['superfast', 'veryfast', 'faster', 'fast', 'medium'] as const
export const LADDER_MODES = ['off', 'on-demand', 'always'] as const

export const rung = z
  .strictObject({
    height: z.int().min(144).max(2160).describe('of the shorter side of the picture: 720 is 1280 × 720'),
    bitrate: z.int().min(100_000).max(50_000_000).describe('bit/s, without sound'),
    frameRate: z.int().min(10).max(120).describe('frames/s, at most; whole frames are left out'),
  })
  .meta({ id: 'Rung' })
export type Rung = z.infer<typeof rung>

/** `GET` and `PUT /api/v1/channels/{slug}/ladder` (owner). */
export const ladderSettings = z
  .strictObject({
    mode: z.enum(LADDER_MODES).describe('on-demand: encoded while somebody watches a smaller picture'),
    encoder: z.enum(LADDER_ENCODERS),
    preset: z.enum(LADDER_PRESETS).describe('of x264: from the cheapest to the best'),
    rungs: z
      .array(rung)
      .min(1)
      .max(LADDER_RUNGS_MAX)
      .refine((rungs) => new Set(rungs.map(({ height }) => height)).size === rungs.length, 'each height once')
      .describe('those below the size of what the encoder sends are made'),
  })
  .meta({ id: 'LadderSettings' })
export type LadderSettings = z.infer<typeof ladderSettings>

/** `GET /api/v1/ladder/encoders` (owner): what a trial encode on this machine showed. */
export const ladderEncoders = z
  .object({
    encoders: z.array(
      z.object({
        name: z.enum(LADDER_ENCODERS),
        works: z.boolean(),
        reason: z.string().nullable().describe('why it does not work'),
      }),
    ),
  })
  .meta({ id: 'LadderEncoders' })
export type LadderEncoders = z.infer<typeof ladderEncoders>

/** How a running ladder is; part of a channel's health. */
export const ladderHealth = z
  .object({
    state: z.enum(['waiting', 'starting', 'running', 'failing', 'nothing-to-do']),
    encoder: z.enum(LADDER_ENCODERS).nullable().describe('null until its trial has succeeded'),
    speed: z.number().nullable().describe('of real time'),
    restarts: z.int().min(0).describe('times ffmpeg ended that it should not have'),
    rungs: z.array(
      z.object({
        width: z.int(),
        height: z.int(),
        shed: z.boolean().describe('left out for a while: the machine is too slow'),
      }),
    ),
    message: z.string().nullable().describe('what is not as it should be, or why there is nothing to do'),
  })
  .meta({ id: 'LadderHealth' })
export type LadderHealth = z.infer<typeof ladderHealth>
