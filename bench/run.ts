import { spawn } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { describeMachine } from './support/machine.ts'
import { type Row, shortfalls } from './support/report.ts'

/**
 * `npm run bench`: runs the scripts of this folder one after another and keeps their figures in RESULTS.md. Exits 1 when a script
 * failed or a figure is short of what it must reach.
 *
 *   npm run bench                      all but the soak and lip-sync, which take an hour each
 *   npm run bench -- ingest viewers    by name
 *   npm run bench -- soak --minutes 5  what starts with -- goes to the scripts
 *   npm run bench -- list
 */
const folder = import.meta.dirname
const results = join(folder, 'RESULTS.md')
const onlyByName = new Set(['soak', 'lip-sync'])
/** What other benches and people run by hand: a server that does not end, players that need an address. */
const tools = new Set(['fake-origin', 'viewers'])

const args = process.argv.slice(2)
const firstFlag = args.findIndex((arg) => arg.startsWith('--'))
const words = firstFlag === -1 ? args : args.slice(0, firstFlag)
const flags = firstFlag === -1 ? [] : args.slice(firstFlag)
const names = globSync('*.ts', { cwd: folder })
  .map((file) => basename(file, '.ts'))
  .filter((name) => name !== 'run' && !name.includes('.') && !tools.has(name))
  .sort()

if (words[0] === 'list') {
  console.log(names.join('\n'))
  process.exit(0)
}
const chosen = words.length === 0 ? names.filter((name) => !onlyByName.has(name)) : words
const unknown = chosen.filter((name) => !names.includes(name))
if (unknown.length > 0) {
  console.error(`bench: no script ${unknown.join(', ')}; there are ${names.join(', ')}`)
  process.exit(2)
}

interface Outcome {
  readonly rows: readonly Row[]
  readonly output: string
  readonly code: number | null
}

function runScript(name: string): Promise<Outcome> {
  const temporary = mkdtempSync(join(tmpdir(), 'bandstand-bench-'))
  const file = join(temporary, 'rows')
  const child = spawn(process.execPath, [join(folder, `${name}.ts`), ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, BANDSTAND_TEST_BENCH_ROWS: file },
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    process.stdout.write(chunk)
    output += chunk.toString()
  })
  return new Promise((resolve) => {
    child.on('close', (code) => {
      const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []
      rmSync(temporary, { recursive: true, force: true })
      resolve({ rows: lines.map((line) => JSON.parse(line) as Row), output, code })
    })
  })
}

function printRows(rows: readonly Row[]): string {
  const cell = (text: string) => text.replaceAll('|', '\\|')
  const verdict = ({ ok }: Row) => (ok === undefined ? '' : ok ? 'yes' : 'no')
  return [
    '| what | measured | peer, same run | must | reached |',
    '|---|---|---|---|---|',
    ...rows.map((row) => {
      const cells = [row.what, row.measured, row.peer ?? '', row.must ?? '', verdict(row)]
      return `| ${cells.map(cell).join(' | ')} |`
    }),
  ].join('\n')
}

/** Puts a section in place of the older one of the same name, or at the end. */
function keep(name: string, body: string): void {
  const [from, to] = [`<!-- results of ${name} -->`, `<!-- end of ${name} -->`]
  const section = `${from}\n${body}\n${to}`
  const head =
    '# Results\n\nWritten by `npm run bench`. Ratios mean more than figures: both sides ran on the same machine in the same run.\n'
  const text = existsSync(results) ? readFileSync(results, 'utf8') : head
  const [start, end] = [text.indexOf(from), text.indexOf(to)]
  const next =
    start === -1 || end === -1
      ? `${text.trimEnd()}\n\n${section}\n`
      : text.slice(0, start) + section + text.slice(end + to.length)
  writeFileSync(results, next)
}

for (const name of chosen) {
  console.log(`\n== ${name}`)
  const { rows, output, code } = await runScript(name)
  if (code !== 0) {
    console.error(`bench: ${name} ended with ${code}; its older results stay`)
    process.exitCode = 1
    continue
  }
  const about = [`date: ${new Date().toISOString().slice(0, 10)}`, ...describeMachine()]
  const figures = rows.length > 0 ? printRows(rows) : `\`\`\`\n${output.trim()}\n\`\`\``
  keep(name, `## ${name}\n\n${about.map((line) => `- ${line}`).join('\n')}\n\n${figures}`)
  for (const what of shortfalls(rows)) {
    console.error(`bench: ${name} is short: ${what}`)
    process.exitCode = 1
  }
}
