import { sameBytes } from '../../bytes/bytes.ts'
import type { VideoTrackConfig } from '../../track.ts'
import { videoConfigFromVp8KeyFrame } from '../vp8/config.ts'
import { isVp8Key } from '../vp8/frame.ts'
import { videoConfigFromVp9KeyFrame } from '../vp9/config.ts'
import { isVp9Key } from '../vp9/frame.ts'
import { parseVpcC } from '../vp9/vpcc.ts'
import type { PictureReader } from './model.ts'

/** The size stands in key frames alone, so that nothing is known before the first. */
export function createVpPictureReader(codec: 'vp8' | 'vp9'): PictureReader {
  let config: VideoTrackConfig | undefined
  let vpcC: Uint8Array | undefined

  function configOf(frame: Uint8Array): VideoTrackConfig {
    return codec === 'vp8' ? videoConfigFromVp8KeyFrame(frame) : videoConfigFromVp9KeyFrame(frame, vpcC)
  }

  function isSame(fresh: VideoTrackConfig): boolean {
    if (config?.width !== fresh.width || config.height !== fresh.height) return false
    return sameBytes(config.decoderConfig, fresh.decoderConfig)
  }

  return {
    get config() {
      return config
    },
    configure(record) {
      parseVpcC(record)
      vpcC = new Uint8Array(record)
    },
    read(frame) {
      // An empty frame is what an encoder leaves out.
      if (frame.byteLength === 0) return undefined
      const key = codec === 'vp8' ? isVp8Key(frame) : isVp9Key(frame)
      if (key) {
        const fresh = configOf(frame)
        if (!isSame(fresh)) config = fresh
      }
      return { key, data: frame }
    },
  }
}
