import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { start } from '../support/process.ts'
import { temporaryFolder } from '../support/temporary.ts'

const program = join(import.meta.dirname, '..', '..', 'apps/bandstand/bandstand.mjs')

async function occupiedPort(t: TestContext): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  return (server.address() as AddressInfo).port
}

/** Starts a server that cannot start, and gives what it says; ended after a minute. */
async function failedStart(data: string, args: readonly string[]) {
  const free = ['--http', '127.0.0.1:0', '--rtmp', '127.0.0.1:0', '--srt', '127.0.0.1:0']
  const server = start(process.execPath, [program, '--data', data, ...free, ...args], { limit: 60_000 })
  const exit = await server.exited
  assert.doesNotMatch(server.output(), /^ +at /m, 'no stack')
  // A first start shows the password it has made besides.
  return { exit, lines: server.output().match(/^bandstand: .*$/gm) ?? [] }
}

for (const listener of ['http', 'rtmp'] as const) {
  test(`an ${listener} port that is in use ends the start with one line, and the data folder is free again`, async (t) => {
    const data = temporaryFolder('data')
    const port = await occupiedPort(t)
    const { exit, lines } = await failedStart(data, [`--${listener}`, `127.0.0.1:${port}`])
    assert.deepEqual(exit, { code: 1, signal: null })
    assert.equal(lines.length, 1, lines.join('\n'))
    assert.match(lines[0] ?? '', new RegExp(`^bandstand: .*${port}`))
    assert.equal(existsSync(join(data, 'bandstand.lock')), false)
  })
}

test('an address that this machine does not have, and a proxy that is none, end the start with one line of words', async () => {
  const address = await failedStart(temporaryFolder('data'), ['--http', '192.0.2.1:0'])
  assert.deepEqual(address.exit, { code: 1, signal: null })
  assert.match(address.lines.join('\n'), /^bandstand: HTTP 192.0.2.1:0: this machine has no such address$/)
  const proxy = await failedStart(temporaryFolder('data'), ['--trust-proxy', 'blah'])
  assert.deepEqual(proxy.exit, { code: 2, signal: null })
  assert.match(proxy.lines.join('\n'), /^bandstand: setting trustProxy .*"blah": takes IP addresses and networks/)
})

test('a folder of recordings that cannot be used, and a certificate that is none, end the start with one line', async () => {
  const data = temporaryFolder('data')
  const file = join(data, 'media')
  writeFileSync(file, 'not a folder')
  const folder = await failedStart(data, [])
  assert.deepEqual(folder.exit, { code: 1, signal: null })
  assert.match(
    folder.lines.join('\n'),
    /^bandstand: the folder of recordings .* cannot be used: .* is a file and not a folder$/,
  )
  const tls = await failedStart(temporaryFolder('data'), ['--tls-cert', file, '--tls-key', file])
  assert.deepEqual(tls.exit, { code: 2, signal: null })
  assert.match(tls.lines.join('\n'), /^bandstand: certificate .* cannot be used: it holds no certificate \(PEM\)$/)
})
