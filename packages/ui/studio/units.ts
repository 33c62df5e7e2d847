/** Sizes as people say them. */
export function sizeText(bytes: number): string {
  if (bytes < 1e6) return measure(Math.max(0, bytes / 1e3), 0, 'kB')
  if (bytes < 1e9) return measure(bytes / 1e6, bytes < 1e7 ? 1 : 0, 'MB')
  if (bytes < 1e12) return measure(bytes / 1e9, bytes < 1e11 ? 1 : 0, 'GB')
  return measure(bytes / 1e12, 1, 'TB')
}

/** A moment as people here write it, to the minute. @param instant RFC 3339 */
export function momentText(instant: string): string {
  return new Date(instant).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' })
}

/** Rates as people say them. @param bits bit/s */
export function rateText(bits: number): string {
  return bits < 1e6 ? measure(bits / 1e3, 0, 'kbit/s') : measure(bits / 1e6, 1, 'Mbit/s')
}

/** Number and unit, which no line break may part. */
function measure(value: number, decimals: number, unit: string): string {
  return `${value.toFixed(decimals).replace(/\.0$/, '')}\u00a0${unit}`
}

/** RFC 6381 codec strings by the names on an encoder's settings page. */
export function codecText(codec: string): string {
  const names: Readonly<Record<string, string>> = {
    avc1: 'H.264',
    avc3: 'H.264',
    hvc1: 'H.265',
    hev1: 'H.265',
    av01: 'AV1',
    vp09: 'VP9',
    vp08: 'VP8',
    mp4a: 'AAC',
    opus: 'Opus',
    flac: 'FLAC',
    'ac-3': 'AC-3',
    'ec-3': 'E-AC-3',
  }
  if (codec === 'mp4a.40.34') return 'MP3'
  return names[codec.split('.')[0]?.toLowerCase() ?? ''] ?? codec
}

/**
 * A channel's name in addresses, made from a title; `channel-2` and so on for one in another script.
 * @param taken names of the channels that there are
 */
export function slugOf(title: string, taken: readonly string[]): string {
  if (title.trim() === '') return ''
  const latin = title
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40)
    .replace(/-+$/, '')
  if (latin) return latin
  let number = 2
  while (taken.includes(`channel-${number}`)) number++
  return `channel-${number}`
}
