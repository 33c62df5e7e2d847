import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { root } from './source.ts'

/**
 * `npm run check`: everything that needs no running server. Steps run side by side, one line each; a failing step's whole
 * output follows it. `npm run check -- lint types` runs only the named ones.
 */

interface Step {
  readonly name: string
  readonly command: readonly string[]
}

const bin = (name: string) => join(root, 'node_modules', '.bin', name)

/** Longest first, so that the short ones fill the gaps. */
const steps: readonly Step[] = [
  { name: 'lint', command: [bin('oxlint'), '--type-aware', '--deny-warnings'] },
  { name: 'unused', command: [bin('knip'), '--no-progress'] },
  { name: 'types', command: [bin('tsc'), '-p', '.'] },
  // Code that runs in a page is inside the tests that open it, so they know the DOM.
  { name: 'types-test', command: [bin('tsc'), '-p', 'test'] },
  { name: 'types-ui', command: [bin('tsc'), '-p', 'packages/ui'] },
  { name: 'format', command: [bin('biome'), 'ci', '--colors=off', '.'] },
  { name: 'layers', command: [process.execPath, 'scripts/layers.ts'] },
  { name: 'words', command: [process.execPath, 'scripts/words.ts'] },
]

function run(step: Step): Promise<boolean> {
  const start = performance.now()
  const [program = '', ...args] = step.command
  const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  return new Promise((resolve) => {
    const done = (ok: boolean) => {
      const seconds = ((performance.now() - start) / 1000).toFixed(1)
      console.log(`${ok ? 'ok  ' : 'FAIL'} ${step.name} (${seconds} s)`)
      if (!ok) console.log(output.trimEnd())
      resolve(ok)
    }
    child.on('error', (error) => {
      output += String(error)
      done(false)
    })
    child.on('close', (code) => done(code === 0))
  })
}

const names = process.argv.slice(2)
const unknown = names.filter((name) => !steps.some((step) => step.name === name))
if (unknown.length > 0) {
  console.error(`check: no step ${unknown.join(', ')}; there are ${steps.map((step) => step.name).join(', ')}`)
  process.exit(2)
}

const queue = steps.filter((step) => names.length === 0 || names.includes(step.name))
const results: boolean[] = []
async function worker(): Promise<void> {
  for (let step = queue.shift(); step; step = queue.shift()) results.push(await run(step))
}
await Promise.all(Array.from({ length: Math.max(2, Math.min(4, availableParallelism())) }, worker))
const failed = results.filter((ok) => !ok).length
console.log(
  failed === 0 ? `check: all ${results.length} steps passed` : `check: ${failed} of ${results.length} steps failed`,
)
process.exitCode = failed === 0 ? 0 : 1
