import type { HlsReport, LineReport } from '@bandstand/engine/ports.ts'
import type { BroughtReport } from '@bandstand/engine/stream/brought-report.ts'
import type { EncoderDiagnosis } from '@bandstand/engine/stream/diagnosis.ts'
import type { LadderReport } from '@bandstand/engine/transcode/report.ts'
import type { EncoderHealth } from '@bandstand/platform/ports.ts'

/** The engine's figures in the API's terms: absent becomes null, seconds become milliseconds, figures are rounded. */
export function toEncoderHealth(found: EncoderDiagnosis): EncoderHealth {
  const { video, audio, ladder, brought, sound, line, hls } = found
  const longest = video === undefined || video.keyDistances.length === 0 ? null : Math.max(...video.keyDistances)
  return {
    protocol: found.protocol,
    encoder: found.encoder ?? null,
    remote: found.remote,
    keyId: found.keyId ?? null,
    connectedAt: found.connectedAt,
    video:
      video === undefined
        ? null
        : {
            codec: video.codec,
            width: video.width,
            height: video.height,
            frameRate: toFrameRate(video.frameRate),
            bitrate: Math.round(video.bitrate),
            keyFrameInterval: longest === null ? null : Math.round(longest * 1000),
            bFrames: video.bFrames,
          },
    audio: audio === undefined ? null : { ...audio, bitrate: Math.round(audio.bitrate) },
    furtherSounds: (found.furtherSounds ?? []).map(({ language, bitrate, ...own }) => {
      return { ...own, language: language ?? null, bitrate: Math.round(bitrate) }
    }),
    soundsLeftOut: found.soundsLeftOut,
    timestampJumps: found.timestampJumps ?? 0,
    reconnects: found.reconnects,
    damagedUnits: found.damagedUnits,
    malformedUnits: found.malformedUnits,
    unconfiguredUnits: found.unconfiguredUnits,
    ladder: ladder === undefined ? null : toLadderHealth(ladder),
    brought: brought === undefined ? null : toBroughtHealth(brought),
    sound: sound === undefined ? null : { ...sound, message: sound.message ?? null },
    line: line === undefined ? null : toLineHealth(line),
    hls: hls === undefined ? null : toHlsHealth(hls),
  }
}

function toLadderHealth(found: LadderReport): NonNullable<EncoderHealth['ladder']> {
  const { encoder, speed, message } = found
  return { ...found, encoder: encoder ?? null, speed: speed ?? null, message: message ?? null, rungs: [...found.rungs] }
}

function toBroughtHealth({ renditions, message }: BroughtReport): NonNullable<EncoderHealth['brought']> {
  return {
    renditions: renditions.map(({ frameRate, bitrate, ...own }) => {
      return { ...own, frameRate: toFrameRate(frameRate), bitrate: Math.round(bitrate) }
    }),
    message: message ?? null,
  }
}

/** @param measured 0 until known */
function toFrameRate(measured: number): number | null {
  return measured === 0 ? null : Math.round(measured * 1000) / 1000
}

function toLineHealth(found: LineReport): NonNullable<EncoderHealth['line']> {
  const { roundTrip, latency, buffered, packets, lost, retransmitted, dropped } = found
  const whole = { roundTrip: Math.round(roundTrip), latency: Math.round(latency), buffered: Math.round(buffered) }
  return { ...whole, packets, lost, retransmitted, dropped }
}

function toHlsHealth(found: HlsReport): NonNullable<EncoderHealth['hls']> {
  const { source, format, targetDuration, partTarget, renditions, leftOut, lost, trouble } = found
  const times = {
    segments: targetDuration * 1000,
    parts: partTarget === undefined ? null : Math.round(partTarget * 1000),
  }
  return { source, format: format ?? null, ...times, renditions, leftOut, lost, trouble: trouble ?? null }
}
