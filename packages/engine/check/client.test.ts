import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { runCheck } from './command.ts'

/** What the command says of an address, on the real network unless something else is given. */
async function say(url: string, fetch?: () => Promise<Response>): Promise<string> {
  let out = ''
  const stdout = { write: (text: string) => (out += text) }
  const code = await runCheck([url, '--seconds', '1'], { stdout, ...(fetch !== undefined && { fetch }) })
  assert.equal(code, 1)
  return out
}

test('an address without an answer is told with the reason, first and alone', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  const url = `http://127.0.0.1:${port}/x.m3u8`
  assert.equal(await say(url), `${url} cannot be read: nothing listens at this address and port (ECONNREFUSED)\n`)
  assert.match(await say('http://127.0.0.1:1/x.m3u8'), /^http:.* cannot be read: this port is reserved/)
})

for (const [code, words] of [
  ['DEPTH_ZERO_SELF_SIGNED_CERT', /cannot be read: its certificate is self-signed; .*NODE_EXTRA_CA_CERTS/],
  ['CERT_HAS_EXPIRED', /cannot be read: its certificate has expired/],
  ['E_OTHER', /cannot be read: fetch failed: what happened$/m],
] as const) {
  test(`${code} is told in words`, async () => {
    const cause = Object.assign(new TypeError('what happened'), { code })
    assert.match(
      await say('https://origin.test/x.m3u8', () => Promise.reject(new TypeError('fetch failed', { cause }))),
      words,
    )
  })
}
