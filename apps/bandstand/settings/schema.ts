import { parseKey } from '@bandstand/media/protocols/rtmp/session/publish-target.ts'
import { z } from 'zod'
import { isBareOrigin, isNetwork, listenAddress } from './address.ts'
import { hlsSources } from './hls.ts'
import { hookSecret, hookUrl } from './publish-hook.ts'
import { srtPassphrase } from './srt.ts'
import { credential, iceServerUrls, publicAddresses } from './webrtc.ts'

const flag = z
  .union([z.boolean(), z.enum(['true', 'false', 'yes', 'no', 'on', 'off', '1', '0', ''])], 'takes on or off')
  .transform((value) => (typeof value === 'boolean' ? value : ['true', 'yes', 'on', '1', ''].includes(value)))
/** Digits, with a fraction: no blank, list or hexadecimal text is taken for a number, as `Number` would. */
const digits = z
  .string()
  .trim()
  .regex(/^-?\d+(\.\d+)?$/)
  .transform(Number)
const number = (low: number, high: number) => {
  const takes = `takes a number from ${low} to ${high}`
  return z.union([z.number(), digits], takes).pipe(z.number().min(low, takes).max(high, takes))
}
const count = (low: number, high: number) => {
  const takes = `takes a whole number from ${low} to ${high}`
  return z.union([z.number(), digits], takes).pipe(z.int(takes).min(low, takes).max(high, takes))
}
const text = z.string().trim()
const secret = (least: number) => text.min(least, `takes at least ${least} characters`).max(200)
/** As it reaches the server: of what encoders send, options and slashes are taken off. */
const arrives = (key: string) => parseKey(key, { app: 'live', key: '' }) === key

/**
 * Every setting, once. The key is the name in `bandstand.yaml`; the flag is the same in kebab case, the environment
 * variable in upper case behind `BANDSTAND_`. `describe` is what `--help` prints.
 */
