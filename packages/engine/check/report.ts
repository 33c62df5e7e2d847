import type { CheckReport } from './check.ts'

/** The report as text for a terminal. */
export function printReport(r: CheckReport): string {
  if (r.unanswered !== undefined) return `${r.url} cannot be read: ${r.unanswered}\n`
  const lines = [r.url]
  for (const w of r.renditions) {
    const kind = w.lowLatency ? 'low latency' : 'HLS'
    lines.push(`  ${w.url}: ${kind}, ${w.playlists} playlists and ${w.objects} media files read`)
  }
  for (const why of r.truncated ?? []) lines.push(`  not everything was looked at: ${why}`)
  lines.push('')
  for (const f of r.findings) {
    lines.push(`${f.level === 'error' ? 'ERROR  ' : 'warning'} ${f.rule}: ${f.title} [${f.source}]`)
    for (const message of f.messages) lines.push(`          ${message}`)
    if (f.count > f.messages.length) lines.push(`          and ${f.count - f.messages.length} more`)
  }
  lines.push(`${count(r.errors, 'error')}, ${count(r.warnings, 'warning')}; ${r.rules} rules`)
  return `${lines.join('\n')}\n`
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`
}
