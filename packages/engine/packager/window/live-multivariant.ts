import type { TrackId } from '@bandstand/media/access-unit.ts'
import { printMultivariant } from '@bandstand/media/manifests/hls/print.ts'
import type { TrackConfig } from '@bandstand/media/track.ts'
import { audioRenditions, sameCodec } from '../audio-renditions.ts'
import type { RenderedText } from '../live.ts'
import type { Epoch, ListedRung, ListedSound } from '../model.ts'
import {
  bandwidth,
  type MultivariantInput,
  multivariantPlaylist,
  type Peak,
  rungBandwidth,
  soundTrackBandwidth,
} from './multivariant.ts'
import { rendered } from './rendered.ts'
import type { Rendition } from './rendition.ts'

export interface LiveMultivariantOptions {
  readonly assetId: string
  /** Distinguishes this process' validators from those of others. */
  readonly nonce: string
  /** As measured, of any track that has been there. */
  readonly peakOf: (track: TrackId) => Peak | undefined
}

/** A broadcast as its multivariant playlist has to say it now. */
export interface ShownBroadcast {
  /** Rises with each other track set and each other ladder. */
  readonly generation: number
  readonly epoch: Epoch
  /** Of the epoch's tracks. */
  readonly renditions: readonly Pick<Rendition, 'track' | 'segments' | 'peak'>[]
  readonly rungs: readonly ListedRung[]
  /** Its first sound in other codecs. */
  readonly sounds: readonly ListedSound[]
  /** Bits a second as the encoder announced it, sound included. */
  readonly declaredBitrate: number | undefined
  /** Frames a second, measured. */
  readonly frameRate: number | undefined
}

/** The multivariant playlist of a broadcast, rendered when asked for, once for each version. */
export interface LiveMultivariant {
  /** Other segments are listed than before. */
  changed(): void
  show(broadcast: ShownBroadcast): RenderedText
}

export function createLiveMultivariant({ assetId, nonce, peakOf }: LiveMultivariantOptions): LiveMultivariant {
  /** As `listedCodecs` says, until something is listed. */
  let codecs: ListedCodecs | undefined
  let shown: { readonly key: string; readonly playlist: RenderedText } | undefined

  return {
    changed() {
      codecs = undefined
    },
    show({ generation, epoch, renditions: all, rungs, sounds, declaredBitrate, frameRate }) {
      const renditions = groupedWith(epoch, all)
      codecs ??= listedCodecs(epoch, renditions)
      const input: MultivariantInput = {
        ...{ assetId, epoch, codecs: codecs.all, pictureCodecs: codecs.ofPictures },
        ...{ declaredBitrate, frameRate, rungs, sounds, peakOf },
        peak: {
          bitrate: peakOfKind('video', epoch, renditions) + peakOfKind('audio', epoch, renditions),
          segments: renditions.reduce((least, r) => Math.min(least, r.peak.segments), Number.POSITIVE_INFINITY),
        },
      }
      const ofSounds = sounds.map((sound) => Math.ceil(soundTrackBandwidth(sound, peakOf(sound.track))))
      const bandwidths = [...rungs.map((r) => rungBandwidth(r, input)), ...ofSounds].join()
      const key = `${generation}-${bandwidth(input)}-${frameRate ?? ''}-${codecs.all.join()}-${bandwidths}`
      if (shown?.key !== key) {
        const text = printMultivariant(multivariantPlaylist(input))
        // The address is the channel's: the validator must not be that of another broadcast with the same facts.
        shown = { key, playlist: rendered(text, `"${nonce}-${assetId}-${key}"`) }
      }
      return shown.playlist
    },
  }
}

/** Without sounds that are not listed: of other codecs, and beside the first where there are no pictures. */
function groupedWith(epoch: Epoch, renditions: ShownBroadcast['renditions']): ShownBroadcast['renditions'] {
  const hasPictures = epoch.tracks.some(({ config }) => config.kind === 'video')
  const listed = sameCodec(audioRenditions(epoch.tracks)).slice(0, hasPictures ? undefined : 1)
  return renditions.filter(({ track }) => {
    const isSound = kindOf(epoch, track) === 'audio'
    return !isSound || listed.some((one) => one.track === track)
  })
}

/** The highest: one of them is played. */
function peakOfKind(kind: TrackConfig['kind'], epoch: Epoch, renditions: ShownBroadcast['renditions']): number {
  return Math.max(0, ...renditions.map(({ track, peak }) => (kindOf(epoch, track) === kind ? peak.bitrate : 0)))
}

function kindOf({ tracks }: Epoch, track: TrackId): TrackConfig['kind'] | undefined {
  return tracks.find((own) => own.track === track)?.config.kind
}

interface ListedCodecs {
  readonly all: readonly string[]
  readonly ofPictures: readonly string[]
}

/**
 * The current encoder's first. Segments of one before it are listed for a while, and who cannot decode them must know
 * (RFC 8216bis §6.2.4; hls.js asks for the support of each).
 */
function listedCodecs(now: Epoch, renditions: ShownBroadcast['renditions']): ListedCodecs {
  const shown = new Set(renditions.map(({ track }) => track))
  const own = now.tracks.filter(({ track }) => shown.has(track))
  const found = new Map(own.map(({ config }) => [config.codecString, config.kind]))
  for (const { track, segments } of renditions) {
    for (const segment of segments) {
      const config = segment.epoch.tracks.find((t) => t.track === track)?.config
      if (!segment.gap && config !== undefined) found.set(config.codecString, config.kind)
    }
  }
  const ofPictures = [...found].filter(([, kind]) => kind === 'video').map(([codec]) => codec)
  return { all: [...found.keys()], ofPictures }
}
