import type { Log } from '@bandstand/engine/ports.ts'
import type { DiskStore } from '@bandstand/engine/store/disk.ts'
import type { AssetIndex } from '@bandstand/engine/store/port.ts'
import { recorded } from '@bandstand/engine/store/recorded.ts'
import type { Streams } from '@bandstand/engine/stream/streams.ts'
import type { Platform } from '@bandstand/platform/platform.ts'

export interface TakeUpOptions {
  readonly store: Pick<DiskStore, 'recover' | 'index' | 'isUnreadable' | 'resume'>
  readonly broadcasts: Pick<Platform['broadcasts'], 'open' | 'ended'>
  readonly channels: Pick<Streams, 'restore'>
  readonly log: Log
  /** Unix milliseconds. */
  readonly now: () => number
}

/**
 * Broadcasts that a former process left open go on, or are finished when there is nothing to go on with. One whose files
 * the disk does not give now is left as it is: what is noted of it for good would be wrong when the next start can read it.
 *
 * @throws EngineError `data-folder`
 */
export async function takeUpBroadcasts({ store, broadcasts, channels, log, now }: TakeUpOptions): Promise<void> {
  const found = new Map((await store.recover()).map((index) => [index.assetId, index]))
  const open = []
  for (const { assetId, channelId, slug, startedAt } of await broadcasts.open()) {
    const index = found.get(assetId) ?? (await look(assetId))
    found.delete(assetId)
    if (index === 'unreadable') {
      log.error({ asset: assetId, channel: slug }, 'a broadcast cannot be read; it stays open until the next start')
    } else if (index === undefined) {
      await broadcasts.ended({ assetId, endedAt: now(), duration: 0, bytes: 0 })
    } else if (index.ended) {
      // The process was ended between the end of the recording and the note of it.
      const { duration, until } = recorded(index)
      await broadcasts.ended({ assetId, endedAt: until ?? now(), duration, bytes: index.bytes })
    } else open.push({ channel: { id: channelId, slug }, startedAt, index })
  }
  for (const { assetId } of found.values()) {
    log.warn({ asset: assetId }, 'a recording belongs to no known broadcast; it is kept until retention removes it')
    await store.resume(assetId).end()
  }
  channels.restore(open)

  async function look(assetId: string): Promise<AssetIndex | 'unreadable' | undefined> {
    try {
      const index = await store.index(assetId)
      return index === undefined && store.isUnreadable(assetId) ? 'unreadable' : index
    } catch (error) {
      log.error({ asset: assetId, err: error }, 'the index of a recording cannot be read')
      return 'unreadable'
    }
  }
}
