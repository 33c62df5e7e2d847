import { BROUGHT_TRACKS } from '@bandstand/media/access-unit.ts'
import type { MultivariantPlaylist, Variant } from '@bandstand/media/manifests/hls/model.ts'

/** The media playlists of a multivariant one that are followed. */
export interface Choice {
  /** What the stream is: the largest picture, or sound where there are none. */
  readonly main: ChosenVariant
  /** Sound in a playlist of its own; absent where it is in the segments of `main`, or there is none. */
  readonly audio?: string
  /** Smaller or other pictures, best first. */
  readonly brought: readonly ChosenVariant[]
  /** Variants and further languages that are left out. */
  readonly leftOut: number
}

export interface ChosenVariant {
  readonly uri: string
  /** Bits a second, as declared; 0 where it is not. */
  readonly bandwidth: number
}

/** Bits a second that sound is taken to have in a declared `BANDWIDTH`, for players that are told what pictures alone need. */
const SOUND_BITRATE = 128_000

/** What to follow of a ladder; undefined where it lists nothing. */
export function chooseRenditions({ variants, renditions }: MultivariantPlaylist): Choice | undefined {
  const seen = new Set<string>()
  const own = variants.filter(({ uri }) => !seen.has(uri) && seen.add(uri))
  const pictures = own.filter(hasPictures)
  const sorted = (pictures.length > 0 ? pictures : own).toSorted(
    (a, b) => area(b) - area(a) || b.bandwidth - a.bandwidth,
  )
  const [main, ...others] = sorted
  if (main === undefined) return undefined
  const group = renditions.filter(({ type, groupId }) => type === 'AUDIO' && groupId === main.audio)
  const audio = (group.find((rendition) => rendition.default) ?? group[0])?.uri
  const brought = pictures.length > 0 ? others.slice(0, BROUGHT_TRACKS.most) : []
  const further = Math.max(0, group.length - 1)
  return {
    main: { uri: main.uri, bandwidth: main.bandwidth },
    ...(audio !== undefined && audio !== main.uri && { audio }),
    brought: brought.map((variant) => ({ uri: variant.uri, bandwidth: ofPictures(variant) })),
    leftOut: own.length - 1 - brought.length + further,
  }
}

const SOUND = /^(mp4a|ac-3|ec-3|opus|fLaC|\.mp3)/i

/** Without CODECS it is taken to have some; the segments will tell. */
function hasPictures({ codecs, resolution }: Variant): boolean {
  return resolution !== undefined || codecs === undefined || codecs.some((codec) => !SOUND.test(codec))
}

function area({ resolution }: Variant): number {
  return resolution === undefined ? 0 : resolution.width * resolution.height
}

function ofPictures({ bandwidth, codecs, audio }: Variant): number {
  const hasSound = audio !== undefined || codecs === undefined || codecs.some((codec) => SOUND.test(codec))
  return hasSound ? Math.max(Math.round(bandwidth / 2), bandwidth - SOUND_BITRATE) : bandwidth
}
