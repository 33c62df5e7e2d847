/** What x264 says of itself in each stream, as far as the studio gives advice on it. */
export interface X264Settings {
  /** Build, for example `164`. */
  readonly core?: string
  /** Longest distance of key frames in frames; `Infinity` for `infinite`. */
  readonly keyint?: number
  readonly keyintMin?: number
  /** Consecutive B-frames at most; 0 for none. */
  readonly bframes?: number
  readonly sceneCut?: number
  readonly openGop?: boolean
  readonly intraRefresh?: boolean
  /** Rate control, for example `crf`, `abr`, `cbr`. */
  readonly rateControl?: string
  /** kbit/s */
  readonly bitrate?: number
  /** kbit/s */
  readonly vbvMaxrate?: number
  readonly threads?: number
  readonly lookahead?: number
}

/**
 * Reads the text of x264's SEI message (`scanAccessUnit().encoderSettings`), for example
 * `x264 - core 164 … - options: cabac=1 ref=3 keyint=250 …`. `undefined` for any other text; settings that are absent or
 * no numbers are left out.
 */
export function parseX264Settings(text: string): X264Settings | undefined {
  if (!text.startsWith('x264')) return undefined
  const core = /\bcore (\d+)/.exec(text)?.[1]
  const at = text.indexOf('options:')
  const options = new Map<string, string>()
  for (const word of at === -1 ? [] : text.slice(at + 8).split(' ')) {
    const equals = word.indexOf('=')
    if (equals > 0) options.set(word.slice(0, equals), word.slice(equals + 1))
  }
  const number = (name: string): number | undefined => {
    const value = options.get(name)
    if (value === 'infinite') return Number.POSITIVE_INFINITY
    return value !== undefined && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : undefined
  }
  const flag = (name: string): boolean | undefined => {
    const value = number(name)
    return value === undefined ? undefined : value !== 0
  }
  return present({
    core,
    keyint: number('keyint'),
    keyintMin: number('keyint_min'),
    bframes: number('bframes'),
    sceneCut: number('scenecut'),
    openGop: flag('open_gop'),
    intraRefresh: flag('intra_refresh'),
    rateControl: options.get('rc'),
    bitrate: number('bitrate'),
    vbvMaxrate: number('vbv_maxrate'),
    threads: number('threads'),
    lookahead: number('rc_lookahead'),
  })
}

type Optional<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> }

function present<T extends object>(values: T): Optional<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Optional<T>
}
