import type { Hub } from '../../stream/hub.ts'

/** A rendition as viewers may choose it. */
export interface Rendition {
  /** No other of the broadcast has it; `SOURCE` is the broadcast's own, or what stands for it. */
  readonly name: string
  readonly width: number
  readonly height: number
  readonly frameRate: number
  /** Bits a second, without sound. */
  readonly bitrate: number
  /** Pictures on the broadcast's clock; without an epoch while it is not being made. */
  readonly hub: Hub
}

export const SOURCE = 'source'

/** A running broadcast, for viewers by WebRTC. */
export interface Watchable {
  /** Its name is `SOURCE`. Bitrate 0 while nothing was measured. */
  readonly source: Rendition
  /** Made of it, highest first, all without B-frames. */
  readonly rungs: readonly Rendition[]
  /** Somebody watches a rung, or wants to: they are made for a while. */
  askForRungs(): void
  /** What stands for a source with B-frames, in its size or nearly so, named `SOURCE`; a text says why there is none. */
  plain(): Rendition | string
  /** Somebody watches that, or wants to: it is made for a while. */
  askForPlain(): void
}

/** A rendition, and whether it can be sent at this moment. */
export interface Offered extends Rendition {
  readonly isRunning: boolean
}

/**
 * What a viewer can be moved between, the best first.
 *
 * @param hasBFrames of the source's running epoch; `undefined` while that is not known, and nobody is moved there.
 * @param watched the hub that the viewer is on.
 */
export function offeredOf(stream: Watchable, hasBFrames: boolean | undefined, watched?: Hub): readonly Offered[] {
  const { source } = stream
  const rungs = stream.rungs.map(running)
  // Whoever is on what stands for the source stays there until it is known what another encoder sends.
  const isOnPlain = watched !== undefined && watched !== source.hub && !rungs.some(({ hub }) => hub === watched)
  if (hasBFrames ?? isOnPlain) {
    const plain = stream.plain()
    return typeof plain === 'string' ? rungs : [running(plain), ...rungs]
  }
  const isKnown = hasBFrames === false || watched === source.hub
  return [{ ...source, isRunning: isKnown && source.hub.epoch !== undefined }, ...rungs]
}

function running(rendition: Rendition): Offered {
  return { ...rendition, isRunning: rendition.hub.epoch !== undefined }
}
