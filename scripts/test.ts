import { randomUUID } from 'node:crypto'
import { existsSync, globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { delimiter, join } from 'node:path'
import { Readable } from 'node:stream'
import { run } from 'node:test'
import { spec, type TestEvent } from 'node:test/reporters'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { costs, misjudged, usualEighths } from './costs.ts'
import { byCost, keepDurations, readDurations } from './durations.ts'
import { endLeftovers, findLeftovers } from './leftovers.ts'
import { repeat, usualSeconds } from './repeat.ts'
import { root } from './source.ts'

/**
 * `npm test`: unit tests first, then end to end with real encoders and players.
 *
 *   npm test -- --unit | --e2e      only one of the two
 *   npm test -- rtmp chat           only files whose path holds one of the words
 *   npm test -- --times 20          again and again: how long it takes, and what fails now and then
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
    times: { type: 'string' },
  },
})

if (options.times !== undefined) {
  const args = process.argv.slice(2)
  const at = args.findIndex((arg) => arg.startsWith('--times'))
  args.splice(at, args[at] === '--times' ? 2 : 1)
  process.exit((await repeat(Number(options.times), import.meta.filename, args)) ? 0 : 1)
}
const begun = performance.now()

const minute = 60_000
const mark = randomUUID()
process.env['BANDSTAND_TEST_RUN'] = mark
// What tests ask is on this machine, and what they start is to say what it says anywhere.
for (const name of ['NO_PROXY', 'no_proxy'])
  process.env[name] = [process.env[name] ?? '', 'localhost', '127.0.0.1', '::1'].filter((host) => host !== '').join()
for (const name of ['NODE_OPTIONS', 'NODE_DEBUG', 'NODE_TLS_REJECT_UNAUTHORIZED', 'UV_THREADPOOL_SIZE'])
  delete process.env[name]
// Debian keeps servers where the PATH of ordinary users does not look.
process.env['PATH'] = [process.env['PATH'], '/usr/local/sbin', '/usr/sbin'].join(delimiter)
// The same Chromium without the pages that its own window is made of: each start takes three to four processor seconds less.
const shells = process.env['PATH'].split(delimiter).map((folder) => join(folder, 'chromium-headless-shell'))
process.env['BANDSTAND_CHROMIUM'] ??= shells.find((path) => existsSync(path)) ?? ''
if (options.long) process.env['BANDSTAND_LONG'] = '1'
// Otherwise each file's process strips the types of all that it imports anew: a fifth of the unit tests' time.
process.env['NODE_COMPILE_CACHE'] ??= join(root, 'node_modules/.cache/tests')
const durationsPath = join(root, 'node_modules/.cache/test-durations.json')
const took: Record<string, number> = {}

interface Stage {
  readonly name: string
  readonly patterns: readonly string[]
  /** How much may run at the same time; a file takes as many places as `placesOf` says. */
  readonly places: number
  readonly placesOf: (file: string) => number
  /** Limit for one file, in ms. */
  readonly fileLimit: number
}

const cores = Math.max(2, availableParallelism())
const long = options.long ? 60 : 1
const jobs = options.jobs === undefined ? undefined : Number(options.jobs)

const stages: readonly Stage[] = [
  {
    name: 'unit',
    patterns: ['packages/**/*.test.ts', 'apps/**/*.test.ts', 'scripts/**/*.test.ts', 'bench/**/*.test.ts'],
    // One more than processors: the longest wait for threads, timers and processes half of their time.
    places: jobs ?? cores + 1,
    placesOf: () => 1,
    // The longest takes six seconds of a processor, of which a busy machine may give it a twentieth.
    fileLimit: 4 * minute,
  },
  {
    name: 'end to end',
    patterns: ['test/**/*.test.ts'],
    // Eighths of a processor, of which each leaves one for what they do not count. Beside more than these, players would wait for one and
    // not for media: with all of them given out a run was 3 % quicker, and single files took twice as long. Some of what `--long` adds
    // judges just that, and has more of the machine.
    places: (options.long ? 4 : 7) * (jobs ?? cores),
    placesOf: (file) => costs[file]?.eighths ?? usualEighths,
    fileLimit: 6 * minute * long,
  },
]
/** What is known of files that have not run here yet. */
const usual = Object.fromEntries(
  Object.entries(costs).flatMap(([file, { seconds }]) => (seconds === undefined ? [] : [[file, seconds]])),
)
/** The whole run, so that a hang never blocks whoever waits for it: beside much else it may take twice what is usual. */
const totalLimit = 25 * minute * long

