import type { TrackId } from '@bandstand/media/access-unit.ts'
import type { MultivariantPlaylist, Rendition, Variant } from '@bandstand/media/manifests/hls/model.ts'
import type { TrackConfig, VideoTrackConfig } from '@bandstand/media/track.ts'
import { audioRenditions, renditionGroup, sameCodec } from '../packager/audio-renditions.ts'
import { displaySize, type PictureSize } from '../packager/display-size.ts'
import { names, renditionName } from '../packager/model.ts'
import { declaredRange } from '../packager/video-range.ts'
import { isReplayed, withoutPause } from '../store/pause.ts'
import type { AssetIndex, AssetTrack, IndexedSegment } from '../store/port.ts'
import { saidFrameRate } from '../timeline/frame-rate.ts'

/** What a track's segments cost, measured. */
export interface TrackRate {
  /** Highest rate of a segment, bits per second. */
  peak: number
  bytes: number
  seconds: number
}

/** Counts a segment. Very short ones say nothing about the peak (RFC 8216bis §4.4.6.2: half a target at least). */
export function addToRate(rate: TrackRate, segment: IndexedSegment, targetDuration: number): void {
  const seconds = withoutPause(segment).duration / segment.timescale
  if (!isReplayed(segment) || seconds <= 0) return
  rate.bytes += segment.size
  rate.seconds += seconds
  if (seconds >= targetDuration / 2) rate.peak = Math.max(rate.peak, (segment.size * 8) / seconds)
}

export function createRate(): TrackRate {
  return { peak: 0, bytes: 0, seconds: 0 }
}

/**
 * The multivariant playlist of a replay: a variant for each video track, audio tracks of the first one's codec as one rendition group; the
 * first audio track as a variant where there are no pictures. Tracks that never had media are left out.
 */
export function replayMultivariant(index: AssetIndex, rates: ReadonlyMap<TrackId, TrackRate>): MultivariantPlaylist {
  const withMedia = index.tracks.filter((track) => (rates.get(track.track)?.bytes ?? 0) > 0)
  const videos = withMedia.filter((track) => track.kind === 'video')
  const sounds = audioRenditions(
    withMedia.flatMap((track) => {
      const config = track.kind === 'audio' ? audioConfig(index, track) : undefined
      return config === undefined ? [] : [{ track: track.track, config }]
    }),
  )
  const grouped = sameCodec(sounds)
  const audios = withMedia.filter(({ track }) => grouped.some((one) => one.track === track))
  const [audio] = audios
  const audioRates = audios.map((track) => rateOf(rates, track.track))
  const renditions: readonly Rendition[] =
    videos.length === 0 ? [] : renditionGroup('audio', grouped, (track) => uriOf({ track, kind: 'audio' }))
  const audioPeak = Math.max(0, ...audioRates.map((rate) => rate.peak))
  const audioAverage = Math.max(0, ...audioRates.map((rate) => rate.average))
  const variants: Variant[] = videos.map((track) => {
    const rate = rateOf(rates, track.track)
    const config = videoConfig(index, track)
    // Older recordings have kept what was said, whatever it was.
    const frameRate = config && saidFrameRate(config)
    return {
      uri: uriOf(track),
      bandwidth: rate.peak + audioPeak,
      averageBandwidth: rate.average + audioAverage,
      codecs: [...new Set([track, ...audios].flatMap((one) => codecStrings(index, one)))],
      ...(config !== undefined && { resolution: displaySize(config), ...declaredRange(config) }),
      ...(frameRate !== undefined && { frameRate }),
      ...(audio !== undefined && { audio: 'audio' }),
    }
  })
  if (videos.length === 0 && audio !== undefined) {
    const rate = rateOf(rates, audio.track)
    const codecs = codecStrings(index, audio)
    variants.push({
      uri: uriOf(audio),
      bandwidth: rate.peak,
      averageBandwidth: rate.average,
      ...(codecs.length > 0 && { codecs }),
    })
  }
  return { version: 9, independentSegments: false, variants, renditions }
}

/** The size of the picture as a replay shows it; `undefined` for sound alone. */
export function replaySize(index: AssetIndex): PictureSize | undefined {
  const track = index.tracks.find(({ kind }) => kind === 'video')
  const config = track && videoConfig(index, track)
  return config && displaySize(config)
}

/** Bits a second, measured. */
export function rateOf(
  rates: ReadonlyMap<TrackId, TrackRate>,
  track: TrackId,
): { readonly peak: number; readonly average: number } {
  const rate = rates.get(track) ?? createRate()
  const average = rate.seconds > 0 ? (rate.bytes * 8) / rate.seconds : 0
  // A broadcast of one short segment has an average only.
  return { peak: Math.ceil(Math.max(rate.peak, average)), average: Math.ceil(average) }
}

function uriOf(track: Pick<AssetTrack, 'track' | 'kind'>): string {
  return `${renditionName(track.track, track.kind)}/${names.playlist}`
}

function configs(index: AssetIndex, track: AssetTrack): TrackConfig[] {
  return index.epochs.flatMap((epoch) => {
    const found = epoch.tracks.find((candidate) => candidate.track === track.track)
    return found === undefined ? [] : [found.config]
  })
}

/** Of every epoch: an encoder may return with another configuration (RFC 8216bis §6.2.4). */
function codecStrings(index: AssetIndex, track: AssetTrack): string[] {
  return [...new Set(configs(index, track).map(({ codecString }) => codecString))]
}

/** The most demanding configuration: what a player must be able to decode. The newest among equals. */
function videoConfig(index: AssetIndex, track: AssetTrack): VideoTrackConfig | undefined {
  let most: VideoTrackConfig | undefined
  for (const config of configs(index, track)) {
    if (config.kind !== 'video') continue
    if (most === undefined || config.width * config.height >= most.width * most.height) most = config
  }
  return most
}

function audioConfig(index: AssetIndex, track: AssetTrack) {
  let most: Extract<TrackConfig, { kind: 'audio' }> | undefined
  for (const config of configs(index, track)) {
    if (config.kind === 'audio' && (most === undefined || config.channels >= most.channels)) most = config
  }
  return most
}
