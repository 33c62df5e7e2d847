import type { Hub } from '../../stream/hub.ts'
import { codecOf } from './feed.ts'
import { encodedAgain } from './offer.ts'
import type { Seating } from './seating.ts'
import type { Rendition, Watchable } from './watchable.ts'

/** The renditions of a session. */
export interface Layers {
  /** By name; `undefined` where the server chooses. */
  readonly chosen: string | undefined
  /** The one on its way to the viewer. */
  readonly playing: string | undefined
  /** Why the first of them is not what the encoder sends. */
  readonly reason: string | undefined
  readonly renditions: readonly Pick<Rendition, 'name' | 'width' | 'height' | 'frameRate' | 'bitrate'>[]
}

/** @param watched the hub that the viewer is on. */
export function layersOf(
  seating: Seating,
  stream: Watchable,
  channel: string,
  watched: Hub,
  chosen: string | undefined,
): Layers {
  const offered = seating.offered(stream, channel, watched)
  return {
    chosen,
    playing: offered.find(({ hub }) => hub === watched)?.name,
    reason: seating.isReordered(stream.source.hub) ? encodedAgain(codecOf(stream.source.hub)) : undefined,
    renditions: offered.map(({ name, width, height, frameRate, bitrate }) => {
      // Measured: what is behind the point says nothing.
      return { name, width, height, frameRate: Math.round(frameRate * 1000) / 1000, bitrate: Math.round(bitrate) }
    }),
  }
}
