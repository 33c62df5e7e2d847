import { createHash, randomInt } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runTarget } from './fuzz/run-target.ts'
import { findTargets, loadTarget, runInput } from './fuzz/target.ts'
import { root } from './source.ts'

/**
 * `npm run fuzz`: feeds changed corpus inputs to every `*.fuzz.ts`.
 *
 *   npm run fuzz -- rtmp --seconds 600        only targets whose path holds the word; time for each target (default 60)
 *   npm run fuzz -- rtmp --seed 7 --iterations 100000   the same run again
 *   npm run fuzz -- rtmp --replay FILE        one saved input
 */
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '60' },
    iterations: { type: 'string', default: String(2 ** 53) },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    replay: { type: 'string' },
  },
})

const paths = findTargets(positionals)
if (paths.length === 0) {
  console.error(`fuzz: no target matches ${positionals.join(' ')}`)
  process.exit(2)
}

if (options.replay !== undefined) {
  const input = new Uint8Array(readFileSync(options.replay))
  for (const path of paths) {
    const start = performance.now()
    const error = await runInput(await loadTarget(path), input)
    console.log(`${path}: ${error === undefined ? 'ok' : 'FAIL'} (${(performance.now() - start).toFixed(1)} ms)`)
    if (error !== undefined) {
      console.log(error)
      process.exitCode = 1
    }
  }
} else {
  const seed = Number(options.seed)
  const bounds = { iterations: Number(options.iterations), duration: Number(options.seconds) * 1000 }
  console.log(`fuzz: ${paths.length} targets, seed ${seed}`)
  for (const path of paths) {
    const { inputs, finding } = await runTarget(path, seed, bounds)
    console.log(`${finding ? 'FAIL' : 'ok  '} ${path} (${inputs} inputs)`)
    if (!finding) continue
    process.exitCode = 1
    const name = createHash('sha256').update(finding.input).digest('hex').slice(0, 12)
    const folder = join(root, 'test-results', 'fuzz')
    mkdirSync(folder, { recursive: true })
    const file = join(folder, name)
    writeFileSync(file, finding.input)
    console.log(`${finding.what}\n  replay:  npm run fuzz -- ${path} --replay ${file}`)
    console.log(`  once it is mended, copy the input into the target's corpus so that it stays so`)
  }
}
