import type { TestContext } from 'node:test'
import { startServer } from '@bandstand/engine/http/testing.ts'
import { createVodHandler } from '@bandstand/engine/http/vod.ts'
import { limits } from '@bandstand/engine/replay/limits.ts'
import { createDiskStore } from '@bandstand/engine/store/disk.ts'
import { quietLog, retention, temporaryFolder } from '@bandstand/engine/store/fixtures/material.ts'
import { makeClip } from './mock/clip.ts'
import type { MockServer } from './mock/model.ts'
import { createMockStream } from './mock/stream.ts'

/**
 * Has the mock server answer with a replay that the real packager made.
 *
 * @param seconds its length
 * @param make records it in a folder, with a store of its own that is closed by then
 * @returns the address of its folder at the server that has it, without a slash at the end
 */
export async function record(
  t: TestContext,
  mock: MockServer,
  id: string,
  seconds: number,
  make: (root: string) => Promise<void>,
): Promise<string> {
  const root = await temporaryFolder(t)
  await make(root)
  const store = createDiskStore({ root, log: quietLog, retention })
  await store.recover()
  t.after(() => store.close())
  const { port } = await startServer(t, [createVodHandler({ store, now: () => Date.now() + limits.endedOnClock })])
  const folder = `http://127.0.0.1:${port}/vod/${id}`
  mock.streams.set('main', {
    ...createMockStream(await makeClip(1, 30), id, Date.now()),
    async answer(path) {
      const answer = await fetch(`${folder}/${path}`)
      if (!answer.ok) return answer.status
      return { type: answer.headers.get('content-type') ?? '', body: Buffer.from(await answer.arrayBuffer()) }
    },
  })
  const startedAt = '2026-01-01T20:00:00.000Z'
  const endedAt = new Date(Date.parse(startedAt) + seconds * 1000).toISOString()
  const times = { startedAt, endedAt, duration: seconds * 1000 }
  mock.assets.set(id, { id, channel: 'main', title: 'A', live: false, bytes: 1e6, ...times })
  return folder
}
