import { setTimeout as sleep } from 'node:timers/promises'
import { startBandstand } from '../../test/support/bandstand.ts'
import { waitFor } from '../../test/support/wait.ts'
import { createChannels } from './channels.ts'
import { readMetrics } from './metrics.ts'
import { startPublishers } from './publishers.ts'

/** Broadcasts at a time. */
const channels = 12
/** Of each; short ones are many, so that retention has one to delete every few seconds. */
const broadcastMs = 3_000

/**
 * A data folder with recordings of finished broadcasts, for a server whose limit they reach: then retention deletes from its
 * first moment on as much as is recorded. A server of its own makes them.
 *
 * @param bytes at least
 */
export async function makeOldRecordings(clip: string, bytes: number): Promise<string> {
  const server = await startBandstand({ ffmpeg: true, limit: 600_000 })
  try {
    const keys = await createChannels(server, channels)
    const recorded = async () => (await readMetrics(server.http)).get('bandstand_recording_bytes') ?? 0
    for (let before = -1, now = 0; now < bytes; now = await recorded()) {
      if (now <= before) throw new Error(`nothing more is recorded: ${now} bytes`)
      before = now
      const publishers = await startPublishers(clip, server.rtmp, keys)
      await sleep(broadcastMs)
      await publishers.stop()
      // Those of the next round would be the same broadcasts otherwise.
      await waitFor('all broadcasts to end', async () => {
        const listed = await fetch(`${server.http}/api/v1/channels`)
        const { channels: found } = (await listed.json()) as { channels: readonly { readonly live: boolean }[] }
        return found.every(({ live }) => !live)
      })
    }
    return server.data
  } finally {
    await server.stop()
  }
}
