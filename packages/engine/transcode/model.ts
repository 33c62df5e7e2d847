import type { LadderSettings as ChosenLadder } from '@bandstand/contract/api/ladder.ts'

/** How pictures are encoded; each is `h264_…` of ffmpeg but the first, which is libx264. */
export type Encoder = ChosenLadder['encoder']

/** Of x264, from the cheapest on that makes High profile; other encoders have their own. */
export type Preset = ChosenLadder['preset']

/** A rendition as the owner asks for it. */
export interface RungSettings {
  /** Of the shorter side of the picture: 720 is 1280 × 720, or 720 × 1280 of an upright one. */
  readonly height: number
  /** Bits a second. */
  readonly bitrate: number
  /** Frames a second, at most. */
  readonly frameRate: number
}

export interface LadderSettings {
  /** `on-demand`: encoded while somebody watches a rung. */
  readonly mode: ChosenLadder['mode']
  readonly encoder: Encoder
  readonly preset: Preset
  /** Highest first. */
  readonly rungs: readonly RungSettings[]
}

/** What must be known of the source's pictures. */
export interface SourceFacts {
  /** As coded, after cropping. */
  readonly width: number
  readonly height: number
  readonly sampleAspectRatio: readonly [number, number]
  /** Measured, frames a second. */
  readonly frameRate: number
  /** Pictures may be coded as fields. */
  readonly interlaced: boolean
  /** Transfer of high dynamic range: SMPTE ST 2084 or ARIB STD-B67. */
  readonly hdr?: 'pq' | 'hlg'
  /** Its colours are those of BT.709 though it does not say so: players take so many lines for that, some fewer for BT.601. */
  readonly assumed?: 'bt709'
}

/** A rendition that is to be made of a source. */
export interface Rung {
  /** Place in the owner's list: the rendition keeps its name when the source changes. */
  readonly slot: number
  /** Square pixels, even. */
  readonly width: number
  readonly height: number
  /** Frames a second that come out. */
  readonly frameRate: number
  /** Of so many frames one is kept. */
  readonly every: number
  /** Bits a second. */
  readonly bitrate: number
  /** `level_idc` of H.264. */
  readonly level: number
  /** RFC 6381. */
  readonly codecString: string
}
