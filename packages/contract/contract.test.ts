import assert from 'node:assert/strict'
import { test } from 'node:test'
import { channel, createChannel } from './api/channel.ts'
import { clientMessage } from './chat/client.ts'
import { createId, idTime, isId } from './ids.ts'

test('ids made one after another sort in the order of making', () => {
  const ids = Array.from({ length: 500 }, () => createId('asset'))
  assert.deepEqual([...ids].sort(), ids)
  assert.equal(new Set(ids).size, ids.length)
})

test('ids are lowercase and safe in names', () => {
  assert.match(createId('channel'), /^ch_[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})

test('an id tells when it was made, if it is of the kind and has a time', () => {
  const before = Date.now()
  const made = idTime('asset', createId('asset')) ?? 0
  // Ids made within a millisecond may run ahead of the clock.
  assert.ok(made >= before && made < before + 60_000)
  assert.equal(idTime('asset', createId('channel')), undefined)
  assert.equal(idTime('asset', 'as_one'), undefined)
})

test('an id of one kind is not an id of another', () => {
  assert.equal(isId('asset', createId('asset')), true)
  assert.equal(isId('asset', createId('channel')), false)
  for (const bad of ['as_', 'as_../..', 'as_A', `as_${'a'.repeat(65)}`, ''])
    assert.equal(isId('asset', bad), false, bad)
})

test('slugs that would not survive in an address are refused', () => {
  for (const slug of ['', '-a', 'a-', 'A', 'a b', 'ä', 'a/b', '..', 'a'.repeat(41)]) {
    assert.equal(createChannel.safeParse({ slug }).success, false, slug)
  }
  for (const slug of ['a', 'main', 'a-b', 'a--b', '7', 'a'.repeat(40)])
    assert.equal(createChannel.safeParse({ slug }).success, true, slug)
})

test('a message with a type nobody knows is refused', () => {
  assert.equal(clientMessage.safeParse({ type: 'shout', text: 'x', clientId: 'a' }).success, false)
  assert.equal(clientMessage.safeParse({ type: 'say', text: 'x', clientId: 'a', owner: true }).success, false)
  assert.equal(clientMessage.safeParse({ type: 'say', text: 'x', clientId: 'a' }).success, true)
})

test('a channel says what the public surface promises', () => {
  for (const field of ['slug', 'title', 'live', 'viewers', 'startedAt', 'assetId'])
    assert.ok(field in channel.shape, field)
})
