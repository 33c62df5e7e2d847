import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { startPlatform } from '../testing/start.ts'

/** A PNG of 1280 × 720 as far as its header goes; the mark makes another file of it. */
function png(mark: number): Buffer {
  const bytes = Buffer.alloc(100, mark)
  bytes.write('89504e470d0a1a0a0000000d49484452', 'hex')
  bytes.writeUInt32BE(1280, 16)
  bytes.writeUInt32BE(720, 20)
  return bytes
}

test('of images set at the same time the last one stays, as the only file, and can be had', async (t) => {
  const { app, asOwner, dataDir, signIn } = await startPlatform(t)
  const headers = { cookie: await signIn(), 'content-type': 'image/png' }
  const put = (mark: number) =>
    app.inject({ method: 'PUT', url: '/api/v1/channels/main/offline-image', headers, payload: png(mark) })
  const files = () => readdir(join(dataDir, 'images'))
  // The first again among them: a file that is set anew must not go with what it replaced.
  await put(1)
  const replies = await Promise.all([2, 3, 1, 4, 1].map(put))
  for (const reply of replies) assert.equal(reply.statusCode, 200)
  assert.equal((await files()).length, 1)
  const { offlineImage } = (await asOwner('GET', '/channels/main')).json()
  assert.equal((await app.inject(offlineImage)).statusCode, 200)
  await asOwner('DELETE', '/channels/main/offline-image')
  assert.deepEqual(await files(), [])
})

test('an image that is set while its channel is deleted goes with it', async (t) => {
  const { app, asOwner, dataDir, engine, signIn } = await startPlatform(t)
  const headers = { cookie: await signIn(), 'content-type': 'image/png' }
  engine.stopChannel = async () => {
    await app.inject({ method: 'PUT', url: '/api/v1/channels/main/offline-image', headers, payload: png(1) })
  }
  assert.equal((await asOwner('DELETE', '/channels/main')).statusCode, 204)
  assert.deepEqual(await readdir(join(dataDir, 'images')), [])
})
