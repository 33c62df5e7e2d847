import { checkStream } from './check.ts'
import type { Fetch } from './client.ts'
import { printReport } from './report.ts'

/** What the command needs of the world. */
export interface CheckEnvironment {
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown }
  readonly fetch: Fetch
  /** Milliseconds of a steady clock. */
  now(): number
  sleep(ms: number): Promise<void>
}

const usage = `bandstand check URL [--json] [--seconds N]

Watches an HLS or low-latency HLS address for N seconds (20) and reports which rules it breaks.
Exit code: 0 when there are no errors, 1 when there are, 2 when the command cannot be read.
`

const real: CheckEnvironment = {
  stdout: process.stdout,
  stderr: process.stderr,
  fetch,
  now: () => performance.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
}

/**
 * The `check` command.
 *
 * @param argv what follows `check` on the command line.
 * @returns the exit code.
 */
export async function runCheck(argv: readonly string[], environment: Partial<CheckEnvironment> = {}): Promise<number> {
  const env = { ...real, ...environment }
  let json = false
  let seconds = 20
  let url: string | undefined
  for (let i = 0; i < argv.length; i++) {
    const argument = argv[i] ?? ''
    if (argument === '--help') {
      env.stdout.write(usage)
      return 0
    } else if (argument === '--json') json = true
    else if (argument === '--seconds') seconds = Number(argv[++i])
    else if (argument.startsWith('-') || url !== undefined) return refuse(`unknown argument ${argument}`)
    else url = argument
  }
  if (url === undefined) return refuse('the address is missing')
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? '')) return refuse(`${url} is not an http(s) address`)
  if (!(seconds > 0 && seconds <= 3600)) return refuse('--seconds takes 1 to 3600')
  const { fetch: ask, now, sleep } = env
  const report = await checkStream({ url, fetch: ask, now, sleep, durationMs: seconds * 1000 })
  env.stdout.write(json ? `${JSON.stringify(report, undefined, 2)}\n` : printReport(report))
  return report.errors > 0 ? 1 : 0

  function refuse(why: string): number {
    env.stderr.write(`${why}\n\n${usage}`)
    return 2
  }
}
