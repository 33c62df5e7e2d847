import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { projectFiles, root } from './source.ts'

/**
 * What must not be in a public repository: somebody's absolute paths, package mirrors (a lockfile that names one works
 * only there), secrets that look real, and files too large to clone happily.
 */

const largest = 1_000_000

/** Only folders that people's own files live in; `/var/www` or `/etc/nginx` in a guide are fine. */
const rules: readonly { readonly what: string; readonly pattern: RegExp }[] = [
  { what: 'path of a single machine', pattern: /(?<![\w.@:/-])\/(?:home|work|Users|root)\/[\w.-]+/ },
  { what: 'address of a package registry', pattern: /registry\.npmjs\.org/ },
  { what: 'package address in a lockfile', pattern: /"resolved": "https?:/ },
  { what: 'private key', pattern: /-----BEGIN [A-Z ]*PRIVATE KEY-----/ },
]

/** One line for each thing that must not be in a file with this text. */
export function findWords(path: string, text: string): string[] {
  return text.split('\n').flatMap((line, index) =>
    rules
      // A fixture's key opens nothing but the test beside it.
      .filter(({ what, pattern }) => pattern.test(line) && !(what === 'private key' && path.includes('/fixtures/')))
      .map(({ what }) => `${path}:${index + 1}  ${what}: ${line.trim().slice(0, 120)}`),
  )
}

function checkFile(path: string): string[] {
  const full = join(root, path)
  const { size } = statSync(full)
  if (size > largest) return [`${path}  larger than ${largest} bytes: ${size}`]
  const bytes = readFileSync(full)
  return bytes.includes(0) ? [] : findWords(path, bytes.toString('utf8'))
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const found = projectFiles().flatMap(checkFile)
  for (const line of found) console.log(line)
  process.exitCode = found.length === 0 ? 0 : 1
}
