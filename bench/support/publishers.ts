import { join } from 'node:path'
import { type Running, start } from '../../test/support/process.ts'
import { waitFor } from '../../test/support/wait.ts'

/** Publishes a clip to `rtmp://host:port/live` under each key, from another process. Resolves when all are accepted. */
export async function startPublishers(clip: string, rtmp: string, keys: readonly string[]): Promise<Running> {
  const { hostname, port } = new URL(rtmp.replace(/^rtmp:/, 'http:'))
  const script = join(import.meta.dirname, 'publish-many.ts')
  const running = start(process.execPath, [script, clip, hostname, port, ...keys], { limit: 7_200_000 })
  await waitFor(
    'all publishers to be accepted',
    () => {
      if (!running.running() || running.output().includes('ended:')) throw new Error(running.output())
      return running.stdout().includes('publishing')
    },
    30_000,
  )
  return running
}
