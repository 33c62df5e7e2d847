const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/**
 * A moment from now on (`90s`, `15m`, `4h`, `7d`), or one that is written out (RFC 3339, `2026-01-02T03:04:05Z`).
 *
 * @param now Unix ms
 * @returns Unix ms; undefined for anything else
 */
export function parseMoment(text: string, now: number): number | undefined {
  const [, count, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? []
  if (count !== undefined) return now + Number(count) * (UNITS[unit] ?? 0)
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text)) return undefined
  const at = Date.parse(text)
  return Number.isNaN(at) ? undefined : at
}
