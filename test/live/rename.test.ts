import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startBandstand } from '../support/bandstand.ts'
import { signIn } from '../support/owner.ts'
import { clip } from '../support/scene.ts'
import { waitFor } from '../support/wait.ts'

test('a channel renamed while live is still to be watched by its earlier name', async (t) => {
  const server = await startBandstand()
  t.after(() => server.stop())
  const owner = await signIn(server)
  clip(t, `${server.rtmp}/${await owner.createChannel('before')}`)
  const get = (path: string) => fetch(`${server.http}${path}`)
  const multivariant = await waitFor('the playlist', async () => {
    const answer = await get('/live/before/index.m3u8')
    return answer.ok && (await answer.text())
  })
  const rendition = multivariant.trim().split('\n').at(-1)

  await owner.call('PATCH', '/channels/before', { slug: 'after' })
  for (const name of ['before', 'after']) {
    assert.equal((await get(`/live/${name}/index.m3u8`)).status, 200, name)
    assert.equal((await get(`/live/${name}/${rendition}`)).status, 200, name)
  }

  // Until another channel takes it.
  await owner.createChannel('before')
  assert.equal((await get('/live/before/index.m3u8')).status, 404)
  assert.equal((await get('/live/after/index.m3u8')).status, 200)
})
