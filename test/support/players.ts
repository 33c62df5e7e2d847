import { chmodSync, chownSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { runToEnd, start } from './process.ts'
import { findProgram } from './programs.ts'
import { temporaryFolder } from './temporary.ts'
import { watchStarving } from './usage.ts'

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
  const warnings = running.stderr()
  return { ...(JSON.parse(running.stdout()) as Omit<Probed, 'warnings'>), warnings }
}

export interface Decoded {
  /** Presentation times of the decoded pictures in seconds, as they came. */
  readonly times: readonly number[]
  /** What ffmpeg complained about. */
  readonly complaints: string
}

/** Lets ffmpeg decode the pictures of an address, to its end or for some seconds of media. */
export async function ffmpegDecode(url: string, seconds?: number): Promise<Decoded> {
  const length = seconds === undefined ? [] : ['-t', String(seconds)]
  const passed = ['-map', '0:v', '-vsync', 'passthrough', '-enc_time_base', '1:90000', '-f', 'framecrc', '-']
  const args = ['-v', 'error', '-nostdin', '-i', url, ...length, ...passed]
  const running = start(findProgram('ffmpeg'), args, { limit: 60_000 })
  await running.exited
  const { lines, ticks } = readCrc(running.stdout())
  const complaints = running.stderr()
  return { times: lines.map(({ time }) => time * (ticks[0] ?? 1)), complaints }
}

export interface MpvDecoded {
  /** Presentation times of the pictures that mpv decoded, in seconds, as they came. */
  readonly times: readonly number[]
  /** Pictures that look different from the one before. */
  readonly changes: number
  /** Seconds of sound. */
  readonly sound: number
  /** Lines of the log that are warnings or errors. */
  readonly complaints: readonly string[]
  readonly log: string
}

/** Lets mpv decode an address as fast as it comes, to its end or for some seconds of media, and tells every picture it got. */
export async function mpvDecode(url: string, seconds?: number): Promise<MpvDecoded> {
  const path = join(temporaryFolder('mpv'), 'decoded.crc')
  const running = start(
    findProgram('mpv'),
    [
      ...[
        '--no-config',
        '--hwdec=no',
        '--msg-level=all=warn',
        ...(seconds === undefined ? [] : [`--length=${seconds}`]),
      ],
      // A line for each picture and each run of samples, with its time and checksum (ffmpeg's framecrc).
      ...[`--o=${path}`, '--of=framecrc', '--ovc=rawvideo', '--oac=pcm_s16le', url],
    ],
    { limit: 90_000 },
  )
  running.stdin.end()
  await running.exited
  const log = running.output()
  const complaints = log.split(/[\r\n]+/).filter((line) => /^\[[^\]]+\]|error|failed/i.test(line.trim()))
  const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
  const { lines, ticks } = readCrc(text)
  // Whichever comes first in the stream has number 0.
  const video = Number(/^#media_type (\d+): video$/m.exec(text)?.[1] ?? 0)
  const pictures = lines.filter(({ stream }) => stream === video)
  return {
    times: pictures.map(({ time }) => time * (ticks[video] ?? 1)),
    changes: pictures.filter(({ crc }, i) => crc !== pictures[i - 1]?.crc).length,
    sound:
      lines.filter(({ stream }) => stream !== video).reduce((sum, { length }) => sum + length, 0) *
      (ticks[1 - video] ?? 1),
    complaints,
    log,
  }
}

/** Lines `stream, dts, pts, duration, size, crc` and seconds a tick of each stream, of ffmpeg's framecrc. */
function readCrc(text: string) {
  const ticks = [...text.matchAll(/^#tb \d+: (\d+)\/(\d+)$/gm)].map((found) => Number(found[1]) / Number(found[2]))
  const found = text.matchAll(/^(\d+), +-?\d+, +(-?\d+), +(\d+), +\d+, (0x[0-9a-f]+)/gm)
  const lines = [...found].map(([, stream, time, length, crc]) => {
    return { stream: Number(stream), time: Number(time), length: Number(length), crc: crc ?? '' }
  })
  return { lines, ticks }
}

export interface VlcPlayed {
  /** Pictures shown and too late to be shown, as VLC counts. */
  readonly shown: number
  readonly lost: number
  /** Pieces of the stream that VLC could not make sense of. */
  readonly broken: number
  /** Longest time between two pictures after the first, ms, to a quarter of a second. */
  readonly stood: number
  /** Part of the time, 0 to 1, in which something on this machine waited for a processor. */
  readonly starved: number
  readonly log: string
}

/** Numeric id of `nobody`: VLC refuses to run as root. */
const nobody = 65_534

/** Plays with VLC, without a window, until it has shown so many pictures or the time is over (ms). */
export async function vlcPlay(url: string, pictures: number, limit = 30_000): Promise<VlcPlayed> {
  const folder = temporaryFolder('vlc')
  const asRoot = process.getuid?.() === 0
  chmodSync(folder, 0o777)
  if (asRoot) chownSync(folder, nobody, nobody)
  const vlc = [
    findProgram('cvlc'),
    ...['--no-color', '--vout=dummy', '--aout=dummy', '--no-keyboard-events', '--no-video-title-show'],
    ...['--no-drop-late-frames', '--no-skip-frames', '-I', 'oldrc', '--rc-fake-tty', url],
  ]
  const drop = asRoot ? [findProgram('setpriv'), `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', '--'] : []
  const [program = '', ...args] = [...drop, ...vlc]
  const running = start(program, args, { env: { HOME: folder, XDG_RUNTIME_DIR: folder }, limit: limit + 20_000 })
  const count = (name: string) => {
    const found = [...running.output().matchAll(new RegExp(`${name} *: +(\\d+)`, 'g'))]
    return Number(found.at(-1)?.[1] ?? 0)
  }
  let stood = 0
  let shown = 0
  let since = performance.now()
  const watched = watchStarving()
  for (const end = since + limit; performance.now() < end && shown < pictures && running.running(); ) {
    const asked = performance.now()
    await sleep(250)
    // Then this process stood, and not VLC.
    since += Math.max(0, performance.now() - asked - 250)
    running.stdin.write('stats\n')
    const now = count('frames displayed')
    if (shown > 0) stood = Math.max(stood, performance.now() - since)
    if (now > shown) since = performance.now()
    shown = now
  }
  const starved = watched()
  await running.stop('SIGTERM')
  const [lost, broken] = [count('frames lost'), count('demux corrupted')]
  return { shown, lost, broken, stood, starved, log: running.output() }
}
