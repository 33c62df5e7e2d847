import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { cpus, release, totalmem } from 'node:os'

function firstLine(program: string, args: readonly string[]): string {
  try {
    // nginx prints its version to stderr.
    const line = execFileSync('sh', ['-c', `${program} ${args.join(' ')} 2>&1 | head -n 1`], {
      encoding: 'utf8',
    }).trim()
    return line.includes('not found') ? 'missing' : line
  } catch {
    return 'missing'
  }
}

function packageVersion(name: string): string {
  const path = createRequire(import.meta.url).resolve(name)
  const folder = path.slice(0, path.indexOf(`node_modules/${name}`) + `node_modules/${name}`.length)
  return (JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')) as { version: string }).version
}

/** What a figure depends on besides the code: processor, memory, system and versions, one line each. */
export function describeMachine(): string[] {
  const processors = cpus()
  const memory = `${(totalmem() / 2 ** 30).toFixed(0)} GiB`
  return [
    `machine: ${processors.length} cores, ${processors[0]?.model ?? 'unknown'}, ${memory}, Linux ${release()}`,
    `versions: Node ${process.versions.node}; ${firstLine('nginx', ['-v']).replace('nginx version: ', '')}; ` +
      `node-media-server ${packageVersion('node-media-server')}; ` +
      `${firstLine('janus', ['--version']).replace(/.*\((.*)\)/, 'Janus $1')}; ${firstLine('ffmpeg', ['-version']).split(' ').slice(0, 3).join(' ')}`,
  ]
}
