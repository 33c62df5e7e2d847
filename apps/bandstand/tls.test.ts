import assert from 'node:assert/strict'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { renewedTls, testTls, until } from '@bandstand/engine/http/testing.ts'
import { readTls, type Tls, watchTls } from './tls.ts'

/** The two files, and what whoever watches them is told. */
async function watched(t: TestContext, everyMs?: number) {
  const folder = mkdtempSync(join(tmpdir(), 'bandstand-tls-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const settings = { tlsCert: join(folder, 'cert.pem'), tlsKey: join(folder, 'key.pem') }
  /** As certbot does it: another file takes the name. */
  const put = (path: string, bytes: string | Buffer) => {
    writeFileSync(`${path}.new`, bytes)
    renameSync(`${path}.new`, path)
  }
  put(settings.tlsCert, testTls.cert)
  put(settings.tlsKey, testTls.key)
  const current = await readTls(settings)
  assert.ok(current !== undefined)
  const renewed: Tls[] = []
  const faults: string[] = []
  const watch = watchTls(settings, current, {
    ...(everyMs !== undefined && { everyMs }),
    onRenewed: (tls) => renewed.push(tls),
    onFault: (error) => faults.push(error.message),
  })
  t.after(() => watch.close())
  return { settings, put, renewed, faults, look: watch.look }
}

test('a certificate that is renewed is told once, whichever of its files comes first', async (t) => {
  const { settings, put, renewed, look } = await watched(t)
  await look()
  assert.equal(renewed.length, 0)
  put(settings.tlsKey, renewedTls.key)
  await look()
  put(settings.tlsCert, renewedTls.cert)
  await look()
  await look()
  assert.deepEqual(renewed, [renewedTls])
})

test('the files are looked at from time to time', async (t) => {
  const { settings, put, renewed } = await watched(t, 5)
  put(settings.tlsKey, renewedTls.key)
  put(settings.tlsCert, renewedTls.cert)
  await until(() => renewed.length === 1)
})

test('what is not a certificate with its key is told once, and the old one stays', async (t) => {
  const { settings, put, renewed, faults, look } = await watched(t)
  put(settings.tlsCert, 'nothing')
  await look()
  await look()
  assert.equal(faults.length, 1)
  assert.match(faults[0] ?? '', /holds no certificate/)
  rmSync(settings.tlsCert)
  await look()
  assert.match(faults[1] ?? '', /there is no such file/)
  assert.equal(renewed.length, 0)
  // The old one again is nothing new, but then the same fault is.
  put(settings.tlsCert, testTls.cert)
  await look()
  put(settings.tlsCert, 'nothing')
  await look()
  assert.equal(faults.length, 3)
  assert.equal(renewed.length, 0)
})
