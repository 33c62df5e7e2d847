import { spawn } from 'node:child_process'

/** What one run of all tests said. */
export interface TestRun {
  /** Seconds from its start to its end. */
  readonly seconds: number
  readonly ok: boolean
  /** Its output. */
  readonly output: string
}

/** What all tests may take on two cores; seconds. */
export const usualSeconds = 600

/** Names of what failed in a run. */
function failuresOf({ ok, output }: TestRun): string[] {
  if (ok) return []
  const [, listed = ''] = /^failed:\n((?: {2}.*\n?)+)/m.exec(output) ?? []
  const names = listed.split('\n').flatMap((line) => line.trim() || [])
  return names.length > 0 ? names : ['a run that named nothing']
}

/** Times of many runs, and what failed in any, most often first. `ok` when there were some, nothing did and none took longer than it may. */
export function sumUp(runs: readonly TestRun[]): { readonly lines: readonly string[]; readonly ok: boolean } {
  const failures = new Map<string, number>()
  for (const name of runs.flatMap(failuresOf)) failures.set(name, (failures.get(name) ?? 0) + 1)
  const sorted = runs.map(({ seconds }) => Math.round(seconds)).sort((a, b) => a - b)
  const longest = sorted.at(-1) ?? 0
  const good = runs.filter(({ ok }) => ok).length
  return {
    lines: [
      ...[...failures].sort(([, a], [, b]) => b - a).map(([name, count]) => `${count} × ${name}`),
      `${runs.length} runs, ${good} without a failure; ${sorted[0] ?? 0} to ${longest} s, median ${sorted[sorted.length >> 1] ?? 0} s, to be at most ${usualSeconds} s`,
    ],
    ok: runs.length > 0 && good === runs.length && longest <= usualSeconds,
  }
}

/** Runs a script again and again with the same arguments, and says of each run how it ended. @returns whether all is well */
export async function repeat(times: number, script: string, args: readonly string[]): Promise<boolean> {
  const runs: TestRun[] = []
  const stopped = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.abort())
  while (runs.length < times && !stopped.signal.aborted) {
    const run = await runOnce(script, args, stopped.signal)
    runs.push(run)
    const what = run.ok ? 'nothing failed' : failuresOf(run).join('\n  ')
    console.log(`${runs.length} of ${times}, ${Math.round(run.seconds)} s: ${what}`)
  }
  const { lines, ok } = sumUp(runs)
  console.log(`\n${lines.join('\n')}`)
  return ok
}

function runOnce(script: string, args: readonly string[], stopped: AbortSignal): Promise<TestRun> {
  const begun = performance.now()
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  // It ends what it has started before it ends itself.
  const interrupt = () => child.kill('SIGINT')
  stopped.addEventListener('abort', interrupt)
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  return new Promise((resolve) => {
    child.on('close', (code) => {
      stopped.removeEventListener('abort', interrupt)
      resolve({ ok: code === 0, output, seconds: (performance.now() - begun) / 1000 })
    })
  })
}
