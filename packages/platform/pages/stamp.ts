import type { Stats } from 'node:fs'

/** Tells a file from what is put in its place: another stamp, other bytes. */
export function stampOf(full: string, { mtimeMs, size, ino }: Pick<Stats, 'mtimeMs' | 'size' | 'ino'>): string {
  return `${full} ${mtimeMs} ${size} ${ino}`
}
