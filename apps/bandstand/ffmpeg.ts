import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/**
 * Where ffmpeg is.
 *
 * @param named the setting: a path, or a name to look for in `PATH`.
 * @returns its path; `undefined` when there is no such program.
 */
export function findFfmpeg(named: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const isPath = /[/\\]/.test(named)
  const candidates = isPath ? [named] : (env['PATH'] ?? '').split(delimiter).filter(Boolean)
  const names = process.platform === 'win32' && !isPath ? [named, `${named}.exe`] : [named]
  return candidates.flatMap((place) => (isPath ? [place] : names.map((name) => join(place, name)))).find(isProgram)
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
