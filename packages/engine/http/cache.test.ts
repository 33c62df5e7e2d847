import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createLiveHandler } from './live.ts'
import { createFakeBroadcast } from './live-fixture.ts'
import { get, startServer, until } from './testing.ts'

const hasNginx = spawnSync('nginx', ['-v']).status === 0
const viewers = 500

/** nginx in front of the origin, as an operator would set it up; it ends with the test. */
async function startNginx(t: TestContext, originPort: number): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as { port: number }
  probe.close()
  await once(probe, 'close')
  const folder = mkdtempSync(join(tmpdir(), 'bandstand-nginx-'))
  chmodSync(folder, 0o755)
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((n) => `${n}_temp_path ${folder}/${n};`)
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log crit;
events { worker_connections 2048; }
http { access_log off; ${temporary.join(' ')}
  proxy_cache_path ${folder}/cache keys_zone=live:1m max_size=100m inactive=10m use_temp_path=off;
  server { listen 127.0.0.1:${port} backlog=1024;
    location /live/ { proxy_pass http://127.0.0.1:${originPort}; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_cache live; proxy_cache_lock on; proxy_cache_lock_timeout 20s; proxy_cache_lock_age 20s; } } }`,
  )
  const nginx = spawn('nginx', ['-c', join(folder, 'nginx.conf')], { stdio: 'ignore' })
  t.after(async () => {
    nginx.kill()
    await once(nginx, 'exit')
    rmSync(folder, { recursive: true, force: true })
  })
  for (let i = 0; i < 100; i++) {
    if (await get(port, '/').then(Boolean, () => false)) break
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return port
}

test('500 viewers behind a shared cache make one request of each URL', {
  timeout: 60_000,
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
  const port = await startNginx(t, origin)
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

  same(await crowd('/live/main/index.m3u8'), 200)
  assert.equal(topRequests, 1)
  same(await crowd('/live/main/as_1/v1/s0000000000-0000000005.m4s'), 200)
  same(await crowd('/live/main/as_1/v1/index.m3u8'), 200)
  same(await crowd('/live/main/as_1/v1/nothing.m4s'), 404)

  const playlist = crowd('/live/main/as_1/v1/index.m3u8?_HLS_msn=1&_HLS_part=2')
  const part = crowd('/live/main/as_1/a2/p0000000008.m4s')
  await until(() => live.waiting() === 2, 10_000)
  fake.advance()
  same(await playlist, 200)
  same(await part, 200)

  // What is missing may be asked for again after the second that it is remembered.
  const { ['v1/nothing.m4s']: missing, ...rest } = Object.fromEntries(fake.asked)
  assert.ok((missing ?? 0) <= 10, `${missing} requests of what is missing`)
  assert.deepEqual(rest, {
    'v1/s0000000000-0000000005.m4s': 1,
    'v1/index.m3u8   ': 1,
    'v1/index.m3u8 1 2 ': 1,
    'a2/p0000000008.m4s': 1,
  })
})
