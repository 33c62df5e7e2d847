import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { start } from '../support/process.ts'
import { temporaryFolder } from '../support/temporary.ts'

const program = join(import.meta.dirname, '..', '..', 'apps/bandstand/bandstand.mjs')

test('a first start whose port is in use ends at once, says so, and does not swallow the password it has made', async (t) => {
  const other = createServer().listen(0, '127.0.0.1')
  t.after(() => other.close())
  await once(other, 'listening')
  const taken = `127.0.0.1:${(other.address() as AddressInfo).port}`

  for (const [http, rtmp] of [
    [taken, '127.0.0.1:0'],
    ['127.0.0.1:0', taken],
  ] as const) {
    const args = [program, '--data', temporaryFolder('data'), '--http', http, '--rtmp', rtmp, '--srt', 'off']
    const server = start(process.execPath, args, { limit: 60_000 })
    const { code } = await server.exited
    assert.equal(code, 1, server.output())
    assert.match(server.output(), new RegExp(`bandstand: .*${taken}`))
    assert.match(server.output(), /Owner's password {2}\w{5}-\w{5}-\w{5}-\w{5} /)
  }
})

test('with logs as JSON the first start says the password, once, and never the stream key', async () => {
  const data = temporaryFolder('data')
  const run = async (env: Record<string, string> = {}) => {
    const free = ['--http', '127.0.0.1:0', '--rtmp', '127.0.0.1:0', '--srt', 'off']
    const args = [program, '--log', 'json', '--data', data, ...free]
    const server = start(process.execPath, args, { limit: 60_000, env })
    while (server.running() && !server.stdout().includes('"ready"')) await new Promise((r) => setTimeout(r, 50))
    await server.stop()
    return server.stdout()
  }
  const first = await run()
  assert.match(first, /"ownerPassword":"\w{5}-\w{5}-\w{5}-\w{5}"/)
  assert.doesNotMatch(first, /streamKey/)
  assert.doesNotMatch(await run(), /"ownerPassword"|"streamKey"/)
})

test('a first start that is told to stop before it is ready ends in order, and does not swallow the password either', async () => {
  const data = temporaryFolder('data')
  const free = [
    '--http',
    '127.0.0.1:0',
    '--rtmp',
    '127.0.0.1:0',
    '--srt',
    'off',
    '--webrtc',
    'off',
    '--ffmpeg',
    '/nowhere/ffmpeg',
  ]
  const server = start(process.execPath, [program, '--data', data, ...free], { limit: 60_000 })
  // The password is hashed next, which takes longer than anything else of a start.
  while (server.running() && !existsSync(join(data, 'bandstand.db-wal'))) await new Promise((r) => setTimeout(r, 1))
  server.signal('SIGTERM')
  assert.deepEqual(await server.exited, { code: 0, signal: null }, server.output())
  assert.match(server.output(), /Owner's password {2}\w{5}-\w{5}-\w{5}-\w{5} /)
  assert.equal(existsSync(join(data, 'bandstand.lock')), false)
})
