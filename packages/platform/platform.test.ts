import assert from 'node:assert/strict'
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createPlatform } from './platform.ts'
import { admitted, createFakeEngine, fakeInstance, PASSWORD, startPlatform } from './testing/start.ts'

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'bandstand-'))
  t.after(() => rm(path, { recursive: true, force: true }))
  return path
}

const silent = { debug() {}, info() {}, warn() {}, error() {} }

test('the first start makes the channel main, a key and a password, and says them once', async (t) => {
  const dataDir = await folder(t)
  const first = await startPlatform(t, { dataDir, settings: {} })
  const { ownerPassword, streamKey } = first.platform.firstStart ?? {}
  assert.match(ownerPassword ?? '', /^[a-z2-9]{5}(-[a-z2-9]{5}){3}$/)
  assert.match(streamKey ?? '', /^[a-z2-9]{28}$/)
  assert.equal((await admitted(first.platform.directory, streamKey ?? ''))?.slug, 'main')
  await first.stop()

  const second = await startPlatform(t, { dataDir, settings: {} })
  assert.equal(second.platform.firstStart, undefined)
  assert.equal((await admitted(second.platform.directory, streamKey ?? ''))?.slug, 'main')
  const reply = await second.app.inject({
    method: 'POST',
    url: '/api/v1/session',
    payload: { password: ownerPassword },
  })
  assert.equal(reply.statusCode, 201)
})

test('the stream key and password settings win when they change, and a key rotated afterwards stays', async (t) => {
  const dataDir = await folder(t)
  const settings = { streamKey: 'first-key-of-main', ownerPassword: PASSWORD }
  const first = await startPlatform(t, { dataDir, settings })
  assert.equal((await admitted(first.platform.directory, 'first-key-of-main'))?.slug, 'main')
  const { key } = (await first.asOwner('POST', '/channels/main/key/rotate')).json()
  await first.stop()

  const second = await startPlatform(t, { dataDir, settings })
  assert.equal(await admitted(second.platform.directory, 'first-key-of-main'), undefined)
  assert.equal((await admitted(second.platform.directory, key))?.slug, 'main')
  const session = await second.signIn()
  await second.stop()

  const third = await startPlatform(t, {
    dataDir,
    settings: { streamKey: 'second-key-of-main', ownerPassword: 'another password' },
  })
  assert.equal((await admitted(third.platform.directory, 'second-key-of-main'))?.slug, 'main')
  assert.equal(await admitted(third.platform.directory, key), undefined)
  const old = await third.app.inject({ url: '/api/v1/instance', headers: { cookie: session } })
  assert.equal(old.statusCode, 401)
  assert.match(await third.signIn(), /^bandstand=/)
})

test('the stream key setting stays with the channel that it was given to, and a new main keeps its own key', async (t) => {
  const dataDir = await folder(t)
  const settings = { streamKey: 'first-key-of-main', ownerPassword: PASSWORD }
  const first = await startPlatform(t, { dataDir, settings })
  await first.asOwner('PATCH', '/channels/main', { slug: 'show' })
  await first.asOwner('POST', '/channels', { slug: 'main' })
  const { key } = (await first.asOwner('GET', '/channels/main/key')).json()
  await first.stop()

  const second = await startPlatform(t, { dataDir, settings })
  const { directory } = second.platform
  assert.equal((await admitted(directory, 'first-key-of-main'))?.slug, 'show')
  assert.equal((await admitted(directory, key))?.slug, 'main')
})

test('a secret that belongs to another database is refused', async (t) => {
  const dataDir = await folder(t)
  const first = await startPlatform(t, { dataDir })
  await first.stop()
  await writeFile(join(dataDir, 'secret'), `${'0'.repeat(64)}\n`)
  const start = createPlatform({
    dataDir,
    settings: {},
    log: silent,
    engine: createFakeEngine(),
    instance: fakeInstance,
  })
  await assert.rejects(start, { code: 'secret' })
})

test('a data folder that is made is for its owner alone, one that was there stays as it is', async (t) => {
  const parent = await folder(t)
  await chmod(parent, 0o755)
  const dataDir = join(parent, 'data')
  await startPlatform(t, { dataDir })
  const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)
  assert.deepEqual([await modeOf(parent), await modeOf(dataDir)], ['755', '700'])
  for (const name of await readdir(dataDir)) assert.equal(await modeOf(join(dataDir, name)), '600', name)
})

test('a data folder that cannot be written stops the start with its reason', async (t) => {
  const dataDir = join(await folder(t), 'file')
  await writeFile(dataDir, '')
  const start = createPlatform({
    dataDir,
    settings: {},
    log: silent,
    engine: createFakeEngine(),
    instance: fakeInstance,
  })
  await assert.rejects(start, { code: 'data-folder' })
})

test('no secret is written in the clear, to the log or to the disk', async (t) => {
  const dataDir = await folder(t)
  const { platform, asOwner, app, logged, stop, signIn } = await startPlatform(t, {
    dataDir,
    settings: { streamKey: 'a-very-secret-stream-key', ownerPassword: 'a very secret password' },
  })
  const cookie = await signIn()
  const { key } = (await asOwner('POST', '/channels/main/key/rotate')).json()
  await admitted(platform.directory, 'a-key-that-is-wrong')
  await app.inject({ method: 'POST', url: '/api/v1/session', payload: { password: 'a guessed password' } })
  await app.inject({
    method: 'POST',
    url: '/api/v1/session',
    payload: '{"password":"a guessed',
    headers: { 'content-type': 'application/json' },
  })
  await stop()
  const secrets = ['a-very-secret-stream-key', 'a very secret password', 'a guessed', key, cookie.split('=')[1]]
  const written = await Promise.all((await readdir(dataDir)).map((name) => readFile(join(dataDir, name), 'latin1')))
  assert.ok(logged.length > 3)
  for (const secret of secrets) {
    assert.equal(
      logged.some((line) => line.includes(secret)),
      false,
      `logged: ${secret}`,
    )
    assert.equal(
      written.some((bytes) => bytes.includes(secret)),
      false,
      `on disk: ${secret}`,
    )
  }
})

test('broadcasts that were started and not ended are found after a restart', async (t) => {
  const dataDir = await folder(t)
  const first = await startPlatform(t, { dataDir })
  const main = first.platform.directory.findBySlug('main')
  assert.ok(main)
  const started = { assetId: 'as_1', channelId: main.id, startedAt: 1000 }
  await first.platform.broadcasts.started(started)
  await first.platform.broadcasts.started(started)
  await first.platform.broadcasts.started({ assetId: 'as_2', channelId: main.id, startedAt: 2000 })
  await first.platform.broadcasts.ended({ assetId: 'as_2', endedAt: 9000, duration: 6999.6, bytes: 12 })
  await first.platform.broadcasts.started({ assetId: 'as_3', channelId: 'ch_none', startedAt: 2000 })
  await first.stop()
  const second = await startPlatform(t, { dataDir })
  assert.deepEqual(await second.platform.broadcasts.open(), [{ ...started, slug: 'main' }])
})
