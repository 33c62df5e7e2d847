import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CLOSE_SIGNED_OUT } from '@bandstand/contract/chat/close.ts'
import { type Started, startPlatform } from '../testing/start.ts'
import { SWEEP_INTERVAL } from './limits.ts'

async function openAsOwner(started: Started, cookie: string) {
  const page = await started.chat('/live/main/chat', { cookie, origin: started.origin })
  page.send({ type: 'hello', chat: true })
  assert.equal((await page.next('welcome')).you?.owner, true)
  return page
}

test('who signs out speaks for the owner no more, on none of the pages of that session', async (t) => {
  const started = await startPlatform(t)
  const cookie = await started.signIn()
  const elsewhere = await openAsOwner(started, await started.signIn())
  const pages = [await openAsOwner(started, cookie), await openAsOwner(started, cookie)]
  const reply = await started.app.inject({ method: 'DELETE', url: '/api/v1/session', headers: { cookie } })
  assert.equal(reply.statusCode, 204)
  for (const page of pages) assert.equal(await page.closed, CLOSE_SIGNED_OUT)

  const again = await started.chat('/live/main/chat', { cookie, origin: started.origin })
  again.send({ type: 'hello', chat: true })
  assert.equal((await again.next('welcome')).you?.owner, false)
  elsewhere.send({ type: 'say', text: 'still me', clientId: 'c' })
  assert.equal((await elsewhere.next('messages')).messages[0]?.author.owner, true)
})

test('a session that expires ends its connections', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  let now = Date.now()
  const started = await startPlatform(t, { now: () => now })
  const viewer = await started.chat()
  viewer.send({ type: 'hello', chat: false })
  const page = await openAsOwner(started, await started.signIn())
  now += 31 * 24 * 3_600_000
  t.mock.timers.tick(SWEEP_INTERVAL)
  assert.equal(await page.closed, CLOSE_SIGNED_OUT)
  assert.equal(viewer.socket.readyState, viewer.socket.OPEN)
})
