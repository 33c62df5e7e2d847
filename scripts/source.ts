import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseSync } from 'vite'

/** Root of the repository. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** Paths (relative to the root, forward slashes) of all files that are committed or would be. */
export function projectFiles(...patterns: string[]): string[] {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', ...patterns]
  const listed = execFileSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 64 << 20 })
  const gone = execFileSync('git', ['ls-files', '-z', '--deleted'], { cwd: root, encoding: 'utf8' }).split('\0')
  return [...new Set(listed.split('\0'))].filter((path) => path !== '' && !gone.includes(path)).sort()
}

/** What the rules need to know of one source file. */
export interface SourceFile {
  /** Relative to the root, forward slashes. */
  readonly path: string
  /** Module specifiers as written, types included. */
  readonly imports: readonly string[]
  /** Uses of names that the file does not declare: `Buffer`, `Date.now`, `new Date()`, with their lines. */
  readonly uses: readonly { readonly name: string; readonly line: number }[]
}

interface Node {
  type: string
  start: number
  [field: string]: unknown
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as Node).type === 'string'

const nameOf = (node: Node): string => (typeof node['name'] === 'string' ? node['name'] : '')

/** Reads imports and foreign names from the text of a TypeScript file. */
export function parseSource(path: string, text: string): SourceFile {
  const { program, errors } = parseSync(path, text)
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`)
  const imports: string[] = []
  const declared = new Set<string>()
  const named: { name: string; start: number }[] = []

  const declare = (pattern: unknown): void => {
    if (!isNode(pattern)) return
    if (pattern.type === 'Identifier') declared.add(pattern['name'] as string)
    else if (pattern.type === 'ObjectPattern')
      for (const property of pattern['properties'] as Node[]) declare(property['value'] ?? property['argument'])
    else if (pattern.type === 'ArrayPattern') for (const element of pattern['elements'] as unknown[]) declare(element)
    else if (pattern.type === 'AssignmentPattern') declare(pattern['left'])
    else if (pattern.type === 'RestElement') declare(pattern['argument'])
  }

  const visit = (node: Node): void => {
    const source = node['source']
    if (isNode(source) && typeof source['value'] === 'string') imports.push(source['value'])
    switch (node.type) {
      case 'Identifier':
        named.push({ name: node['name'] as string, start: node.start })
        break
      case 'VariableDeclarator':
        declare(node['id'])
        break
      case 'ImportSpecifier':
      case 'ImportDefaultSpecifier':
      case 'ImportNamespaceSpecifier':
        declare(node['local'])
        return
      case 'FunctionDeclaration':
      case 'ClassDeclaration':
        declare(node['id'])
        break
      case 'TSInterfaceDeclaration':
      case 'TSTypeAliasDeclaration':
        declare(node['id'])
        break
    }
    if (Array.isArray(node['params'])) for (const param of node['params'] as unknown[]) declare(param)
    if (node.type === 'NewExpression' && isNode(node['callee']) && node['callee'].type === 'Identifier') {
      const empty = (node['arguments'] as unknown[]).length === 0
      named.push({ name: `new ${nameOf(node['callee'])}(${empty ? '' : '…'})`, start: node.start })
    }
    const left = node['object']
    const right = node['property']
    if (node.type === 'MemberExpression' && isNode(left) && left.type === 'Identifier' && isNode(right))
      named.push({ name: `${nameOf(left)}.${nameOf(right)}`, start: node.start })
    const keyed = !node['computed'] && !node['shorthand']
    const ignored = node.type === 'MemberExpression' ? 'property' : 'key'
    for (const [field, value] of Object.entries(node)) {
      if (keyed && field === ignored) continue
      if (Array.isArray(value)) for (const child of value) isNode(child) && visit(child)
      else if (isNode(value)) visit(value)
    }
  }
  visit(program as unknown as Node)

  const uses = named
    .filter(({ name }) => !declared.has(name.replace(/^new /, '').split(/[.(]/)[0] ?? name))
    .map(({ name, start }) => ({ name, line: text.slice(0, start).split('\n').length }))
  return { path, imports: [...new Set(imports)], uses }
}

/** Parses every TypeScript file of the project. */
export function readSources(): SourceFile[] {
  return projectFiles('*.ts').map((path) => parseSource(path, readFileSync(join(root, path), 'utf8')))
}
