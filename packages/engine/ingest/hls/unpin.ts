import type { Entry } from './entry.ts'

/**
 * Units are views on the file that they came in and hold all of it in memory, where only their own bytes are counted. Those that are less
 * than half of it are copied: when they come, no less is counted than half of what is held. Until the last of a file is passed on it holds
 * that file, of which there is one for each rendition.
 */
export function unpin(entries: readonly Entry[], { buffer }: Uint8Array): readonly Entry[] {
  const isView = (entry: Entry) => entry.kind === 'unit' && entry.data.buffer === buffer
  let bytes = 0
  for (const entry of entries) if (entry.kind === 'unit' && isView(entry)) bytes += entry.data.byteLength
  if (2 * bytes >= buffer.byteLength) return entries
  // Not slice(): a Node Buffer's is a view.
  return entries.map((entry) =>
    entry.kind === 'unit' && isView(entry) ? { ...entry, data: new Uint8Array(entry.data) } : entry,
  )
}
