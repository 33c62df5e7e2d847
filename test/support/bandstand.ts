import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freeUdpPort } from '../../bench/support/free-port.ts'
import { type Exit, type Running, start } from './process.ts'
import { temporaryFolder } from './temporary.ts'
import { waitFor } from './wait.ts'

const root = join(import.meta.dirname, '..', '..')

export interface BandstandOptions {
  /** Further flags, for example `['--recording', 'off']`. */
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Data folder of an earlier run; a new one otherwise. */
  readonly data?: string
  /** `demo` publishes the built-in clip. */
  readonly command?: 'serve' | 'demo'
  /** What ffmpeg makes is wanted: pictures, sound for WebRTC, the ladder. Otherwise no viewer starts an encoder here. */
  readonly ffmpeg?: boolean
  /** Fixed addresses, for a restart that encoders and viewers must find again. */
  readonly http?: string
  readonly rtmp?: string
  /** Ended for good after this many ms. */
  readonly limit?: number
  /** Ready within this many ms. */
  readonly readyLimit?: number
}

export type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string; readonly level: number | string }

export interface Bandstand {
  readonly pid: number
  readonly data: string
  /** `http://127.0.0.1:PORT` (https when a certificate was given), without a slash at the end. */
  readonly http: string
  /** `rtmp://127.0.0.1:PORT/live`. */
  readonly rtmp: string
  /** `rtmps://127.0.0.1:PORT/live`, where there is a certificate. */
  readonly rtmps: string | undefined
  /** `127.0.0.1:PORT`, of UDP; empty where it is switched off. */
  readonly srt: string
  /** Publishing address with the key of `main`. */
  readonly publishUrl: string
  /** Every field of the ready line. */
  readonly ready: LogLine
  /** ms from spawn to the ready line. */
  readonly startedIn: number
  readonly log: () => LogLine[]
  /** Everything written, for messages of failing tests. */
  readonly output: () => string
  readonly running: () => boolean
  readonly exited: Promise<Exit>
  /** To the server alone; resolves when it is gone. */
  readonly kill: (signal: NodeJS.Signals) => Promise<Exit>
  /** SIGTERM, as an operator does it. */
  readonly stop: () => Promise<Exit>
}

/** Key of the channel `main` in servers that tests start. */
export const streamKey = 'test-key-of-main'
/** Password of the studio in servers that tests start. */
export const ownerPassword = 'test-password-of-owner'

/**
 * Addresses of a server that is to come back to the ports it had: meanwhile a server of another file, which asks for any port
 * of 127.0.0.1, might be given one of them. On Linux all of 127.0.0.0/8 is this machine, so each process has an address of its own.
 */
const ownHost =
  process.platform !== 'linux'
    ? '127.0.0.1'
    : `127.${64 + ((process.pid >> 16) & 63)}.${(process.pid >> 8) & 255}.${process.pid & 255}`
export const ownAddresses = { http: `${ownHost}:0`, rtmp: `${ownHost}:0` } as const

interface Spawned {
  readonly server: Running
  readonly data: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** Starts the real server on free ports and a data folder of its own, ready or not. */
async function spawnBandstand(options: BandstandOptions): Promise<Spawned> {
  const data = options.data ?? temporaryFolder('data')
  const args = [
    // As `npm start` has it.
    ...['--max-semi-space-size=4', '--v8-pool-size=1'],
    join(root, 'apps/bandstand/bandstand.mjs'),
    options.command ?? 'serve',
    ...['--log', 'json', '--data', data],
    ...['--http', options.http ?? '127.0.0.1:0', '--rtmp', options.rtmp ?? '127.0.0.1:0'],
    ...(options.args ?? []),
  ]
  const env: Record<string, string> = {
    // It is bound with the first viewer: one that the system gives to who asks for any may be another's by then.
    BANDSTAND_WEBRTC: `127.0.0.1:${await freeUdpPort()}`,
    BANDSTAND_SRT: '127.0.0.1:0',
    ...(options.ffmpeg !== true && options.command !== 'demo' && { BANDSTAND_FFMPEG: '/nowhere/ffmpeg' }),
    BANDSTAND_STREAM_KEY: streamKey,
    BANDSTAND_OWNER_PASSWORD: ownerPassword,
    ...options.env,
  }
  // Where there is a certificate RTMPS is listened for, too.
  if (isSecure(args, env)) env['BANDSTAND_RTMPS'] ??= '127.0.0.1:0'
  const server = start(process.execPath, args, {
    cwd: root,
    env,
    ...(options.limit === undefined ? {} : { limit: options.limit }),
  })
  return { server, data, args, env }
}

/** A start that is killed (SIGKILL) after `ms`, ready or not. Resolves when it is gone. */
export async function killedStart(options: BandstandOptions, ms: number): Promise<void> {
  const { server } = await spawnBandstand(options)
  await sleep(ms)
  await server.stop('SIGKILL')
}

/** Starts the real server on free ports and a data folder of its own, and waits until it is ready. */
export async function startBandstand(options: BandstandOptions = {}): Promise<Bandstand> {
  const begun = performance.now()
  const { server, data, args, env } = await spawnBandstand(options)
  const log = () => parseLog(server)
  const ready = await waitFor(
    'the ready line of the server',
    () => {
      if (!server.running()) return { msg: 'ended', level: 60 }
      return server.stdout().includes('"ready"') && log().find((line) => line.msg === 'ready')
    },
    options.readyLimit ?? 60_000,
    10,
  ).catch(async (cause: unknown) => {
    await server.stop('SIGKILL')
    throw new Error(`the server did not get ready:\n${server.output()}`, { cause })
  })
  const startedIn = performance.now() - begun
  if (ready.msg !== 'ready') throw new Error(`the server ended at its start:\n${server.output()}`)
  const rtmp = `rtmp://${hostAndPort(ready['rtmp'])}/live`
  const secure = isSecure(args, env)
  return {
    pid: server.pid,
    data,
    http: `${secure ? 'https' : 'http'}://${hostAndPort(ready['http'])}`,
    rtmp,
    rtmps: ready['rtmps'] === undefined ? undefined : `rtmps://${hostAndPort(ready['rtmps'])}/live`,
    srt: ready['srt'] === undefined ? '' : hostAndPort(ready['srt']),
    publishUrl: `${rtmp}/${env['BANDSTAND_STREAM_KEY']}`,
    ready,
    startedIn,
    log,
    output: server.output,
    running: server.running,
    exited: server.exited,
    kill: (signal) => {
      server.signal(signal)
      return server.exited
    },
    stop: () => server.stop('SIGTERM', 12_000),
  }
}

function isSecure(args: readonly string[], env: Readonly<Record<string, string>>): boolean {
  return args.includes('--tls-cert') || 'BANDSTAND_TLS_CERT' in env
}

/** `host:port` of a bound address, written with or without a scheme. */
function hostAndPort(address: unknown): string {
  const found = /(?:^|\/\/)([^/]+:\d+)/.exec(String(address))
  if (!found?.[1]) throw new Error(`the ready line holds no address: ${JSON.stringify(address)}`)
  return found[1]
}

function parseLog(server: Running): LogLine[] {
  return server
    .stdout()
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as LogLine)
}
