import type { EncoderDiagnosis } from '@bandstand/engine/stream/diagnosis.ts'
import type { EncoderHealth } from '@bandstand/platform/ports.ts'

/** The engine's figures in the API's terms: absent becomes null, seconds become milliseconds. */
export function toEncoderHealth(found: EncoderDiagnosis): EncoderHealth {
  const { video, audio } = found
  const longest = video === undefined || video.keyDistances.length === 0 ? null : Math.max(...video.keyDistances)
  return {
    protocol: found.protocol,
    encoder: found.encoder ?? null,
    remote: found.remote,
    connectedAt: found.connectedAt,
    video:
      video === undefined
        ? null
        : {
            codec: video.codec,
            width: video.width,
            height: video.height,
            frameRate: video.frameRate === 0 ? null : video.frameRate,
            bitrate: video.bitrate,
            keyFrameInterval: longest === null ? null : Math.round(longest * 1000),
            bFrames: video.bFrames,
          },
    audio: audio ?? null,
    timestampJumps: found.timestampJumps ?? 0,
    reconnects: found.reconnects,
  }
}
