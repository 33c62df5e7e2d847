import type { TrackId } from '@bandstand/media/access-unit.ts'
import { printMultivariant } from '@bandstand/media/manifests/hls/print.ts'
import type { RenderedText } from '../live.ts'
import type { Epoch, ListedRung } from '../model.ts'
import { bandwidth, type MultivariantInput, multivariantPlaylist, type Peak, rungBandwidth } from './multivariant.ts'
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
  let codecs: readonly string[] | undefined
  let shown: { readonly key: string; readonly playlist: RenderedText } | undefined

  return {
    changed() {
      codecs = undefined
    },
    show({ generation, epoch, renditions, rungs, declaredBitrate, frameRate }) {
      codecs ??= listedCodecs(epoch, renditions)
      const input: MultivariantInput = {
        ...{ assetId, epoch, codecs, declaredBitrate, frameRate, rungs, peakOf },
        peak: {
          bitrate: renditions.reduce((sum, r) => sum + r.peak.bitrate, 0),
          segments: renditions.reduce((least, r) => Math.min(least, r.peak.segments), Number.POSITIVE_INFINITY),
        },
      }
      const bandwidths = rungs.map((r) => rungBandwidth(r, input)).join()
      const key = `${generation}-${bandwidth(input)}-${frameRate ?? ''}-${codecs.join()}-${bandwidths}`
      if (shown?.key !== key) {
        const text = printMultivariant(multivariantPlaylist(input))
        // The address is the channel's: the validator must not be that of another broadcast with the same facts.
        shown = { key, playlist: rendered(text, `"${nonce}-${assetId}-${key}"`) }
      }
      return shown.playlist
    },
  }
}

/**
 * The current encoder's first. Segments of one before it are listed for a while, and who cannot decode them must know
 * (RFC 8216bis §6.2.4; hls.js asks for the support of each).
 */
function listedCodecs(now: Epoch, renditions: ShownBroadcast['renditions']): readonly string[] {
  const found = new Set(now.tracks.map(({ config }) => config.codecString))
  for (const { track, segments } of renditions) {
    for (const segment of segments) {
      const config = segment.epoch.tracks.find((t) => t.track === track)?.config
      if (!segment.gap && config !== undefined) found.add(config.codecString)
    }
  }
  return [...found]
}
