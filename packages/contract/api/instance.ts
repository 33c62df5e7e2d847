import * as z from 'zod'
import { bytes } from './values.ts'

/** `GET /api/v1/instance` (owner). */
export const instance = z
  .object({
    version: z.string(),
    recording: z.object({
      state: z.enum(['on', 'off', 'stopped']).describe('stopped: it should record and cannot'),
      reason: z.string().nullable().describe('why it stopped, in plain words'),
      bytes: bytes.describe('what recordings take'),
      limitBytes: bytes.nullable().describe('the oldest go when they take more'),
    }),
    disk: z.object({ free: bytes, total: bytes }).nullable().describe('of the data folder'),
    publish: z
      .object({
        rtmp: z.string().nullable(),
        rtmps: z.string().nullable(),
        srt: z
          .object({
            address: z.string().describe('srt://host:port; the stream id publish:KEY goes behind it'),
            encrypted: z.boolean().describe('all callers need the passphrase of the settings'),
          })
          .nullable(),
        whip: z
          .boolean()
          .describe(
            'encoders may come by WebRTC: /live/{channel}/whip at this very origin, the stream key as bearer token',
          ),
      })
      .describe("what to type as OBS's server; the stream key is asked for beside it"),
  })
  .meta({ id: 'Instance' })
export type Instance = z.infer<typeof instance>
