import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { hlsSources } from './hls-sources.ts'

test('folders that can be read and addresses that answer are fine, all others are told of', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bandstand-doctor-'))
  t.after(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'file'), '')
  const server = createServer((req, res) => {
    if (req.url === '/404') res.writeHead(404).end()
    else res.end(req.url === '/page' ? '<html>' : '#EXTM3U\n')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const table: [string, 'ok' | 'note', RegExp][] = [
    [folder, 'ok', /can be read/],
    [join(folder, 'out.m3u8'), 'ok', /can be read/],
    [join(folder, 'nowhere'), 'note', /no such folder now; is the share mounted/],
    [join(folder, 'file'), 'note', /not a folder/],
    [`${origin}/live.m3u8?key=secret`, 'ok', /live\.m3u8 can be read/],
    [`${origin}/404`, 'note', /nobody is live there/],
    [`${origin}/page`, 'note', /no HLS playlist/],
  ]
  const found = await hlsSources(table.map(([from]) => ({ channel: 'main', from })))
  for (const [i, [from, level, text]] of table.entries()) {
    assert.equal(found[i]?.level, level, from)
    assert.match(found[i]?.text ?? '', text)
  }
  assert.ok(!JSON.stringify(found).includes('secret'))
})
