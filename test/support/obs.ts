import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../bench/support/free-port.ts'
import { type Running, runToEnd, start } from './process.ts'
import { findProgram } from './programs.ts'
import { temporaryFolder } from './temporary.ts'

export interface ObsOptions {
  /** `rtmp://host:port/live` or `srt://host:port?…`, as typed into OBS's "Server". */
  readonly server: string
  readonly key: string
  readonly width?: number
  readonly height?: number
  readonly frameRate?: number
  /** Video bits a second, in kbit/s. */
  readonly bitrate?: number
  /** Frames between key frames; 250 is what OBS's "auto" gives. */
  readonly gop?: number
  /** Puts HLS to this address by its "Custom Output (FFmpeg)", which "Start Recording" starts, in place of streaming. */
  readonly hls?: string
  /** Further x264 options, for example `bframes=2`. */
  readonly x264?: string
  /** File to play; a test picture otherwise. */
  readonly media?: string
  /** Folder of certificates that it trusts in place of the system's (Linux: it gets a mount namespace of its own). */
  readonly trust?: string
  readonly limit?: number
}

export interface Obs {
  readonly pid: number
  /** OBS's own log. */
  readonly log: () => string
  readonly running: () => boolean
  /** As "Stop Streaming" does, then closes it. */
  readonly stop: () => Promise<void>
  /** As a crash does. */
  readonly kill: () => Promise<void>
}

/**
 * Publishes with a real OBS Studio on a screen that nobody sees. Its reconnecting stays on (first after 2 s, then later
 * and later), as on a streamer's desk.
 */
export async function obsPublish(options: ObsOptions): Promise<Obs> {
  const home = temporaryFolder('obs')
  const media = options.media ?? (await makeMedia(home, options))
  const port = await freePort()
  writeProfile(home, media, options, port)
  const screen = start(findProgram('Xvfb'), ['-displayfd', '3', '-screen', '0', '1024x768x24', '-nolisten', 'tcp'], {
    pipes: 1,
    limit: options.limit ?? 300_000,
  })
  const [display] = (await once(screen.pipe(3), 'data', { signal: AbortSignal.timeout(30_000) }).catch(
    async (error: unknown) => {
      await screen.stop()
      throw new Error(`Xvfb gives no screen\n${screen.output()}`, { cause: error })
    },
  )) as [Buffer]
  const [program = '', ...args] = [
    ...(options.trust === undefined ? [] : trusting(options.trust)),
    ...[
      findProgram('obs'),
      options.hls === undefined ? '--startstreaming' : '--startrecording',
      '--minimize-to-tray',
      '--multi',
    ],
    ...['--profile', 'Test', '--collection', 'Test'],
  ]
  const obs: Running = start(program, args, {
    env: {
      HOME: home,
      XDG_CONFIG_HOME: join(home, '.config'),
      XDG_RUNTIME_DIR: home,
      QT_QPA_PLATFORM: 'xcb',
      DISPLAY: `:${display.toString().trim()}`,
    },
    limit: options.limit ?? 300_000,
  })
  const end = async (signal: NodeJS.Signals) => {
    await obs.stop(signal, 8000)
    await screen.stop()
  }
  return {
    pid: obs.pid,
    log: obs.output,
    running: obs.running,
    stop: async () => {
      // A signal alone ends it without a word to the server.
      if (obs.running()) await stopOutput(port, options.hls === undefined ? 'StopStream' : 'StopRecord').catch(() => {})
      await end('SIGTERM')
    },
    kill: () => end('SIGKILL'),
  }
}

/** What is in front of a command so that it finds these certificates where the system's are. */
function trusting(folder: string): string[] {
  const ownUser = process.getuid?.() === 0 ? [] : ['--map-root-user']
  const mount = 'mount --bind "$0" /etc/ssl/certs && exec "$@"'
  return [findProgram('unshare'), '--mount', ...ownUser, 'sh', '-c', mount, folder]
}

