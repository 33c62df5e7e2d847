import { posix } from 'node:path'
import { pathToFileURL } from 'node:url'
import { readSources, type SourceFile } from './source.ts'

/**
 * The rules of ARCHITECTURE.md that a compiler does not check: who may import whom, what pure code may touch, no cycles
 * (imports of types included), no bare errors. `node scripts/layers.ts` prints the violations and exits 1 when there are any.
 */

/** Packages that each package may import. The application, tests, benchmarks and scripts may import everything. */
const edges: Readonly<Record<string, readonly string[]>> = {
  media: [],
  contract: [],
  engine: ['media', 'contract'],
  platform: ['contract'],
  ui: ['contract'],
  client: ['contract'],
}

/** Folders whose subfolders do not know each other, but for the named ones, on which the others stand. */
const siblings: readonly { readonly folder: string; readonly shared: readonly string[] }[] = [
  // SRT and HLS both bring MPEG-TS.
  { folder: 'packages/engine/ingest', shared: ['mpegts'] },
  { folder: 'packages/engine/egress', shared: [] },
  { folder: 'packages/platform', shared: ['database', 'access', 'http'] },
]

/** Packages that also run in browsers, or anywhere: nothing of Node. */
const withoutNode = ['media', 'contract', 'ui']

/** The clock, timers, randomness, Node and the DOM: arguments to `media`, never reached for. */
const impure = new Set(
  [
    'Buffer process global globalThis require window document navigator self fetch console crypto',
    'setTimeout setInterval setImmediate queueMicrotask clearTimeout clearInterval',
    'performance Date.now new_Date() Math.random localStorage WebSocket',
  ].flatMap((names) => names.split(' ').map((name) => name.replace('_', ' '))),
)

const bareErrors = /^new (Error|TypeError|RangeError|SyntaxError)\(/

export interface Violation {
  readonly path: string
  readonly rule: 'edge' | 'relative' | 'sibling' | 'pure' | 'error' | 'cycle'
  readonly text: string
}

/** `media` of `packages/media/bytes/reader.ts`; undefined outside `packages/`. */
function packageOf(path: string): string | undefined {
  return /^packages\/([^/]+)\//.exec(path)?.[1]
}

/** Tests, what only tests use, fuzz targets and build configuration run on Node whatever the package. */
function isProduct(path: string): boolean {
  return !/(\.test|\.fuzz|\.config|-fixture|\/testing)\.ts$|\/(fixtures|testing|build)\//.test(path)
}

/** Path of an import of ours, or undefined for one of npm or Node. */
function target(from: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return posix.normalize(posix.join(posix.dirname(from), specifier)).split('?')[0]
  const ours = /^@bandstand\/([^/]+)\/(.+)$/.exec(specifier)
  return ours ? `packages/${ours[1]}/${ours[2]}` : undefined
}

function checkImport(file: SourceFile, specifier: string): Violation[] {
  const { path } = file
  const found: Violation[] = []
  const to = target(path, specifier)
  const own = packageOf(path)
  const other = to === undefined ? undefined : packageOf(to)
  const report = (rule: Violation['rule'], text: string) => found.push({ path, rule, text })

  if (to !== undefined && specifier.startsWith('.') && own !== other && (own !== undefined || other !== undefined))
    report('relative', `relative import leaves the package: ${specifier}`)
  if (own !== undefined && other !== undefined && own !== other && !edges[own]?.includes(other))
    report('edge', `${own} may not import ${other}: ${specifier}`)
  if (own !== undefined && to?.startsWith('apps/'))
    report('edge', `a package may not import the application: ${specifier}`)

  for (const { folder, shared } of siblings) {
    const group = (p: string) =>
      p.startsWith(`${folder}/`) ? /^([^/]+)\//.exec(p.slice(folder.length + 1))?.[1] : undefined
    const from = group(path)
    const into = to === undefined ? undefined : group(to)
    if (from !== undefined && into !== undefined && from !== into && !shared.includes(into) && isProduct(path))
      report('sibling', `${folder}/${from} may not import its sibling ${into}: ${specifier}`)
  }

  if (own !== undefined && withoutNode.includes(own) && isProduct(path)) {
    if (specifier.startsWith('node:')) report('pure', `${own} may not import ${specifier}`)
    else if (own === 'media' && to === undefined) report('pure', `media imports nothing from npm: ${specifier}`)
  }
  return found
}

function checkUses(file: SourceFile): Violation[] {
  const own = packageOf(file.path)
  if (own === undefined || !isProduct(file.path)) return []
  const found: Violation[] = []
  for (const { name, line } of file.uses) {
    if (own === 'media' && impure.has(name))
      found.push({
        path: `${file.path}:${line}`,
        rule: 'pure',
        text: `media may not use ${name}; take it as an argument`,
      })
    if (bareErrors.test(name))
      found.push({ path: `${file.path}:${line}`, rule: 'error', text: `${name}: use the package's own error class` })
  }
  return found
}

/** One violation for each group of files that import each other in a circle (Tarjan's strongly connected components). */
function findCycles(graph: ReadonlyMap<string, readonly string[]>): Violation[] {
  const found: Violation[] = []
  const index = new Map<string, number>()
  const low = new Map<string, number>()
  const stack: string[] = []
  const visit = (path: string): number => {
    const at = index.size
    index.set(path, at)
    low.set(path, at)
    stack.push(path)
    for (const next of graph.get(path) ?? []) {
      if (!index.has(next)) low.set(path, Math.min(low.get(path) ?? at, visit(next)))
      else if (stack.includes(next)) low.set(path, Math.min(low.get(path) ?? at, index.get(next) ?? at))
    }
    if (low.get(path) === at) {
      const group = stack.splice(stack.indexOf(path))
      if (group.length > 1 || graph.get(path)?.includes(path))
        found.push({ path, rule: 'cycle', text: `imports itself through ${group.join(' → ')}` })
    }
    return low.get(path) ?? at
  }
  for (const path of graph.keys()) if (!index.has(path)) visit(path)
  return found
}

/** All violations among the given files, in the order of the files; cycles last. */
export function findViolations(files: readonly SourceFile[]): Violation[] {
  const known = new Set(files.map((file) => file.path))
  const graph = new Map(
    files.map((file) => [
      file.path,
      file.imports.map((specifier) => target(file.path, specifier)).filter((to) => to !== undefined && known.has(to)),
    ]),
  ) as Map<string, string[]>
  return [
    ...files.flatMap((file) => [
      ...file.imports.flatMap((specifier) => checkImport(file, specifier)),
      ...checkUses(file),
    ]),
    ...findCycles(graph),
  ]
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const violations = findViolations(readSources())
  for (const { path, rule, text } of violations) console.log(`${path}  ${rule}: ${text}`)
  process.exitCode = violations.length === 0 ? 0 : 1
}
