import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import { createTestBroadcast, smallClip } from '../replay/fixtures/broadcast.ts'
import { limits } from '../replay/limits.ts'
import { createDiskStore } from '../store/disk.ts'
import { quietLog, retention, temporaryFolder, until } from '../store/fixtures/material.ts'
import { get, startServer } from './testing.ts'
import { createVodHandler, type VodOptions } from './vod.ts'

/** A server with so many recordings, `as_0` and so on; the viewer's address stands in a header. */
async function fixture(t: TestContext, count: number) {
  const disk = createDiskStore({ root: await temporaryFolder(t), log: quietLog, retention })
  t.after(() => disk.close())
  const clip = smallClip()
  for (let i = 0; i < count; i++) {
    const broadcast = createTestBroadcast(disk, `as_${i}`)
    broadcast.send(clip, 1)
    await broadcast.writer().end()
  }
  const { promise, resolve } = Promise.withResolvers<void>()
  const state = { hold: undefined as Promise<void> | undefined, indexes: 0, planned: new Set<string>() }
  const store: VodOptions['store'] = {
    async index(assetId) {
      const index = await disk.index(assetId)
      state.indexes++
      return index
    },
    read: disk.read,
    async parts(assetId, ...where) {
      state.planned.add(assetId)
      await state.hold
      return disk.parts(assetId, ...where)
    },
  }
  const remoteOf: VodOptions['remoteOf'] = (req) => String(req.headers['x-remote'])
  const { port, server } = await startServer(t, [createVodHandler({ store, remoteOf })])
  const pathOf = (i: number) => `/vod/as_${i}/download.mp4`
  return {
    disk,
    server,
    state,
    /** From then on no plan is finished, until it is let go on. */
    hold() {
      state.hold = promise
      t.after(() => resolve())
      return resolve
    },
    download: (i: number, remote: string, headers: Record<string, string> = {}) =>
      get(port, pathOf(i), { headers: { 'x-remote': remote, ...headers } }),
    /** Asks and stays for the answer until told to go. */
    ask(i: number, remote: string) {
      const socket = connect(port, '127.0.0.1')
      t.after(() => socket.destroy())
      socket.write(`GET ${pathOf(i)} HTTP/1.1\r\nHost: h\r\nX-Remote: ${remote}\r\n\r\n`)
      return socket
    },
  }
}

test('a download that the client has, or does not want, is not planned for it', async (t) => {
  const { download, state } = await fixture(t, 1)
  const { headers } = await download(0, '192.0.2.1')
  const restarted = await fixture(t, 1)
  const etag = String(headers.etag)
  assert.equal((await restarted.download(0, '192.0.2.1', { 'if-none-match': etag })).status, 304)
  const other = await restarted.download(0, '192.0.2.1', { 'if-match': '"as_0.7-8"' })
  assert.deepEqual([other.status, other.headers.etag], [412, etag])
  assert.deepEqual([state.planned.size, restarted.state.planned.size], [1, 0])
})

test('a running broadcast that has grown is not planned anew for whoever asks next', async (t) => {
  const { disk, download } = await fixture(t, 0)
  const broadcast = createTestBroadcast(disk, 'as_0')
  const segments = async () => (await disk.index('as_0'))?.tracks[0]?.segments.length ?? 0
  broadcast.send(smallClip(), 2)
  await until(async () => (await segments()) > 0, 'segments')
  const first = await download(0, '192.0.2.1')
  const before = await segments()
  broadcast.send(smallClip(), 2)
  await until(async () => (await segments()) > before + 1, 'more segments')
  const second = await download(0, '192.0.2.2')
  assert.equal(second.headers.etag, first.headers.etag)
  assert.ok(second.body.equals(first.body))
  await broadcast.writer().end()
  assert.ok((await download(0, '192.0.2.1')).body.length > first.body.length)
})

test('downloads that wait for viewers who have gone are in nobody else’s way', async (t) => {
  const all = limits.planning + limits.planningQueue
  const { ask, download, hold, server, state } = await fixture(t, all + 1)
  const goOn = hold()
  const asked = Array.from({ length: all }, (_, i) => ask(i, `192.0.2.${i}`))
  await until(() => state.indexes === all, 'all requests')
  assert.equal((await download(all, '198.51.100.1')).status, 503)
  for (const socket of asked.slice(limits.planning)) socket.destroy()
  await until(() => server.connections() === limits.planning, 'their going')
  const answer = download(all, '198.51.100.1')
  await until(() => state.indexes === all + 2, 'another request')
  goOn()
  assert.equal((await answer).status, 200)
  assert.equal(state.planned.size, limits.planning + 1)
})

test('one address has no more than its share of the downloads that are planned', async (t) => {
  const own = limits.planningPerNetwork
  const { ask, download, hold, state } = await fixture(t, own + 2)
  const goOn = hold()
  for (let i = 0; i < own; i++) ask(i, '2001:db8::1')
  await until(() => state.indexes === own, 'all requests')
  const refused = await download(own, '2001:db8::2')
  assert.deepEqual([refused.status, refused.headers['retry-after'] !== undefined], [503, true])
  // What is being planned already costs nothing more.
  const [shared, other] = [download(0, '2001:db8::2'), download(own + 1, '2001:db8:0:1::1')]
  goOn()
  assert.deepEqual([(await shared).status, (await other).status], [200, 200])
})
