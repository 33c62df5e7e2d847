import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startPlatform } from '../testing/start.ts'
import { ALIASES_MAX } from './limits.ts'

test('as many earlier names lead to a channel as do after a restart: the newest', async (t) => {
  let now = Date.now()
  const { asOwner, platform } = await startPlatform(t, { now: () => now++ })
  const names = ['main', ...Array.from({ length: ALIASES_MAX + 2 }, (_, i) => `name-${i}`)]
  for (const [i, slug] of names.slice(1).entries()) {
    assert.equal((await asOwner('PATCH', `/channels/${names[i]}`, { slug })).statusCode, 200)
  }
  const found = names.filter((slug) => platform.directory.findBySlug(slug) !== undefined)
  assert.deepEqual(found, names.slice(-1 - ALIASES_MAX))
})

test('an earlier name that another channel takes is that one, and no name of the first any more', async (t) => {
  const { asOwner, platform } = await startPlatform(t)
  await asOwner('PATCH', '/channels/main', { slug: 'first' })
  await asOwner('POST', '/channels', { slug: 'second' })
  await asOwner('PATCH', '/channels/second', { slug: 'main' })
  await asOwner('PATCH', '/channels/first', { slug: 'third' })
  const { directory } = platform
  assert.equal(directory.findBySlug('main')?.slug, 'main')
  assert.equal(directory.findBySlug('second')?.slug, 'main')
  assert.equal(directory.findBySlug('first')?.slug, 'third')
})
