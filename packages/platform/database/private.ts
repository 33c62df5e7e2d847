import { chmod, open } from 'node:fs/promises'

/**
 * Lets nobody but the server's own user read the database: sessions, sealed keys and addresses are in it. SQLite would make it
 * readable to all; the files that it puts beside it get the mode of this one.
 */
export async function keepPrivate(path: string): Promise<void> {
  // What cannot be made or changed here is told, or found to be no trouble, when the database is opened.
  await open(path, 'a', 0o600).then(
    (file) => file.close(),
    () => {},
  )
  for (const file of [path, `${path}-wal`, `${path}-shm`]) await chmod(file, 0o600).catch(() => {})
}
