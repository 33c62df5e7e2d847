import type Hls from 'hls.js'
import type { AudioStreamController, BufferInfo, LevelDetails, MediaFragment } from 'hls.js'
import { listedPlace } from './list-start.ts'
import { fromPlayed } from './stream-end.ts'

/** The part of hls.js that loads sound beside pictures, made to find the beginning of what is listed, and to end behind a hole that is past. */
export function soundStream(HlsClass: typeof Hls): typeof AudioStreamController {
  // Only hls.js's builds without sound tracks have none.
  const Base = HlsClass.DefaultConfig.audioStreamController as typeof AudioStreamController
  return class extends Base {
    protected override getNextFragment(at: number, details: LevelDetails): MediaFragment | null {
      return super.getNextFragment(listedPlace(at, details, this.config), details)
    }

    protected override _streamEnded(buffered: BufferInfo, details: LevelDetails): boolean {
      return super._streamEnded(fromPlayed(buffered, this.media?.currentTime ?? 0), details)
    }
  }
}
