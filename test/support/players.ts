import { chmodSync, chownSync, readdirSync } from 'node:fs'
import { runToEnd, start } from './process.ts'
import { findProgram } from './programs.ts'
import { temporaryFolder } from './temporary.ts'

export interface ProbedStream {
  readonly index: number
  readonly codec_type: 'video' | 'audio' | 'data' | 'subtitle'
  readonly codec_name: string
  readonly width?: number
  readonly height?: number
  readonly duration?: string
  readonly nb_read_packets?: string
}

export interface ProbedPacket {
  readonly stream_index: number
  readonly pts_time?: string
  readonly dts_time?: string
  readonly duration_time?: string
  readonly size: string
  readonly flags: string
}

export interface Probed {
  readonly streams: readonly ProbedStream[]
  readonly format: { readonly format_name: string; readonly duration?: string; readonly size?: string }
  readonly packets?: readonly ProbedPacket[]
  /** What ffprobe complained about. */
  readonly warnings: string
}

/** What ffprobe says of a URL or file. `args`, for example `['-show_packets', '-read_intervals', '%+5']`. */
export async function ffprobe(url: string, args: readonly string[] = []): Promise<Probed> {
  const fixed = ['-hide_banner', '-loglevel', 'warning', '-of', 'json', '-show_streams', '-show_format']
  const running = await runToEnd(findProgram('ffprobe'), [...fixed, ...args, url], { limit: 60_000 })
  const warnings = running.output().replace(running.stdout(), '')
  return { ...(JSON.parse(running.stdout()) as Omit<Probed, 'warnings'>), warnings }
}

export interface Played {
  /** Seconds of media that were played, or pictures decoded where the player counts those. */
  readonly seconds: number
  readonly pictures: number
  readonly log: string
  /** Lines of the log that are warnings or errors. */
  readonly complaints: readonly string[]
}

/** Plays with mpv at normal speed, without window or sound, for that many seconds of media or until the end. */
export async function mpvPlay(url: string, seconds: number): Promise<Played> {
  const running = start(
    findProgram('mpv'),
    [
      ...['--no-config', '--vo=null', '--ao=null', '--hwdec=no', '--msg-level=all=warn,statusline=status'],
      ...['--term-status-msg=STATUS ${=time-pos} ${=estimated-frame-number}\n', `--length=${seconds}`, url],
    ],
    { limit: seconds * 1000 + 40_000 },
  )
  running.stdin.end()
  await running.exited
  const log = running.output()
  const status = [...log.matchAll(/STATUS ([\d.]+) (\d+)/g)]
  const first = Number(status[0]?.[1] ?? 0)
  const last = Number(status.at(-1)?.[1] ?? 0)
  const complaints = log.split(/[\r\n]+/).filter((line) => /^\[[^\]]+\]|error|failed/i.test(line.trim()))
  return { seconds: last - first, pictures: Number(status.at(-1)?.[2] ?? 0), log, complaints }
}

/** Numeric id of `nobody`: VLC refuses to run as root. */
const nobody = 65_534

/** Plays with VLC for that many seconds of wall time; decoded pictures are written out and counted, one in 15. */
export async function vlcPlay(url: string, seconds: number): Promise<Played> {
  const folder = temporaryFolder('vlc')
  const asRoot = process.getuid?.() === 0
  chmodSync(folder, 0o777)
  if (asRoot) chownSync(folder, nobody, nobody)
  const vlc = [
    findProgram('cvlc'),
    ...['--no-color', '-v', '--vout=dummy', '--aout=dummy', '--no-keyboard-events', '--no-video-title-show'],
    ...[
      '--video-filter=scene',
      '--scene-format=png',
      '--scene-ratio=15',
      '--scene-width=160',
      `--scene-path=${folder}`,
    ],
    ...['--play-and-exit', `--run-time=${seconds}`, url, 'vlc://quit'],
  ]
  const drop = asRoot ? [findProgram('setpriv'), `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', '--'] : []
  const [program = '', ...args] = [...drop, ...vlc]
  const running = start(program, args, {
    env: { HOME: folder, XDG_RUNTIME_DIR: folder },
    limit: seconds * 1000 + 40_000,
  })
  running.stdin.end()
  await running.exited
  const log = running.output()
  const pictures = readdirSync(folder).filter((name) => name.endsWith('.png') && name !== 'scene.png').length * 15
  const complaints = log.split('\n').filter((line) => / error: /.test(line))
  return { seconds, pictures, log, complaints }
}
