import type { TrackId } from '@bandstand/media/access-unit.ts'
import type { MultivariantPlaylist, Variant } from '@bandstand/media/manifests/hls/model.ts'
import type { VideoTrackConfig } from '@bandstand/media/track.ts'
import { audioRenditions, renditionGroup, sameCodec } from '../audio-renditions.ts'
import { displaySize } from '../display-size.ts'
import { type Epoch, type ListedRung, names, renditionName } from '../model.ts'
import { declaredRange } from '../video-range.ts'

/** What is declared, guessed or measured in the first segments times this, until the true peak is known. */
const HEADROOM = 1.25
/** Where nothing is declared: bits a second for each pixel of a picture of this size, and for sound. */
const GUESS_PER_PIXEL = 4
const GUESS_PIXELS = 1920 * 1080
const GUESS_AUDIO = 160_000
/** Measured segments of a configuration after which a rendition's peak is believed. */
const MEASURED_SEGMENTS = 3
const VERSION = 9
const AUDIO_GROUP = 'audio'

/** The highest bitrate of a segment of the newest configuration, or of one that is still listed; bits a second. */
export interface Peak {
  readonly bitrate: number
  /** Measured segments of the newest configuration. */
  readonly segments: number
}

export interface MultivariantInput {
  readonly assetId: string
  readonly epoch: Epoch
  /** Of every media format in the listed segments, also those of former encoders (RFC 8216bis §6.2.4). */
  readonly codecs: readonly string[]
  /** Bits a second as the encoder announced it, sound included. */
  readonly declaredBitrate: number | undefined
  /** Sum of the peaks of pictures and of the sound that takes most, and of how many segments the least measured one's is. */
  readonly peak: Peak
  /** Frames a second, measured at the start of the epoch. */
  readonly frameRate: number | undefined
  /** Other sizes of the pictures, and measured peaks of them and of the sound, where known. */
  readonly rungs?: readonly ListedRung[]
  readonly peakOf?: (track: TrackId) => Peak | undefined
}

/** BANDWIDTH of the one variant. */
export function bandwidth(input: MultivariantInput): number {
  return Math.ceil(believed(input.peak, HEADROOM * (input.declaredBitrate ?? guess(input.epoch))))
}

/** Players read it once, at the start: what was measured too little yet may raise what was said, and not lower it. */
function believed(peak: Peak, said: number): number {
  return peak.segments >= MEASURED_SEGMENTS ? peak.bitrate : Math.max(said, HEADROOM * peak.bitrate)
}

/**
 * Bits a second of one track: its measured peak, once that is believed.
 *
 * @param declared of all tracks together, as the encoder announced it.
 */
export function trackBandwidth(
  epoch: Epoch,
  track: TrackId,
  declared: number | undefined,
  peak: Peak = { bitrate: 0, segments: 0 },
): number {
  const isVideo = epoch.tracks.find((t) => t.track === track)?.config.kind === 'video'
  return believed(peak, isVideo ? HEADROOM * (declared ?? guess(epoch)) : GUESS_AUDIO)
}

/**
 * Bits a second of a rung's pictures: what its encoder may reach, more only where more was measured. Of one that the encoder brings only
 * what it says is known, or not even that, until it was measured.
 */
export function rungTrackBandwidth(
  { bitrate, brought }: Pick<ListedRung, 'bitrate' | 'brought'>,
  peak: Peak = { bitrate: 0, segments: 0 },
): number {
  return brought === true ? believed(peak, HEADROOM * bitrate) : Math.max(HEADROOM * bitrate, peak.bitrate)
}

/** BANDWIDTH of a rung, sound included. */
export function rungBandwidth(rung: ListedRung, input: Pick<MultivariantInput, 'epoch' | 'peakOf'>): number {
  const sounds = sameCodec(audioRenditions(input.epoch.tracks)).map(({ track }) =>
    trackBandwidth(input.epoch, track, undefined, input.peakOf?.(track)),
  )
  return Math.ceil(rungTrackBandwidth(rung, input.peakOf?.(rung.track)) + Math.max(0, ...sounds))
}

/**
 * The multivariant playlist of an epoch's track set: the source first, sounds as a rendition group where there are pictures. Without them the
 * first sound is the variant, alone.
 */
export function multivariantPlaylist(input: MultivariantInput): MultivariantPlaylist {
  const video = input.epoch.tracks.find((t) => t.config.kind === 'video')
  const sounds = sameCodec(audioRenditions(input.epoch.tracks))
  const [audio] = sounds
  const main = video ?? audio
  const uri = (track: number, kind: 'video' | 'audio') =>
    `${input.assetId}/${renditionName(track, kind)}/${names.playlist}`
  if (main === undefined) return { version: VERSION, independentSegments: false, variants: [], renditions: [] }
  const frameRate = input.frameRate ?? (video?.config as VideoTrackConfig | undefined)?.frameRate
  const variant: Variant = {
    uri: uri(main.track, main.config.kind),
    bandwidth: bandwidth(input),
    codecs: [...input.codecs],
    ...(main.config.kind === 'video' && {
      // The size at which the picture is shown (§4.4.6.2).
      resolution: displaySize(main.config),
      ...declaredRange(main.config),
      ...(frameRate !== undefined && { frameRate }),
      ...(audio !== undefined && { audio: AUDIO_GROUP }),
    }),
  }
  const grouped = video !== undefined && audio !== undefined
  const rungs = (video === undefined ? [] : (input.rungs ?? [])).map(
    (rung): Variant => ({
      uri: uri(rung.track, 'video'),
      bandwidth: rungBandwidth(rung, input),
      codecs: [...new Set([rung.codecString, ...sounds.map(({ config }) => config.codecString)])],
      resolution: { width: rung.width, height: rung.height },
      frameRate: rung.frameRate,
      ...(audio !== undefined && { audio: AUDIO_GROUP }),
    }),
  )
  return {
    version: VERSION,
    independentSegments: false,
    variants: [variant, ...rungs],
    renditions: grouped ? renditionGroup(AUDIO_GROUP, sounds, (track) => uri(track, 'audio')) : [],
  }
}

/** Of several sounds one is played. */
function guess({ tracks }: Epoch): number {
  const pictures = tracks.map(({ config }) =>
    config.kind === 'video' ? guessPictures(config.width * config.height) : 0,
  )
  const hasSound = tracks.some(({ config }) => config.kind === 'audio')
  return pictures.reduce((sum, bitrate) => sum + bitrate, hasSound ? GUESS_AUDIO : 0)
}

/** Bits a second of pictures of which nothing is known but their size: encoders spend more on each pixel of a small one. */
export function guessPictures(pixels: number): number {
  return pixels * GUESS_PER_PIXEL * Math.max(1, (GUESS_PIXELS / pixels) ** 0.25)
}
