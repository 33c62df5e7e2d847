import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { Agent, request } from 'node:http'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { WINDOW_LIMITS } from '../packager/limits.ts'
import { chooseTiming } from '../packager/timing.ts'
import { createLiveHandler } from './live.ts'
import { createFakeBroadcast } from './live-fixture.ts'
import { documentedNginx, startDocumentedNginx } from './nginx-fixture.ts'
import { startServer, until } from './testing.ts'

const hasNginx = spawnSync('nginx', ['-v']).status === 0
const viewers = 500
/** Longer than nginx lets others wait for a request by default: in the long tests only. */
const heldMs = process.env['BANDSTAND_LONG'] === undefined ? 0 : 7_000

test('the documented cache lets others wait for as long as the server holds a request', () => {
  const block = documentedNginx()
  const seconds = (name: string) => Number(new RegExp(`^\\s*${name} (\\d+)s;`, 'm').exec(block)?.[1])
  const held = WINDOW_LIMITS.waitTargets * chooseTiming([1 / 30]).targetDuration
  // Past the age another request goes to the server, past the timeout each of them does, and goes uncached.
  for (const name of ['proxy_cache_lock_age', 'proxy_cache_lock_timeout', 'proxy_read_timeout'])
    assert.ok(seconds(name) > held, `${name} ${seconds(name)} s, and an answer may take ${held} s`)
})

test('500 viewers behind nginx as documented make one request of each URL', {
  timeout: 110_000,
}, async (t) => {
  assert.ok(hasNginx, 'nginx is missing: apt-get install -y nginx')
  const fake = createFakeBroadcast({ targetDuration: 4 })
  for (let i = 0; i < 8; i++) fake.advance()
  let topRequests = 0
  const find = () => ({
    ...fake.broadcast,
    multivariant: () => {
      topRequests++
      return fake.broadcast.multivariant()
    },
  })
  const live = createLiveHandler({ find })
  const { port: origin } = await startServer(t, [live.handle])
  const port = await startDocumentedNginx(t, origin)
  const agent = new Agent({ keepAlive: true, maxSockets: 2 * viewers })
  t.after(() => agent.destroy())
  const crowd = (path: string) =>
    Promise.all(
      Array.from(
        { length: viewers },
        () =>
          new Promise<string>((resolve, reject) => {
            const req = request({ port, path, host: '127.0.0.1', agent }, (res) => {
              let size = 0
              res.on('data', (chunk: Buffer) => (size += chunk.byteLength))
              res.on('end', () => resolve(`${res.statusCode} ${size}`))
            })
            req.on('error', reject)
            req.end()
          }),
      ),
    )
  const same = (answers: readonly string[], status: number) => {
    assert.equal(new Set(answers).size, 1)
    assert.match(answers[0] ?? '', new RegExp(`^${status} `))
  }

  /** What may be kept for a second is asked for again by a crowd that takes longer. */
  const mayBe = (since: number) => 1 + Math.floor((performance.now() - since) / 1000)
  let begun = performance.now()
  same(await crowd('/live/main/index.m3u8'), 200)
  assert.ok(topRequests >= 1 && topRequests <= mayBe(begun), `${topRequests} requests`)
  same(await crowd('/live/main/as_1/v1/s0000000000-0000000005.m4s'), 200)
  begun = performance.now()
  same(await crowd('/live/main/as_1/v1/index.m3u8'), 200)
  const most = mayBe(begun)
  same(await crowd('/live/main/as_1/v1/nothing.m4s'), 404)

  const playlist = crowd('/live/main/as_1/v1/index.m3u8?_HLS_msn=1&_HLS_part=2')
  const part = crowd('/live/main/as_1/a2/p0000000008.m4s')
  await until(() => live.waiting() === 2)
  await sleep(heldMs)
  assert.equal(live.waiting(), 2)
  fake.advance()
  same(await playlist, 200)
  same(await part, 200)

  // What is missing may be asked for again after the second that it is remembered.
  const { ['v1/nothing.m4s']: missing, ['v1/index.m3u8   ']: playlists = 0, ...rest } = Object.fromEntries(fake.asked)
  assert.ok((missing ?? 0) <= 10, `${missing} requests of what is missing`)
  assert.ok(playlists >= 1 && playlists <= most, `${playlists} requests of a playlist`)
  assert.deepEqual(rest, {
    'v1/s0000000000-0000000005.m4s': 1,
    'v1/index.m3u8 1 2 ': 1,
    'a2/p0000000008.m4s': 1,
  })
})
