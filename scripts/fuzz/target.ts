import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { root } from '../source.ts'

/** What a `*.fuzz.ts` file exports as `target`. */
export interface FuzzTarget {
  readonly name: string
  /** Folder of committed inputs, one a file. */
  readonly corpus: URL
  /**
   * Feeds one input to the code under test. Throwing one of the packages' own errors is the right answer to bad input;
   * anything else thrown is a finding. So is one input taking over a second.
   */
  run(input: Uint8Array): unknown
}

/** The packages' own error classes, by name; the fuzzer must not import the packages. */
const expected = new Set(['MediaError', 'EngineError', 'PlatformError', 'ContractError'])

/** Paths of all targets relative to the root, or of those whose path holds one of the words. */
export function findTargets(words: readonly string[] = []): string[] {
  return globSync(['packages/**/*.fuzz.ts', 'apps/**/*.fuzz.ts'], {
    cwd: root,
    exclude: (path) => path.includes('node_modules'),
  })
    .filter((path) => words.length === 0 || words.some((word) => path.includes(word)))
    .sort()
}

export async function loadTarget(path: string): Promise<FuzzTarget> {
  const module = (await import(pathToFileURL(join(root, path)).href)) as { readonly target?: FuzzTarget }
  const { target } = module
  if (!target || typeof target.run !== 'function' || !(target.corpus instanceof URL))
    throw new Error(`${path} must export target: { name, corpus: URL, run(input) }`)
  return target
}

/** The committed inputs; one empty input where there are none, which is better than nothing. */
export function readCorpus(target: FuzzTarget): Uint8Array[] {
  const folder = fileURLToPath(target.corpus)
  const names = existsSync(folder) ? readdirSync(folder).sort() : []
  const inputs = names.map((name) => new Uint8Array(readFileSync(join(folder, name))))
  return inputs.length > 0 ? inputs : [new Uint8Array()]
}

/** Runs one input; returns what it threw unless that was the right answer. */
export async function runInput(target: FuzzTarget, input: Uint8Array): Promise<unknown> {
  try {
    await target.run(input)
    return undefined
  } catch (error) {
    return error instanceof Error && expected.has(error.name) ? undefined : error
  }
}

/** What was thrown, with its stack where it has one. */
export function describeError(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : JSON.stringify(error)
}
