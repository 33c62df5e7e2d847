import { appendFileSync } from 'node:fs'

/** One measured figure. */
export interface Row {
  readonly what: string
  /** With its unit. */
  readonly measured: string
  /** What it must reach, as written in the requirements. */
  readonly must?: string
  /** Whether it does; left out where there is nothing to reach. */
  readonly ok?: boolean
  /** The same of a peer, measured in the same run. */
  readonly peer?: string
}

/** Prints a figure, and hands it to `bench/run.ts` when that started this script. */
export function report(row: Row): void {
  const verdict = row.ok === undefined ? '' : row.ok ? '  ok' : '  SHORT'
  const against = [row.peer === undefined ? '' : `peer ${row.peer}`, row.must === undefined ? '' : `must ${row.must}`]
  console.log(`${row.what}: ${row.measured}  ${against.filter(Boolean).join(', ')}${verdict}`)
  const file = process.env['BANDSTAND_TEST_BENCH_ROWS']
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(row)}\n`)
}

/** Names of the figures that are short of what they must reach. */
export function shortfalls(rows: readonly Row[]): string[] {
  return rows.filter(({ ok }) => ok === false).map(({ what }) => what)
}

/** Bytes as MB with one decimal. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}

/** A share of one core as a percentage with one decimal. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}

/** The value below which the given share (0 to 1) of the values lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}

/** The middle value, the higher of two; NaN of none. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}

/** Least-squares slope of y over x. */
export function slope(points: readonly { readonly x: number; readonly y: number }[]): number {
  const mean = (pick: (point: { x: number; y: number }) => number) =>
    points.reduce((sum, point) => sum + pick(point), 0) / points.length
  const [x0, y0] = [mean(({ x }) => x), mean(({ y }) => y)]
  const above = points.reduce((sum, { x, y }) => sum + (x - x0) * (y - y0), 0)
  const below = points.reduce((sum, { x }) => sum + (x - x0) ** 2, 0)
  return above / below
}
