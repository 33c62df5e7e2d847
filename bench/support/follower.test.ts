import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { follow } from './follower.ts'

const media = (...more: string[]) => ['#EXTM3U', '#EXT-X-MEDIA-SEQUENCE:7', '#EXTINF:2,', 's.m4s', ...more].join('\n')
const live = {
  '/live/main/index.m3u8': '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nas_1/v1/index.m3u8\n',
  '/live/main/as_1/v1/index.m3u8': media('#EXT-X-PART:DURATION=1,URI="p1.m4s"'),
  '/live/main/as_1/v1/index.m3u8?_HLS_msn=8&_HLS_part=1': media('#EXT-X-ENDLIST'),
  '/live/main/as_1/v1/p1.m4s': 'media',
  '/api/v1/channels/main': '{ "live": true, "assetId": "as_1" }',
}

/** What a viewer complains about of a server that answers with these; a number is a status. */
async function complaints(t: TestContext, changes: Readonly<Record<string, string | number>> = {}) {
  const answers: Readonly<Record<string, string | number>> = { ...live, ...changes }
  const asked: string[] = []
  const server = createServer((req, res) => {
    const answer = answers[req.url ?? ''] ?? 404
    asked.push(req.url ?? '')
    res.statusCode = typeof answer === 'number' ? answer : 200
    res.end(typeof answer === 'number' ? '' : answer)
  }).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const found: string[] = []
  const http = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await follow({ http, slug: 'main', leaves: () => asked.length > 20, trouble: (line) => found.push(line) })
  server.closeAllConnections()
  return { found, asked }
}

test('a viewer reads playlists and parts to the end', async (t) => {
  const { found, asked } = await complaints(t)
  assert.deepEqual(found, [])
  assert.deepEqual(
    asked,
    Object.keys(live)
      .slice(0, 2)
      .concat('/live/main/as_1/v1/p1.m4s', Object.keys(live)[2] ?? ''),
  )
})

for (const [path, status] of [
  ['/live/main/index.m3u8', 404],
  ['/live/main/index.m3u8', 503],
  ['/live/main/as_1/v1/index.m3u8', 500],
  ['/live/main/as_1/v1/index.m3u8?_HLS_msn=8&_HLS_part=1', 400],
  ['/live/main/as_1/v1/index.m3u8?_HLS_msn=8&_HLS_part=1', 404],
  ['/live/main/as_1/v1/p1.m4s', 404],
] as const)
  test(`${status} for ${path} of a broadcast that runs is trouble`, async (t) => {
    const { found } = await complaints(t, { [path]: status })
    assert.deepEqual(found, [`${path.split('?')[0]}: ${status}`])
  })

for (const [what, facts] of [
  ['is offline', '{ "live": false, "assetId": null }'],
  ['has another broadcast', '{ "live": true, "assetId": "as_2" }'],
] as const)
  test(`404 of a broadcast whose channel ${what} by then is none, 500 still is`, async (t) => {
    const changes = { '/api/v1/channels/main': facts }
    const path = '/live/main/as_1/v1/index.m3u8?_HLS_msn=8&_HLS_part=1'
    assert.deepEqual((await complaints(t, { ...changes, [path]: 404 })).found, [])
    assert.equal((await complaints(t, { ...changes, [path]: 500 })).found.length, 1)
  })