/** Presses "Stop Streaming" or "Stop Recording" through obs-websocket (protocol 5) and waits until that has been done. */
async function stopOutput(port: number, requestType: 'StopStream' | 'StopRecord'): Promise<void> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`)
  const deadline = AbortSignal.timeout(20_000)
  const [HELLO, IDENTIFY, IDENTIFIED, EVENT, REQUEST] = [0, 1, 2, 5, 6]
  const outputs = 1 << 6
  const send = (op: number, d: object) => socket.send(JSON.stringify({ op, d }))
  await new Promise<void>((done, fail) => {
    deadline.addEventListener('abort', () => fail(new Error('OBS did not stop')))
    socket.addEventListener('error', () => fail(new Error('OBS cannot be reached')))
    socket.addEventListener('message', ({ data }) => {
      const { op, d } = JSON.parse(String(data)) as { op: number; d: { eventData?: { outputState?: string } } }
      if (op === HELLO) send(IDENTIFY, { rpcVersion: 1, eventSubscriptions: outputs })
      if (op === IDENTIFIED) send(REQUEST, { requestType, requestId: 'stop' })
      if (op === EVENT && d.eventData?.outputState === 'OBS_WEBSOCKET_OUTPUT_STOPPED') done()
    })
  }).finally(() => socket.close())
}

async function makeMedia(home: string, options: ObsOptions): Promise<string> {
  const { width = 1280, height = 720, frameRate = 30 } = options
  const path = join(home, 'clip.mp4')
  await runToEnd(findProgram('ffmpeg'), [
    ...['-hide_banner', '-loglevel', 'error', '-f', 'lavfi', '-i', `testsrc2=s=${width}x${height}:r=${frameRate}`],
    ...['-f', 'lavfi', '-i', 'sine=440:beep_factor=4', '-t', '6'],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-c:a', 'aac', '-y', path],
  ])
  return path
}

/** Sections of an INI file as OBS reads them. */
function printIni(sections: Readonly<Record<string, Readonly<Record<string, string | number | boolean>>>>): string {
  return Object.entries(sections)
    .map(
      ([name, values]) =>
        `[${name}]\n${Object.entries(values)
          .map(([key, value]) => `${key}=${value}\n`)
          .join('')}`,
    )
    .join('\n')
}

/** Settings → Output → Recording: type Custom Output (FFmpeg), Output to URL. Codecs by libavcodec's numbers. */
function ffmpegOutput(url: string, bitrate: number, gop: number): Readonly<Record<string, string | number | boolean>> {
  const [h264, aac] = [27, 86_018]
  return {
    ...{ RecType: 'FFmpeg', FFOutputToFile: false, FFURL: url, FFFormat: 'hls', FFExtension: 'm3u8' },
    FFMCustom: 'method=PUT hls_time=2 hls_list_size=6',
    ...{
      FFVEncoder: 'libx264',
      FFVEncoderId: h264,
      FFVBitrate: bitrate,
      FFVGOPSize: gop,
      FFVCustom: 'preset=ultrafast',
    },
    ...{ FFAEncoder: 'aac', FFAEncoderId: aac, FFABitrate: 128, FFAudioMixes: 1 },
  }
}

function writeProfile(home: string, media: string, options: ObsOptions, port: number): void {
  const { width = 1280, height = 720, frameRate = 30, bitrate = 1500, gop = 60, x264 = '' } = options
  const config = join(home, '.config', 'obs-studio')
  const profile = join(config, 'basic', 'profiles', 'Test')
  const scenes = join(config, 'basic', 'scenes')
  mkdirSync(profile, { recursive: true })
  mkdirSync(scenes, { recursive: true })

  writeFileSync(
    join(config, 'global.ini'),
    printIni({
      // A first run would open the setup assistant and wait for somebody to click.
      General: { FirstRun: true, EnableAutoUpdates: false, LastVersion: 486_539_266 },
      Basic: {
        Profile: 'Test',
        ProfileDir: 'Test',
        SceneCollection: 'Test',
        SceneCollectionFile: 'Test',
        ConfigOnNewProfile: false,
      },
      BasicWindow: {
        WarnBeforeStartingStream: false,
        SysTrayEnabled: true,
        SysTrayWhenStarted: true,
        PreviewEnabled: false,
      },
      // Its first load asks for a password.
      OBSWebSocket: {
        FirstLoad: false,
        ServerEnabled: true,
        ServerPort: port,
        AuthRequired: false,
        AlertsEnabled: false,
      },
    }),
  )
  writeFileSync(
    join(profile, 'basic.ini'),
    printIni({
      General: { Name: 'Test' },
      Output: { Mode: options.hls === undefined ? 'Simple' : 'Advanced' },
      ...(options.hls !== undefined && { AdvOut: ffmpegOutput(options.hls, bitrate, gop) }),
      SimpleOutput: {
        VBitrate: bitrate,
        ABitrate: 128,
        StreamEncoder: 'x264',
        Preset: 'ultrafast',
        UseAdvanced: true,
        x264Settings: `keyint=${gop} ${x264}`.trim(),
      },
      Video: { BaseCX: width, BaseCY: height, OutputCX: width, OutputCY: height, FPSType: 1, FPSInt: frameRate },
      Audio: { SampleRate: 48_000, ChannelSetup: 'Stereo' },
    }),
  )
  const service = { type: 'rtmp_custom', settings: { server: options.server, key: options.key, use_auth: false } }
  writeFileSync(join(profile, 'service.json'), JSON.stringify(service))

  const clip = {
    id: 'ffmpeg_source',
    versioned_id: 'ffmpeg_source',
    name: 'Clip',
    enabled: true,
    mixers: 255,
    volume: 1,
    settings: { local_file: media, is_local_file: true, looping: true, restart_on_activate: true },
  }
  const item = {
    ...{ id: 1, name: 'Clip', visible: true, locked: false, align: 5, rot: 0 },
    ...{ pos: { x: 0, y: 0 }, scale: { x: 1, y: 1 }, bounds: { x: 0, y: 0 }, bounds_type: 0 },
  }
  const scene = {
    ...{ id: 'scene', versioned_id: 'scene', name: 'Scene', enabled: true, mixers: 0, volume: 1 },
    settings: { id_counter: 1, items: [item], custom_size: false },
  }
  const collection = {
    ...{ name: 'Test', current_scene: 'Scene', current_program_scene: 'Scene', current_transition: 'Cut' },
    ...{ scene_order: [{ name: 'Scene' }], sources: [clip, scene], groups: [], transitions: [], modules: {} },
  }
  writeFileSync(join(scenes, 'Test.json'), JSON.stringify(collection))
}
