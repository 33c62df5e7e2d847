import { readdirSync, readFileSync } from 'node:fs'

/** Processes of ffmpeg that another one has started and that still run, from /proc (Linux). */
export function ffmpegsOf(parent: number): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const status = readFileSync(`/proc/${pid}/status`, 'utf8')
        return status.includes(`PPid:\t${parent}\n`) && status.startsWith('Name:\tffmpeg')
      } catch {
        return false
      }
    })
    .map(Number)
}
