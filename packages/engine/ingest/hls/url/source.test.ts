import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { HlsReport } from '../../../ports.ts'
import { createRefusalLog } from '../../../remote/refusals.ts'
import { FakeLog } from '../../rtmp/testing/fake-port.ts'
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
