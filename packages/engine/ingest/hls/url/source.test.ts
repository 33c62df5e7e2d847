import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { HlsReport } from '../../../ports.ts'
import { createRefusalLog } from '../../../remote/refusals.ts'
import { FakeLog, FakePublisher, until } from '../../rtmp/testing/fake-port.ts'
import { mediaPlaylist, pictureInit, pictureSegment } from '../testing/media.ts'
import { pullUrl } from './source.ts'

test('what stands in an address besides host and path is in no log line', async (t) => {
  let isLive = false
  const server = createServer((req, res) => {
    if (!isLive) {
      isLive = true
      res.writeHead(404).end()
    } else if (req.url?.startsWith('/live.m3u8') === true) {
      res.end('#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\ns0.ts?token=secret-token\n')
    } else res.end('short')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const log = new FakeLog()
  const refusals = createRefusalLog(log)
  const source = pullUrl({
    url: `http://somebody:secret-word@127.0.0.1:${(server.address() as AddressInfo).port}/live.m3u8?key=secret-key`,
    publish: async (_request: { readonly hls?: () => HlsReport }) => ({
      refusal: { code: 'in-use', reason: 'an encoder feeds this channel' },
    }),
    request: { remote: '127.0.0.1', encoder: 'x' },
    fields: () => ({ channel: 'main', source: 'x' }),
    ...{ log, refusals, maxBitrate: 1e9, now: () => performance.now() },
  })
  const lines = () => JSON.stringify(log.lines)
  for (let i = 0; i < 600 && !lines().includes('s0.ts'); i++) await sleep(50)
  await source.close()
  refusals.close()
  assert.match(lines(), /s0\.ts ends in the midst/)
  assert.doesNotMatch(lines(), /secret/)
})

/** A server whose answers are in `files`, and an address pulled from it. */
async function pull(t: TestContext) {
  const files = new Map<string, string | Uint8Array>()
  const asked: string[] = []
  const server = createServer((req, res) => {
    asked.push(req.url ?? '')
    const file = files.get(req.url ?? '')
    if (file === undefined) res.writeHead(404).end()
    else res.end(file)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const log = new FakeLog()
  const refusals = createRefusalLog(log)
  /** Passed over, ms. */
  let skipped = 0
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  files.set('/init.mp4', pictureInit)
  for (let i = 0; i < 20; i++) files.set(`/s${i}.m4s`, pictureSegment(i))
  const list = (name: string, from: number, to: number, more?: Parameters<typeof mediaPlaylist>[2]) =>
    files.set(`/${name}.m3u8`, mediaPlaylist(from, to, more))
  const lead = (name: string) =>
    files.set('/live.m3u8', `#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000000,RESOLUTION=640x360\n${name}.m3u8\n`)
  const start = () => {
    const source = pullUrl({
      url: `${origin}/live.m3u8`,
      publish: async () => ({ publisher: new FakePublisher() }),
      request: { remote: '127.0.0.1', encoder: 'x' },
      fields: () => ({ channel: 'main', source: 'x' }),
      ...{ log, refusals, maxBitrate: 1e9, now: () => performance.now() + skipped },
    })
    t.after(async () => {
      await source.close()
      refusals.close()
      server.closeAllConnections()
      server.close()
    })
  }
  const read = (name: string) => until(() => asked.includes(`/${name}`), name)
  return { files, asked, list, lead, start, read, skip: (ms: number) => (skipped += ms) }
}

test('an upstream whose playlists have other names after a restart is found again', async (t) => {
  const { files, list, lead, start, read } = await pull(t)
  lead('w1')
  list('w1', 0, 1)
  start()
  await read('w1.m3u8')
  list('w1', 0, 6)
  await read('s5.m4s')
  files.delete('/w1.m3u8')
  lead('w2')
  list('w2', 6, 8)
  await read('w2.m3u8')
  await read('s7.m4s')
})

test('the next broadcast of an upstream is found where its playlist has another name', async (t) => {
  const { asked, list, lead, start, read } = await pull(t)
  lead('first')
  list('first', 10, 11)
  start()
  await read('first.m3u8')
  list('first', 10, 12, { end: true })
  await read('s11.m4s')
  lead('second')
  list('second', 0, 2)
  await read('s1.m4s')
  assert.ok(asked.includes('/s0.m4s'))
})

test('an upstream that is still there but lists nothing new is asked what it lists now', async (t) => {
  const { list, lead, start, read, skip } = await pull(t)
  lead('stale')
  list('stale', 0, 1)
  start()
  await read('stale.m3u8')
  list('stale', 0, 2)
  await read('s1.m4s')
  lead('fresh')
  list('fresh', 1, 4)
  skip(8_000)
  await read('s3.m4s')
})

test('while all is well the multivariant playlist is not asked for again and again', async (t) => {
  const { asked, list, lead, start, read } = await pull(t)
  lead('w1')
  list('w1', 0, 1)
  start()
  await read('w1.m3u8')
  for (let to = 2; to < 6; to++) {
    list('w1', 0, to)
    await read(`s${to - 1}.m4s`)
  }
  assert.ok(asked.filter((name) => name === '/live.m3u8').length <= 2)
})

test('a name of ever so many characters is neither asked for nor kept', async (t) => {
  const { asked, files, list, lead, start, read } = await pull(t)
  lead('w1')
  list('w1', 0, 1)
  start()
  await read('w1.m3u8')
  files.set('/w1.m3u8', mediaPlaylist(0, 3).replace('s1', 'x'.repeat(10_000)))
  await read('s2.m4s')
  assert.ok(asked.every((name) => name.length < 10_000))
})