const count = { passed: 0, failed: 0, skipped: 0 }
const failures: string[] = []

async function runStage({ name, patterns, places, placesOf, fileLimit }: Stage): Promise<void> {
  const files = globSync([...patterns], { cwd: root, exclude: (path) => path.includes('node_modules') })
    .sort(byCost(placesOf, { ...usual, ...readDurations(durationsPath) }))
    .filter((path) => words.length === 0 || words.some((word) => path.includes(word)))
  if (files.length === 0) return
  console.log(`\n${name}: ${files.length} files`)
  const watch = watchFiles(files, fileLimit + 5000)
  const waiting = [...files]
  const running = new Map<string, Promise<void>>()
  for (;;) {
    const taken = [...running.keys()].reduce((sum, file) => sum + placesOf(file), 0)
    const next = waiting.findIndex((file) => taken === 0 || taken + placesOf(file) <= places)
    const [file] = next === -1 ? [] : waiting.splice(next, 1)
    if (file !== undefined)
      running.set(
        file,
        runFile(file, fileLimit).finally(() => running.delete(file)),
      )
    else if (running.size > 0) await Promise.race(running.values())
    else break
  }
  clearInterval(watch)
}

/** Runs one file in a process of its own, and prints what it said when it has ended. */
async function runFile(file: string, limit: number): Promise<void> {
  const begun = performance.now()
  const stream = run({ cwd: root, files: [file], timeout: limit })
  stream.on('test:pass', ({ details, skip, todo, name }) => {
    if (details.type === 'suite') return
    if (skip !== undefined && skip !== false) count.skipped += 1
    else if (todo === undefined && name !== file) count.passed += 1
  })
  stream.on('test:fail', ({ details, name, todo }) => {
    if (details.type === 'suite' && details.error.cause !== undefined && !(details.error.cause instanceof Error)) return
    if (todo !== undefined && todo !== false) return
    count.failed += 1
    failures.push(name === file ? file : `${file}: ${name}`)
  })
  let said = ''
  for await (const text of Readable.from(withoutSums(stream)).compose(new spec())) said += String(text)
  const seconds = Number(((performance.now() - begun) / 1000).toFixed(1))
  // What takes hours with `--long` takes moments without.
  if (!options.long) took[file] = seconds
  console.log(`\n${file} (${seconds.toFixed(1)} s)\n${said.trim()}`)
}

/** What the reporter says of a file's tests alone: the sums are of the whole run and made here. */
async function* withoutSums(events: AsyncIterable<TestEvent>): AsyncGenerator<TestEvent> {
  for await (const event of events)
    if (event.type !== 'test:summary' && !(event.type === 'test:diagnostic' && event.data.file === undefined))
      yield event
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
  keepDurations(durationsPath, took)
  const left = findLeftovers('BANDSTAND_TEST_RUN', mark)
  endLeftovers(left)
  for (const { command } of left) failures.push(`still running at the end: ${command.slice(0, 160)}`)
  count.failed += left.length
  if (count.passed + count.failed + count.skipped === 0) {
    count.failed += 1
    failures.push(`no test file matches ${words.join(' ')}`)
  }
  if (failures.length > 0) console.log(`\nfailed:\n${failures.map((line) => `  ${line}`).join('\n')}`)
  if (count.skipped > 0)
    console.log(`\n${count.skipped} skipped: ${options.long ? 'see there why' : 'npm run test:long runs them'}`)
  // Where a machine has more processors or others have its own, each takes another time.
  if (words.length === 0 && cores === 2) for (const line of misjudged(took)) console.log(`\n${line}`)
  const seconds = Math.round((performance.now() - begun) / 1000)
  const isLate = !options.long && seconds > usualSeconds
  console.log(
    `\n${seconds} s${isLate ? `, and on a machine with nothing else to do it should take at most ${usualSeconds} s` : ''}`,
  )
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
// What was ended a moment ago needs one to go, and on a busy machine some.
const deadline = performance.now() + 5000
while (findLeftovers('BANDSTAND_TEST_RUN', mark).length > 0 && performance.now() < deadline) await sleep(100)
finish()
