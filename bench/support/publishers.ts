import { join } from 'node:path'
import { type Running, start } from '../../test/support/process.ts'
import { waitFor } from '../../test/support/wait.ts'
import { startAnswering } from './answering.ts'

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

/** What encoders by WHIP have sent, and what the server says of their streams, all together. */
export interface WhipFigures {
  readonly packets: number
  /** Packets that were sent again. */
  readonly resent: number
  /** Packets that never came. */
  readonly lost: number
  /** Pictures left out for it. */
  readonly dropped: number
  /** Whose stream is over or not connected. */
  readonly over: number
}

export interface WhipPublishers {
  readonly running: Running
  now(): Promise<WhipFigures>
}

/** Publishes a clip of `withOpus` to each channel by WHIP, from another process. Resolves when all are connected. */
export async function startWhipPublishers(
  clip: string,
  http: string,
  channels: readonly { readonly slug: string; readonly key: string }[],
): Promise<WhipPublishers> {
  const script = new URL('../whip/publish.ts', import.meta.url)
  const args = [clip, http, ...channels.map(({ slug, key }) => `${slug}=${key}`)]
  const { running, ask } = await startAnswering(script, args, 7_200_000)
  return { running, now: () => ask('now') as Promise<WhipFigures> }
}
