import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ChatMessage } from '@bandstand/contract/chat/model.ts'
import { type Reader, Room } from './room.ts'

const message = (id: string): ChatMessage => ({
  id,
  at: '',
  author: { id: 'usr_1', name: 'A', owner: false },
  text: id,
})

function reader(chat = true): Reader & { frames: Buffer[] } {
  const frames: Buffer[] = []
  return { from: 0, chat, frames, write: (frame) => void frames.push(frame) }
}

async function until(isSo: () => boolean): Promise<void> {
  for (let i = 0; i < 2_000 && !isSo(); i++) await sleep(5)
}

test('a frame is made once for all readers, and messages of a short while share it', async () => {
  const room = new Room(20, [])
  const readers = Array.from({ length: 600 }, () => reader())
  for (const one of readers) room.join(one)
  room.say(message('a'))
  room.say(message('b'))
  room.say(message('c'))
  await until(() => readers.every(({ frames }) => frames.length > 0))
  // A second one would come now.
  await sleep(60)
  const [first] = readers
  assert.equal(first?.frames.length, 1)
  for (const one of readers) assert.equal(one.frames[0], first?.frames[0])
})

test('readers of events only are not sent what is said', async () => {
  const room = new Room(1, [])
  const quiet = reader(false)
  room.join(quiet)
  room.say(message('a'))
  room.send({ type: 'hidden', ids: ['a'] })
  await sleep(20)
  assert.equal(quiet.frames.length, 0)
})

test('a message that is hidden before it was sent is sent to nobody', async () => {
  const room = new Room(1000, [])
  const one = reader()
  room.join(one)
  room.say(message('a'))
  await until(() => one.frames.length > 0)
  room.say(message('b'))
  room.hide(['b'])
  await until(() => one.frames.length > 1)
  const text = one.frames.map(String).join()
  assert.match(text, /"id":"a"/)
  assert.doesNotMatch(text, /"id":"b"/)
  assert.match(text, /"hidden","ids":\["b"\]/)
})

test('history keeps the newest hundred', () => {
  const room = new Room(1000, [])
  for (let i = 0; i < 150; i++) room.say(message(String(i)))
  const history = room.join(reader())
  assert.deepEqual([history.length, history[0]?.id, history.at(-1)?.id], [100, '50', '149'])
  room.close()
})
