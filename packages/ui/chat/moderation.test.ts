import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakePage } from '../testing/fake-page.ts'
import { banAuthor, hideMessage } from './moderation.ts'

const place = { server: 'http://server', channel: 'main' }

test('what was done says nothing, what was refused says why', async (t) => {
  const page = fakePage(t)
  page.answer = () => new Response(null, { status: 204 })
  assert.equal(await hideMessage(place, 'm/1'), undefined)
  assert.match(page.requests[0]?.url ?? '', /\/channels\/main\/chat\/messages\/m%2F1\/hide$/)
  page.answer = () => Response.json({ detail: 'sign in at /studio first', code: 'not-signed-in' }, { status: 401 })
  await assert.rejects(banAuthor(place, 'm1', false), { code: 'not-signed-in', message: 'Sign in at /studio first.' })
})

test('an answer that is no problem document, and none at all, are told in words', async (t) => {
  const page = fakePage(t)
  page.answer = () => Response.json({}, { status: 500 })
  await assert.rejects(hideMessage(place, 'm1'), { message: 'That did not work (500).' })
  page.up = false
  await assert.rejects(hideMessage(place, 'm1'), { code: 'unreachable' })
})
