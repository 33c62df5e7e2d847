import { runToEnd } from './process.ts'
import { findProgram } from './programs.ts'

export interface FlashesAndBeeps {
  /** Seconds from one to the next. */
  readonly period: number
  /** Seconds in all; without end unless it is given. */
  readonly seconds?: number
  /** Seconds by which the sound begins after the pictures. */
  readonly late?: number
  /** As fast as time goes by. */
  readonly realtime?: boolean
}

/**
 * ffmpeg's arguments for two inputs, pictures and sound: in the middle of each period the picture turns white and a tone is heard, for 0.1 s.
 * Both are made of the time itself, 30 pictures and 48 000 samples a second, and so stay together however long it goes on.
 */
export function flashesAndBeeps({ period, seconds, late = 0, realtime = false }: FlashesAndBeeps): string[] {
  const middle = period / 2
  const length = (less: number) => (seconds === undefined ? '' : `:d=${seconds - less}`)
  const flash = `between(mod(t,${period}),${middle - 0.001},${middle + 0.099})`
  const white = `drawbox=x=0:y=0:w=iw:h=ih:color=white:t=fill:enable='${flash}'`
  const tone = `aevalsrc='0.8*sin(2*PI*1000*t)*between(mod(t,${period}),${middle},${middle + 0.1})':s=48000${length(late)}`
  const pace = realtime ? ['-re'] : []
  return [
    ...[...pace, '-f', 'lavfi', '-i', `color=c=black:s=320x180:r=30${length(0)},${white}`],
    ...[...pace, '-itsoffset', String(late), '-f', 'lavfi', '-i', tone],
  ]
}

/** Seconds at which the picture turns white and at which a tone begins, on the stream's own clock. */
export interface FlashTimes {
  readonly flashes: readonly number[]
  readonly beeps: readonly number[]
}

/**
 * Decodes an address or a file to its end.
 *
 * @param input what ffmpeg is told of it, for example `['-live_start_index', '0']`
 * @param sound where the sound is, if not there
 */
export async function measureFlashes(url: string, input: readonly string[] = [], sound = url): Promise<FlashTimes> {
  const read = async (from: string, filters: readonly string[], key: string, isOn: (value: number) => boolean) => {
    const args = ['-v', 'error', '-nostdin', '-copyts', ...input, '-i', from, ...filters, '-f', 'null', '-']
    const { stdout } = await runToEnd(findProgram('ffmpeg'), args)
    const found: number[] = []
    let time = 0
    let wasOn = true
    for (const line of stdout().split('\n')) {
      time = Number(/pts_time:([\d.]+)/.exec(line)?.[1] ?? time)
      const value = new RegExp(`${key}=(\\S+)`).exec(line)?.[1]
      if (value === undefined) continue
      const on = isOn(value === '-inf' ? -200 : Number(value))
      if (on && !wasOn) found.push(time)
      wasOn = on
    }
    return found
  }
  const level = 'astats=metadata=1:reset=1,ametadata=print:key=lavfi.astats.Overall.RMS_level:file=-'
  const [flashes, beeps] = await Promise.all([
    read(
      url,
      ['-an', '-vf', 'scale=16:10,signalstats,metadata=print:key=lavfi.signalstats.YAVG:file=-'],
      'YAVG',
      (v) => v > 128,
    ),
    read(sound, ['-vn', '-af', `asetnsamples=240,${level}`], 'RMS_level', (v) => v > -20),
  ])
  return { flashes, beeps }
}

/** Seconds from each flash to its beep, of flashes that have one. @param within so many seconds of it */
export function flashDelays({ flashes, beeps }: FlashTimes, within = 0.3): number[] {
  return flashes.flatMap((flash) => {
    const beep = beeps.find((at) => Math.abs(at - flash) < within)
    return beep === undefined ? [] : [beep - flash]
  })
}
