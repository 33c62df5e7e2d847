import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/** What `viewers.ts` reports. */
export interface Viewers {
  readonly partsPerSecond: number
  readonly playlistsPerSecond: number
  readonly megabitsPerSecond: number
  readonly delay: { readonly p50: number; readonly p99: number; readonly max: number }
  readonly stalls: number
  readonly errors: Readonly<Record<string, number>>
  readonly generatorCpu: number
  readonly generatorDelay: { readonly p99: number; readonly max: number }
}

/** Runs `viewers.ts` in a process of its own; `begin` and `end` of what it measures are told. */
export async function runViewers(
  url: string,
  { viewers, seconds }: { readonly viewers: number; readonly seconds: number },
  marks: { readonly begin: () => Promise<void>; readonly end: () => Promise<void> },
): Promise<Viewers> {
  const script = join(import.meta.dirname, '..', 'viewers.ts')
  const child = spawn(
    process.execPath,
    [script, url, '--json', '--seconds', String(seconds), '--viewers', String(viewers)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  let out = ''
  let begun: Promise<void> | undefined
  let ended: Promise<void> | undefined
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString()
    if (out.includes('measuring\n')) begun ??= marks.begin()
    if (out.includes('measured\n')) ended ??= marks.end()
  })
  await once(child, 'close')
  await Promise.all([begun, ended])
  return JSON.parse(out.split('\n').findLast((line) => line.startsWith('{')) ?? '{}') as Viewers
}
