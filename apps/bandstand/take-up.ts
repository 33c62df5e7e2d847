import type { BroadcastRegister, ChannelRecord, Log } from '@bandstand/engine/ports.ts'
import type { DiskStore } from '@bandstand/engine/store/disk.ts'
import type { AssetIndex } from '@bandstand/engine/store/port.ts'
import { recorded } from '@bandstand/engine/store/recorded.ts'
import type { Streams } from '@bandstand/engine/stream/streams.ts'

export interface TakeUpOptions {
  readonly store: Pick<DiskStore, 'recover' | 'index' | 'isUnreadable' | 'resume'>
  /** Tries again what cannot be noted now: nothing here waits for that, for a full disk must not keep a server from starting. */
  readonly register: BroadcastRegister
  readonly findChannel: (id: string) => ChannelRecord | undefined
  readonly channels: Pick<Streams, 'restore'>
  readonly log: Log
  /** Unix milliseconds. */
  readonly now: () => number
}

/**
 * Broadcasts that a former process left open go on, or are finished when there is nothing to go on with. One whose files
 * the disk does not give now is left as it is: what is noted of it for good would be wrong when the next start can read it.
 * One that could not be noted when it began, on a full disk for example, is known by its recording.
 *
 * @throws EngineError `data-folder`
 */
export async function takeUpBroadcasts(options: TakeUpOptions): Promise<void> {
  const { store, register, findChannel, channels, log, now } = options
  const found = new Map((await store.recover()).map((index) => [index.assetId, index]))
  const open = []
  for (const { assetId, channelId, slug, startedAt } of await register.open()) {
    const index = found.get(assetId) ?? (await look(assetId))
    found.delete(assetId)
    if (index === 'unreadable') {
      log.error({ asset: assetId, channel: slug }, 'a broadcast cannot be read; it stays open until the next start')
    } else if (index === undefined) {
      note(assetId, register.ended({ assetId, endedAt: now(), duration: 0, bytes: 0 }))
    } else if (index.ended) {
      // The process was ended between the end of the recording and the note of it.
      const { duration, until } = recorded(index)
      note(assetId, register.ended({ assetId, endedAt: until ?? now(), duration, bytes: index.bytes }))
    } else open.push({ channel: { id: channelId, slug }, startedAt, index })
  }
  for (const index of found.values()) {
    const { assetId, begun } = index
    const channel = begun?.channelId === undefined ? undefined : findChannel(begun.channelId)
    if (begun === undefined || channel === undefined) {
      log.warn({ asset: assetId }, 'a recording belongs to no known channel; it is kept until retention removes it')
      await store.resume(assetId).end()
    } else {
      const { id, slug } = channel
      log.warn({ asset: assetId, channel: slug }, 'a broadcast that was not noted when it began is noted now')
      note(assetId, register.started({ assetId, channelId: id, startedAt: begun.at }))
      open.push({ channel: { id, slug }, startedAt: begun.at, index })
    }
  }
  channels.restore(open.sort((a, b) => a.startedAt - b.startedAt))

  function note(assetId: string, made: Promise<void>): void {
    made.catch((error: unknown) => log.error({ asset: assetId, err: error }, 'a broadcast could not be noted'))
  }

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
