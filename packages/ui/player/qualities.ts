/** One rendition that the viewer may choose. */
export interface Quality {
  /** Names it within what is loaded. */
  readonly id: number
  /** Lines of the picture; `undefined` where the playlist does not say. */
  readonly height: number | undefined
  readonly frameRate: number | undefined
  /** Bits per second. */
  readonly bitrate: number
}

/** A sound that the viewer may choose. */
export interface Sound {
  readonly name: string
  /** It is heard. */
  readonly checked: boolean
  choose(): void
}

/** Renditions of what is loaded, the best first. */
export interface Qualities {
  readonly list: readonly Quality[]
  /** `auto`: as the network allows. */
  readonly chosen: number | 'auto'
  /** The one on screen. */
  readonly playing: number | undefined
  choose(id: number | 'auto'): void
  /** Sounds, the first one first; absent where the engine does not let one choose. */
  readonly sounds?: readonly Sound[]
}

/** What the viewer has chosen: kept over sources, connections and transports, each of which has renditions of its own. */
export interface WantedQuality {
  /** `undefined`: as the network allows. */
  quality: Quality | undefined
  /** Name of the sound, where one was chosen. */
  sound?: string
}

/** Frames per second from which on the number is worth saying. */
const swift = 45

/**
 * `720p`, `1080p60`; the bit rate where the lines are not known, and beside them where two would be called the same.
 * @param all the list it stands in
 */
export function qualityName(quality: Quality, all: readonly Quality[]): string {
  const short = shortName(quality)
  const twin = all.some((other) => other.id !== quality.id && shortName(other) === short)
  return twin ? `${short}, ${bitrateText(quality.bitrate)}` : short
}

function shortName({ height, frameRate, bitrate }: Quality): string {
  if (height === undefined) return bitrateText(bitrate)
  return `${height}p${frameRate !== undefined && frameRate >= swift ? Math.round(frameRate) : ''}`
}

/** `2.5 Mbit/s`, `800 kbit/s` */
export function bitrateText(bitrate: number): string {
  if (bitrate >= 999_500) return `${Number((bitrate / 1e6).toPrecision(2))} Mbit/s`
  return `${Number((bitrate / 1000).toPrecision(2))} kbit/s`
}

/** The rendition of a source that is nearest to one chosen in another: not more lines where there are fewer, then by bit rate. */
export function nearestQuality(list: readonly Quality[], wanted: Quality): Quality | undefined {
  const sorted = sortQualities(list)
  const { height = Number.POSITIVE_INFINITY, bitrate } = wanted
  const lines = (sorted.find((one) => (one.height ?? 0) <= height) ?? sorted.at(-1))?.height
  const alike = wanted.height === undefined ? sorted : sorted.filter((one) => one.height === lines)
  const off = (one: Quality) => Math.abs(one.bitrate - bitrate)
  return alike.sort((a, b) => off(a) - off(b))[0]
}

/** The best first: by lines, then by bit rate. */
export function sortQualities(list: readonly Quality[]): Quality[] {
  return [...list].sort((a, b) => (b.height ?? 0) - (a.height ?? 0) || b.bitrate - a.bitrate)
}
