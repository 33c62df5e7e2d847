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
  page.answer = () => Response.json({ detail: 'sign in at /studio first' }, { status: 401 })
  assert.match((await banAuthor(place, 'm1')) ?? '', /sign in/i)
})

test('an answer that is no problem document, and none at all, are told in words', async (t) => {
  const page = fakePage(t)
  page.answer = () => Response.json({}, { status: 500 })
  assert.equal(await hideMessage(place, 'm1'), 'That did not work.')
  page.up = false
  assert.equal(await hideMessage(place, 'm1'), 'The server could not be reached.')
})
