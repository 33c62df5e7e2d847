import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CLOSE_BANNED, CLOSE_NO_CHANNEL } from '@bandstand/contract/chat/close.ts'
import type { ChatMessage } from '@bandstand/contract/chat/model.ts'
import { said } from './log.ts'
import { closed, emptyRoom, emptyText, told, waitingFor } from './room.ts'

const author = { id: 'usr_1', name: 'Someone', owner: false }
const hello: ChatMessage = { id: 'msg_1', at: '2026-01-01T00:00:00.000Z', author, text: 'hello' }
const welcome = { type: 'welcome' as const, history: [hello], settings: { enabled: true, slowMode: 0 } }
const you = { id: 'usr_1', name: 'Someone', token: 'secret', owner: true } as const

test('a welcome brings the history, the name and whose chat it is', () => {
  const room = told({ ...emptyRoom, stopped: 'This channel is gone.' }, { ...welcome, you })
  assert.deepEqual(
    room.log.messages.map(({ id }) => id),
    ['msg_1'],
  )
  assert.deepEqual(
    [room.connected, room.enabled, room.name, room.owner, room.stopped],
    [true, true, 'Someone', true, ''],
  )
})

test('a welcome to one who has no name yet takes the old one away, one to a mere watcher does not', () => {
  const named = { ...emptyRoom, name: 'Someone' }
  assert.equal(told(named, { ...welcome, you: { ...you, name: null } }).name, undefined)
  assert.equal(told(named, { ...welcome, you: null }).name, 'Someone')
})

test('a new name ends the asking for it', () => {
  const room = told({ ...emptyRoom, naming: true, notice: 'Taken' }, { type: 'renamed', name: 'Another' })
  assert.deepEqual([room.name, room.naming, room.notice], ['Another', false, ''])
})

test('an error belongs to the message that was refused, or is told below', () => {
  const room = { ...emptyRoom, log: said(emptyRoom.log, { ...hello, clientId: 'c1' }) }
  const error = { type: 'error', code: 'rate-limited', text: 'Too fast' } as const
  assert.equal(told(room, { ...error, clientId: 'c1' }).log.messages[0]?.refused, 'Too fast')
  assert.equal(told(room, { ...error, clientId: 'c1' }).notice, '')
  assert.equal(told(room, error).notice, 'Too fast')
})

test('a lost connection is made anew; a final end says why, in the words of a ban where there were some', () => {
  const room = { ...emptyRoom, connected: true }
  assert.deepEqual(
    [
      closed(room, { code: 1006, final: false, opened: true }).stopped,
      closed(room, { code: 1006, final: false, opened: true }).connected,
    ],
    ['', false],
  )
  assert.equal(closed(room, { code: CLOSE_NO_CHANNEL, final: true, opened: true }).stopped, 'This channel is gone.')
  assert.equal(
    closed(room, { code: CLOSE_BANNED, final: false, opened: true }).stopped,
    'You cannot write in this chat.',
  )
  const banned = told(room, { type: 'banned', text: 'For spam' })
  assert.equal(closed(banned, { code: CLOSE_BANNED, final: false, opened: true }).stopped, 'For spam')
})

test('a ban stands while the server is asked again, and a welcome says that it was lifted', () => {
  let room = told({ ...emptyRoom, connected: true }, { type: 'banned', text: 'For spam' })
  room = closed(room, { code: CLOSE_BANNED, final: false, opened: true })
  room = closed(room, { code: 1006, final: false, opened: false })
  assert.equal(room.stopped, 'For spam')
  const back = told(room, { ...welcome, you })
  assert.deepEqual([back.stopped, back.notice], ['', 'The ban was lifted. You can write again.'])
  const lost = closed({ ...back, notice: '' }, { code: 1006, final: false, opened: true })
  assert.equal(told(lost, { ...welcome, you }).notice, '')
})

test('a ban that is lifted while the chat is closed promises nothing', () => {
  const banned = told(emptyRoom, { type: 'banned', text: 'For spam' })
  const back = told(banned, { ...welcome, you, settings: { enabled: false, slowMode: 0 } })
  assert.deepEqual([back.stopped, back.banned, back.notice], ['', false, ''])
})

test('who cannot write is neither told to wait nor asked to say something', () => {
  assert.match(emptyText(emptyRoom), /^Joining/)
  assert.match(emptyText(told(emptyRoom, { ...welcome, you, history: [] })), /^Nobody has said anything yet/)
  const banned = told(emptyRoom, { type: 'banned', text: 'For spam' })
  for (const room of [banned, closed(banned, { code: CLOSE_BANNED, final: false, opened: true })])
    assert.deepEqual([emptyText(room), waitingFor(room)], ['', ''])
})

test('what is waited for is told, and after a while what may be in the way, until there is a welcome', () => {
  const lost = closed(told(emptyRoom, { ...welcome, you }), { code: 1006, final: false, opened: true })
  assert.match(waitingFor(emptyRoom), /^Joining/)
  assert.match(waitingFor(lost), /^Connection lost/)
  let room = lost
  for (let i = 0; i < 5; i++) {
    assert.doesNotMatch(waitingFor(room), /too many/)
    room = closed(room, { code: 1006, final: false, opened: false })
  }
  assert.match(waitingFor(room), /too many connections/)
  const back = told(room, { ...welcome, you })
  assert.equal(waitingFor(back), '')
  assert.match(waitingFor(closed(back, { code: 1006, final: false, opened: true })), /^Connection lost/)
})
