import { randomUUID } from 'node:crypto'
import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { parseArgs } from 'node:util'
import { endLeftovers, findLeftovers } from './leftovers.ts'
import { root } from './source.ts'

/**
 * `npm test`: unit tests first, then end to end with real encoders and players.
 *
 *   npm test -- --unit | --e2e      only one of the two
 *   npm test -- rtmp chat           only files whose path holds one of the words
 *   npm run test:long               also what takes hours (BANDSTAND_LONG=1)
 *
 * The last line is `N passed, N failed`. Nothing that a test started is left running: what is still there at the end is
 * ended and counts as a failure.
 */
const { values: options, positionals: words } = parseArgs({
  allowPositionals: true,
  options: {
    long: { type: 'boolean', default: false },
    unit: { type: 'boolean', default: false },
    e2e: { type: 'boolean', default: false },
    jobs: { type: 'string' },
  },
})

const minute = 60_000
const mark = randomUUID()
process.env['BANDSTAND_TEST_RUN'] = mark
if (options.long) process.env['BANDSTAND_LONG'] = '1'

interface Stage {
  readonly name: string
  readonly patterns: readonly string[]
  /** Test files at the same time. */
  readonly jobs: number
  /** Limit for one file, in ms. */
  readonly fileLimit: number
}

const cores = availableParallelism()
const long = options.long ? 60 : 1
const stages: readonly Stage[] = [
  {
    name: 'unit',
    patterns: ['packages/**/*.test.ts', 'apps/**/*.test.ts', 'scripts/**/*.test.ts', 'bench/**/*.test.ts'],
    jobs: Math.max(2, cores),
    fileLimit: 2 * minute,
  },
  { name: 'end to end', patterns: ['test/**/*.test.ts'], jobs: Math.max(2, cores), fileLimit: 4 * minute * long },
]
/** The whole run, so that a hang never blocks whoever waits for it. */
const totalLimit = 25 * minute * long

const count = { passed: 0, failed: 0, skipped: 0 }
const failures: string[] = []

async function runStage(stage: Stage): Promise<void> {
  const files = globSync([...stage.patterns], { cwd: root, exclude: (path) => path.includes('node_modules') })
    .sort()
    .filter((path) => words.length === 0 || words.some((word) => path.includes(word)))
  if (files.length === 0) return
  console.log(`\n${stage.name}: ${files.length} files`)
  const jobs = options.jobs === undefined ? stage.jobs : Number(options.jobs)
  const stream = run({ cwd: root, files, concurrency: jobs, timeout: stage.fileLimit })
  const watch = watchFiles(files, stage.fileLimit + 5000)
  stream.on('test:pass', ({ details, skip, todo, name }) => {
    if (details.type === 'suite') return
    if (skip !== undefined && skip !== false) count.skipped += 1
    else if (todo === undefined && !files.includes(name)) count.passed += 1
  })
  stream.on('test:fail', ({ details, name, file, todo }) => {
    if (details.type === 'suite' && details.error.cause !== undefined && !(details.error.cause instanceof Error)) return
    if (todo !== undefined && todo !== false) return
    count.failed += 1
    failures.push(`${file === undefined ? '' : `${file.replace(`${root}/`, '')}: `}${name}`)
  })
  for await (const text of stream.compose(new spec())) process.stdout.write(text as Buffer)
  clearInterval(watch)
}

/** The runner's own time limit fails a test but waits for its process, so one that never exits is ended from here. */
function watchFiles(files: readonly string[], limit: number): NodeJS.Timeout {
  const seen = new Map<number, number>()
  return setInterval(() => {
    for (const running of findLeftovers('BANDSTAND_TEST_RUN', mark)) {
      const file = files.find((path) => running.command.includes('node') && running.command.endsWith(path))
      if (file === undefined) continue
      const since = seen.get(running.pid) ?? performance.now()
      seen.set(running.pid, since)
      if (performance.now() - since <= limit) continue
      console.log(`${file} ran for more than ${Math.round(limit / 1000)} s and was ended`)
      endLeftovers([running])
    }
  }, 2000).unref()
}

function finish(): never {
  const left = findLeftovers('BANDSTAND_TEST_RUN', mark)
  endLeftovers(left)
  for (const { command } of left) failures.push(`still running at the end: ${command.slice(0, 160)}`)
  count.failed += left.length
  if (count.passed + count.failed + count.skipped === 0) {
    count.failed += 1
    failures.push(`no test file matches ${words.join(' ')}`)
  }
  if (failures.length > 0) console.log(`\nfailed:\n${failures.map((line) => `  ${line}`).join('\n')}`)
  if (count.skipped > 0) console.log(`\n${count.skipped} skipped`)
  console.log(`\n${count.passed} passed, ${count.failed} failed`)
  process.exit(count.failed === 0 ? 0 : 1)
}

function abandon(why: string): void {
  count.failed += 1
  failures.push(why)
  endLeftovers(findLeftovers('BANDSTAND_TEST_RUN', mark))
  finish()
}

setTimeout(() => abandon(`the whole run took more than ${totalLimit / minute} minutes`), totalLimit).unref()
process.once('SIGINT', () => abandon('interrupted'))
process.once('SIGTERM', () => abandon('terminated'))

for (const stage of stages) {
  if (stage.name === 'unit' ? !options.e2e || options.unit : !options.unit || options.e2e) await runStage(stage)
}
finish()
