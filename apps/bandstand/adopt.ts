import type { BroadcastRegister, ChannelRecord, Log } from '@bandstand/engine/ports.ts'
import type { DiskStore } from '@bandstand/engine/store/disk.ts'
import { recorded } from '@bandstand/engine/store/recorded.ts'

/** ms after the start: by then the store has looked at all recordings anyway. */
const ADOPT_AFTER_MS = 5_000
/** Recordings that are asked for at once. */
const BATCH = 500

export interface AdoptOptions {
  readonly store: Pick<DiskStore, 'ended' | 'index'>
  /** Those of at most 500 recordings that the database does not know. */
  readonly unknown: (assetIds: readonly string[]) => Promise<readonly string[]>
  readonly register: Pick<BroadcastRegister, 'started' | 'ended'>
  readonly findChannel: (id: string) => ChannelRecord | undefined
  readonly log: Log
}

/**
 * Notes recordings that have ended and that the database does not know: their broadcasts could not be noted while a former
 * process ran, or the database is older than they are. Each goes to the channel that its journal names. Where that is not
 * there any more they stay unlisted and are deleted in their turn, as all recordings are: what cannot be attributed may still
 * be wanted, by who restores the right database.
 */
export async function adoptRecordings({ store, unknown, register, findChannel, log }: AdoptOptions): Promise<void> {
  const ended = await store.ended()
  let unclaimed = 0
  for (let at = 0; at < ended.length; at += BATCH) {
    for (const assetId of await unknown(ended.slice(at, at + BATCH))) {
      const index = await store.index(assetId)
      // Deleted meanwhile.
      if (index?.begun === undefined) continue
      const channel = index.begun.channelId === undefined ? undefined : findChannel(index.begun.channelId)
      if (channel === undefined) {
        unclaimed++
        continue
      }
      const { duration, until } = recorded(index)
      const startedAt = index.begun.at
      await register.started({ assetId, channelId: channel.id, startedAt })
      await register.ended({ assetId, endedAt: until ?? startedAt, duration, bytes: index.bytes })
      log.warn({ asset: assetId, channel: channel.slug }, 'a recording that was not listed is listed now')
    }
  }
  if (unclaimed > 0) {
    log.warn(
      { recordings: unclaimed },
      'recordings belong to no known channel; they are kept until retention removes them',
    )
  }
}

/** Does it a while after the start, once. */
export function adoptLater(options: AdoptOptions, afterMs = ADOPT_AFTER_MS): { stop(): void } {
  const timer = setTimeout(() => {
    adoptRecordings(options).catch((error: unknown) =>
      options.log.error({ err: error }, 'recordings that are not listed could not be looked for'),
    )
  }, afterMs).unref()
  return { stop: () => clearTimeout(timer) }
}
