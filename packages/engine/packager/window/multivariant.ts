import type { TrackId } from '@bandstand/media/access-unit.ts'
import type { MultivariantPlaylist, Rendition, Variant } from '@bandstand/media/manifests/hls/model.ts'
import { audioRenditions, renditionGroup, sameCodec } from '../audio-renditions.ts'
import { displaySize } from '../display-size.ts'
import { type Epoch, type EpochTrack, type ListedRung, type ListedSound, names, renditionName } from '../model.ts'
import { declaredRange } from '../video-range.ts'

/** What is declared, guessed or measured in the first segments times this, until the true peak is known. */
const HEADROOM = 1.25
/** By how much an encoder of sound goes above what it is told. */
const SOUND_HEADROOM = 1.1
/** Where nothing is declared: bits a second for each pixel of a picture of this size, and for sound. */
const GUESS_PER_PIXEL = 4
const GUESS_PIXELS = 1920 * 1080
const GUESS_AUDIO = 160_000
/** Measured segments of a configuration after which a rendition's peak is believed. */
const MEASURED_SEGMENTS = 3
const VERSION = 9
/** The sound that comes with the pictures, in the codec in which it comes. */
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
  /** Those of them that are of pictures. */
  readonly pictureCodecs: readonly string[]
  /** Bits a second as the encoder announced it, sound included. */
  readonly declaredBitrate: number | undefined
  /** Sum of the peaks of pictures and of the sound that takes most, and of how many segments the least measured one's is. */
  readonly peak: Peak
  /** Frames a second, measured at the start of the epoch. */
  readonly frameRate: number | undefined
  /** Other sizes of the pictures, and measured peaks of them and of the sound, where known. */
  readonly rungs?: readonly ListedRung[]
  /** The first sound in other codecs, each of them a group of its own. */
  readonly sounds?: readonly ListedSound[]
  readonly peakOf?: (track: TrackId) => Peak | undefined
}

/** BANDWIDTH of the one variant. */
export function bandwidth(input: Pick<MultivariantInput, 'epoch' | 'declaredBitrate' | 'peak'>): number {
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

/** Bits a second of sound in another codec: what its encoder may reach, more only where more was measured. */
export function soundTrackBandwidth(
  { bitrate }: Pick<ListedSound, 'bitrate'>,
  peak: Peak = { bitrate: 0, segments: 0 },
): number {
  return Math.max(SOUND_HEADROOM * bitrate, peak.bitrate)
}

/** BANDWIDTH of a rung, with the sound that came with the source. */
export function rungBandwidth(rung: ListedRung, input: Pick<MultivariantInput, 'epoch' | 'peakOf'>): number {
  return Math.ceil(rungTrackBandwidth(rung, input.peakOf?.(rung.track)) + sourceSoundBandwidth(input))
}

/** Of the one that takes most: any of them may be played. */
function sourceSoundBandwidth({ epoch, peakOf }: Pick<MultivariantInput, 'epoch' | 'peakOf'>): number {
  const each = sameCodec(audioRenditions(epoch.tracks)).map(({ track }) =>
    trackBandwidth(epoch, track, undefined, peakOf?.(track)),
  )
  return Math.max(0, ...each)
}

/** Sounds of one codec, of which one is played beside pictures. */
interface SoundGroup {
  readonly id: string
  readonly codecs: readonly string[]
  readonly renditions: readonly Rendition[]
  /** Bits a second that it takes more than the sound that came with the source. */
  readonly more: number
}

/**
 * The multivariant playlist of an epoch's track set: the source first, sounds as rendition groups where there are pictures. All pictures are
 * listed once for each group, that of the source first, for players take what they can play. Without pictures the first sound of each is a
 * variant, alone.
 */
export function multivariantPlaylist(input: MultivariantInput): MultivariantPlaylist {
  const video = input.epoch.tracks.find((t) => t.config.kind === 'video')
  const groups = soundGroups(input)
  const all = { version: VERSION, independentSegments: false }
  if (video === undefined) {
    return { ...all, variants: groups.map((group) => soundVariant(input, group)), renditions: [] }
  }
  return {
    ...all,
    variants: (groups.length === 0 ? [undefined] : groups).flatMap((group) => pictureVariants(input, video, group)),
    renditions: groups.flatMap(({ renditions }) => renditions),
  }
}

function soundGroups(input: MultivariantInput): readonly SoundGroup[] {
  const own = sameCodec(audioRenditions(input.epoch.tracks))
  const [first] = own
  if (first === undefined) return []
  const codecs = [...new Set(own.map(({ config }) => config.codecString))]
  const renditions = renditionGroup(AUDIO_GROUP, own, (track) => uriOf(input, track, 'audio'))
  const others = (input.sounds ?? []).map(({ group, codecString, track, channels, bitrate }): SoundGroup => {
    const takes = soundTrackBandwidth({ bitrate }, input.peakOf?.(track))
    return {
      ...{ id: group, codecs: [codecString], more: Math.max(0, takes - sourceSoundBandwidth(input)) },
      // Of one sound the rendition in each group has the same attributes but for its address and channels (§4.4.6.1.1).
      renditions: renditionGroup(group, [{ ...first, config: { ...first.config, channels } }], () =>
        uriOf(input, track, 'audio'),
      ),
    }
  })
  return [{ id: AUDIO_GROUP, codecs, renditions, more: 0 }, ...others]
}

function soundVariant(input: MultivariantInput, { id, codecs, renditions, more }: SoundGroup): Variant {
  const isSource = id === AUDIO_GROUP
  return {
    uri: renditions[0]?.uri ?? '',
    bandwidth: bandwidth(input) + Math.ceil(more),
    codecs: isSource ? input.codecs : codecs,
  }
}

/** The source's pictures and the rungs, with one group of sound. */
function pictureVariants(
  input: MultivariantInput,
  { track, config }: EpochTrack,
  group: SoundGroup | undefined,
): readonly Variant[] {
  if (config.kind !== 'video') return []
  const { codecs = [], more = 0 } = group ?? {}
  const isSource = group === undefined || group.id === AUDIO_GROUP
  const audio = group !== undefined && { audio: group.id }
  const frameRate = input.frameRate ?? config.frameRate
  const source: Variant = {
    uri: uriOf(input, track, 'video'),
    bandwidth: bandwidth(input) + Math.ceil(more),
    codecs: isSource ? [...input.codecs] : [...input.pictureCodecs, ...codecs],
    // The size at which the picture is shown (§4.4.6.2).
    resolution: displaySize(config),
    ...declaredRange(config),
    ...(frameRate !== undefined && { frameRate }),
    ...audio,
  }
  const rungs = (input.rungs ?? []).map(
    (rung): Variant => ({
      uri: uriOf(input, rung.track, 'video'),
      bandwidth: rungBandwidth(rung, input) + Math.ceil(more),
      codecs: [...new Set([rung.codecString, ...codecs])],
      resolution: { width: rung.width, height: rung.height },
      frameRate: rung.frameRate,
      ...audio,
    }),
  )
  return [source, ...rungs]
}

function uriOf({ assetId }: Pick<MultivariantInput, 'assetId'>, track: TrackId, kind: 'video' | 'audio'): string {
  return `${assetId}/${renditionName(track, kind)}/${names.playlist}`
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
