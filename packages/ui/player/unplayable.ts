import { mediaSource } from './choice/media-source.ts'

/** As people call them, by the beginning of what CODECS says. */
const names: Readonly<Record<string, string>> = {
  avc1: 'H.264',
  hvc1: 'H.265',
  av01: 'AV1',
  vp09: 'VP9',
  vp08: 'VP8',
  mp4a: 'AAC',
  'mp4a.40.34': 'MP3',
  Opus: 'Opus',
  fLaC: 'FLAC',
  'ac-3': 'AC-3',
  'ec-3': 'E-AC-3',
}

/** What stands in the CODECS of a playlist, wherever it is quoted. */
const codec = /\b(?:avc1|hvc1|av01|vp0[89]|mp4a|Opus|fLaC|[ae]c-3)[.\w]*/g

/**
 * Why nothing of a broadcast can be played here, and what to do.
 *
 * @param reason what the engine says; `undefined` where it names no codecs that this browser lacks
 */
export function unplayable(
  reason: string,
  canPlay = (type: string) => mediaSource()?.isTypeSupported(type) ?? true,
): string | undefined {
  const lacking = (reason.match(codec) ?? []).filter((one) => !canPlay(`video/mp4; codecs="${one}"`))
  const told = new Set(lacking.map((one) => names[one] ?? names[one.split('.')[0] ?? ''] ?? one))
  return told.size === 0
    ? undefined
    : `This browser cannot play ${[...told].join(' and ')}. Try another browser or device.`
}
