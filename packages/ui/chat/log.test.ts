import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChatMessage } from '@bandstand/contract/chat/model.ts'
import { emptyLog, hidden, received, refused, rejoined, said, shownLimit } from './log.ts'

function message(id: string, clientId?: string): ChatMessage {
  const author = { id: 'usr_1', name: 'Someone', owner: false }
  return { id, at: '2026-01-01T00:00:00.000Z', author, text: id, ...(clientId ? { clientId } : {}) }
}

test('an own message is shown at once and replaced by the one from the server', () => {
  const pending = said(emptyLog, message('local', 'c1'))
  assert.equal(pending.messages[0]?.pending, true)
  const sent = received(pending, [message('msg_1', 'c1')])
  assert.deepEqual(
    sent.messages.map(({ id, pending: waiting }) => [id, waiting]),
    [['msg_1', undefined]],
  )
})

test('a refused message stays with the reason', () => {
  const log = refused(said(emptyLog, message('local', 'c1')), 'c1', 'Too fast')
  assert.equal(log.messages[0]?.refused, 'Too fast')
  assert.equal(log.messages[0]?.pending, undefined)
})

test('the oldest messages leave the screen', () => {
  const many = Array.from({ length: shownLimit + 50 }, (_, i) => message(`msg_${i}`))
  const log = received(emptyLog, many)
  assert.equal(log.messages.length, shownLimit)
  assert.equal(log.messages[0]?.id, 'msg_50')
})

test('what did not arrive before the connection was lost is refused, and keeps its place', () => {
  const first = received(emptyLog, [message('msg_1'), message('msg_2')])
  const before = received(said(first, message('local', 'c2')), [message('msg_3')])
  const after = rejoined(before, [message('msg_2'), message('msg_3'), message('msg_4')])
  assert.deepEqual(
    after.messages.map(({ id, pending, refused: why }) => [id, pending, why]),
    [
      ['msg_2', undefined, undefined],
      ['local', undefined, 'the connection was lost'],
      ['msg_3', undefined, undefined],
      ['msg_4', undefined, undefined],
    ],
  )
  assert.deepEqual(
    rejoined(after, [message('msg_3')]).messages.map(({ id }) => id),
    ['local', 'msg_3'],
  )
})

test('what had arrived before the connection was lost is shown once', () => {
  const before = said(received(emptyLog, [message('msg_1')]), message('local', 'c2'))
  const after = rejoined(before, [message('msg_1'), message('msg_2', 'c2')])
  assert.deepEqual(
    after.messages.map(({ id, refused: why }) => [id, why]),
    [
      ['msg_1', undefined],
      ['msg_2', undefined],
    ],
  )
})

test('a restarted server does not know the names that a page gave: the writer and the words tell', () => {
  const mine = { ...message('msg_2'), text: 'local' }
  const before = said(received(emptyLog, [message('msg_1')]), message('local', 'c2'))
  assert.deepEqual(
    rejoined(before, [message('msg_1'), mine], 'usr_1').messages.map(({ id }) => id),
    ['msg_1', 'msg_2'],
  )
  // The same words, said and shown before, are another message.
  const again = said(received(emptyLog, [mine]), message('local', 'c2'))
  assert.deepEqual(
    rejoined(again, [mine], 'usr_1').messages.map(({ refused: why }) => why),
    [undefined, 'the connection was lost'],
  )
})

test('hidden messages go', () => {
  const log = hidden(received(emptyLog, [message('msg_1'), message('msg_2')]), ['msg_1', 'msg_9'])
  assert.deepEqual(
    log.messages.map(({ id }) => id),
    ['msg_2'],
  )
})
