import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { runToEnd } from './process.ts'
import { findProgram } from './programs.ts'

const kept = join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'test-media')

/**
 * Folder with the files that ffmpeg makes of its arguments, which name them without a path. What the same ffmpeg made of
 * the same arguments before, in this run or an earlier one, is there already: encoding a minute takes all processors for
 * seconds, and others are measured meanwhile. Nobody writes there.
 */
export async function encodeOnce(args: readonly string[]): Promise<string> {
  const ffmpeg = findProgram('ffmpeg')
  const { mtimeMs, size } = statSync(ffmpeg)
  const key = createHash('sha256')
    .update(JSON.stringify([mtimeMs, size, args]))
    .digest('hex')
  const folder = join(kept, key.slice(0, 32))
  if (existsSync(folder)) return folder
  mkdirSync(kept, { recursive: true })
  const making = mkdtempSync(join(kept, 'making-'))
  try {
    await runToEnd(ffmpeg, ['-v', 'error', ...args], { cwd: making })
    renameSync(making, folder)
  } catch (error) {
    // Another file's process may have been quicker with the same.
    if (!existsSync(folder)) throw error
  } finally {
    rmSync(making, { recursive: true, force: true })
  }
  return folder
}