export const settingsSchema = z.strictObject({
  data: text.min(1).default('./data').describe('folder of everything that must survive'),
  http: listenAddress.prefault('0.0.0.0:8080').describe('HTTP address'),
  rtmp: listenAddress.prefault('0.0.0.0:1935').describe('RTMP address'),
  rtmps: z
    .union([z.literal('off'), listenAddress])
    .optional()
    .describe(
      'RTMPS address: 0.0.0.0:1936 as soon as there is a certificate (--tls-cert, --tls-key), off switches it off',
    ),
  srt: z
    .union([z.literal('off'), listenAddress])
    .prefault('0.0.0.0:8890')
    .describe('UDP address of SRT, one port for all encoders and readers; [::] takes IPv6 too; off switches it off'),
  srtPassphrase: srtPassphrase
    .optional()
    .describe('passphrase of SRT: with it all callers must encrypt with the same one, without it none may'),
  webrtc: z
    .union([z.literal('off'), listenAddress])
    .prefault('0.0.0.0:8189')
    .describe(
      'UDP address of WebRTC for viewers and encoders, one port for all of them, and the next where a TURN server is named by TCP or TLS; [::] takes IPv6 too; off switches it off',
    ),
  webrtcAddresses: publicAddresses
    .prefault('')
    .describe(
      'addresses or host names at which viewers reach the UDP port of WebRTC when this machine is behind NAT, separated by commas',
    ),
  iceServers: iceServerUrls
    .prefault('')
    .describe(
      'STUN and TURN servers for viewers, such as turn:turn.example.org:3478?transport=udp, separated by commas',
    ),
  turnUsername: credential.optional().describe('user name for the TURN servers'),
  turnPassword: credential.optional().describe('password for the TURN servers'),
  turnSecret: secret(8)
    .optional()
    .describe(
      'secret shared with the TURN servers (coturn: use-auth-secret), of which each viewer gets a password for a day',
    ),
  tlsCert: text.optional().describe('certificate file (PEM); with --tls-key turns on HTTPS, HTTP/2 and RTMPS'),
  tlsKey: text.optional().describe('private key file (PEM)'),
  publicUrl: z
    .string()
    .trim()
    // Pages link to `/assets/…` and `/api/…`: below a path of a proxy nothing of it would be found.
    .refine(isBareOrigin, 'takes http:// or https:// and a host, perhaps with a port, and nothing behind that: no path')
    .optional()
    .describe('address that viewers use, for example https://live.example.org'),
  trustProxy: z
    .union([
      text.transform((list) =>
        list
          .split(',')
          .map((entry) => entry.trim())
          .filter(Boolean),
      ),
      z.array(text),
    ])
    .refine((list) => list.every(isNetwork), 'takes IP addresses and networks such as 10.0.0.0/8, separated by commas')
    .prefault('')
    .describe('addresses or networks of reverse proxies whose X-Forwarded-For is believed, separated by commas'),
  streamKey: secret(8)
    .refine(
      arrives,
      'takes a key that has no "?" in it, no "/" at its ends and no "live/" at its beginning: leave those out',
    )
    .optional()
    .describe('stream key of the channel main; made at first start otherwise'),
  ownerPassword: secret(8).optional().describe("owner's password; made at first start and shown once otherwise"),
  publishHook: hookUrl
    .optional()
    .describe('address that is asked by POST whether an encoder may publish; needs --publish-hook-secret'),
  publishHookSecret: hookSecret
    .optional()
    .describe('secret by which its calls are signed: whsec_ and base64 of 24 to 64 bytes'),
  // Encoders are told within 10 s (`RTMP_LIMITS.decisionMs`), and the answer has to be there before.
  publishHookTimeout: number(0.1, 8)
    .default(3)
    .describe('seconds that it may take to answer, 0.1 to 8; an encoder whose answer does not come is refused'),
  takeover: z
    .enum(['allow', 'refuse'])
    .default('allow')
    .describe('what a second encoder with a valid key does: take over at once (allow), or be refused (refuse)'),
  reconnectWindow: number(0, 3600).default(30).describe('seconds that a broadcast waits for a lost encoder'),
  maxBitrate: number(0.1, 1000).default(60).describe('highest bitrate of an encoder in Mbit/s'),
  maxPublishersPerAddress: count(1, 10_000).default(50).describe('encoder connections from one address'),
  maxHttpConnectionsPerAddress: count(1, 1_000_000)
    .default(1000)
    .describe('HTTP connections from one address; a viewer holds up to 4, trusted proxies as many as they like'),
  maxWebrtcViewers: number(0, 100_000).default(2000).describe('viewers by WebRTC at one time; more are sent to HLS'),
  maxWebrtcViewersPerAddress: number(1, 100_000).default(50).describe('viewers by WebRTC from one address'),
  hlsSources: hlsSources
    .prefault('')
    .describe(
      'HLS made elsewhere that feeds channels: CHANNEL=FOLDER or CHANNEL=ADDRESS of a playlist, such as main=/mnt/studio, separated by commas',
    ),
  recording: flag.default(true).describe('record broadcasts for rewind and replay'),
  recordingMaxGb: number(0.1, 1_000_000)
    .default(12)
    .describe('recordings use at most this much disk, in GB; oldest go first'),
  recordingMaxDays: number(0.01, 36_500).default(30).describe('recordings older than this are deleted'),
  recordingMinFreeGb: number(0, 1_000_000).default(2).describe('recordings leave at least this much disk free, in GB'),
  ffmpeg: text
    .min(1)
    .default('ffmpeg')
    .describe(
      'ffmpeg program, which makes the ladder, pictures and what WebRTC needs; looked for in PATH unless it is a path',
    ),
  log: z
    .enum(['pretty', 'json'])
    .default('pretty')
    .describe('log form: pretty, for people, or json, one object a line'),
  logLevel: z
    .enum(['debug', 'info', 'warn', 'error'])
    .default('info')
    .describe('least level that is logged: debug, info, warn or error'),
})

export type Settings = z.output<typeof settingsSchema>
export type SettingName = keyof Settings

/** Settings whose values never appear in messages. Of an address that is asked for something the path may be the secret. */
export const secretSettings: ReadonlySet<string> = new Set<SettingName>([
  'streamKey',
  'ownerPassword',
  'turnPassword',
  'turnSecret',
  'publishHookSecret',
  'srtPassphrase',
  'publishHook',
  'hlsSources',
])

/** `tlsCert` → `tls-cert`. */
export function flagName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

/** `tlsCert` → `BANDSTAND_TLS_CERT`. */
export function environmentName(name: string): string {
  return `BANDSTAND_${flagName(name).replaceAll('-', '_').toUpperCase()}`
}
