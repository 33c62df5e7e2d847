import type { StoreIo } from './io.ts'

/** A whole file up to a limit of bytes; empty when there is none. @throws what the disk says */
export async function readWhole(io: StoreIo, path: string, limit: number): Promise<Uint8Array> {
  const found = await io.stat(path)
  if (found === undefined) return new Uint8Array(0)
  const bytes = new Uint8Array(Math.min(found.bytes, limit))
  const file = await io.open(path, 'read')
  try {
    return bytes.subarray(0, await file.read(bytes, 0))
  } finally {
    await file.close()
  }
}

/** Cuts a file off. @throws what the disk says */
export async function cutFile(io: StoreIo, path: string, bytes: number): Promise<void> {
  const file = await io.open(path, 'write')
  try {
    await file.truncate(bytes)
  } finally {
    await file.close()
  }
}
