import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HLS_LIMITS } from '../limits.ts'
import { createPutMaps } from './maps.ts'

const file = (name: string, size = 1) => ({ name, bytes: new Uint8Array(size) })
const names = (files: readonly { readonly name: string }[]) => files.map(({ name }) => name)

test('initialisation segments are given to their own encoder, once, and for some minutes only', () => {
  let now = 0
  const maps = createPutMaps(() => now)
  maps.store('a', [file('init.mp4')])
  assert.deepEqual(maps.take('b'), [])
  assert.deepEqual(names(maps.take('a')), ['init.mp4'])
  assert.deepEqual(maps.take('a'), [])
  maps.store('a', [file('init.mp4')])
  now += HLS_LIMITS.keptMapMs + 1
  assert.deepEqual(maps.take('a'), [])
})

test('an encoder that goes on sending while it is turned away keeps them, but for those that it puts anew', () => {
  let now = 0
  const maps = createPutMaps(() => now)
  maps.store('a', [file('init_0.mp4'), file('init_1.mp4')])
  for (let i = 0; i < 4; i++) {
    now += HLS_LIMITS.keptMapMs / 2
    maps.touch('a')
  }
  maps.forget('a', 'init_0.mp4')
  assert.deepEqual(names(maps.take('a')), ['init_1.mp4'])
})

test('initialisation segments that are kept are bounded in bytes, in number and in encoders', () => {
  const maps = createPutMaps(() => 0)
  maps.store('large', [file('video.mp4', HLS_LIMITS.keptMapBytes + 1), file('init.mp4')])
  assert.deepEqual(names(maps.take('large')), ['init.mp4'])
  const most = 0.6 * HLS_LIMITS.keptMapBytes
  maps.store('older', [file('init-1.mp4', most), file('init-2.mp4', most)])
  assert.deepEqual(names(maps.take('older')), ['init-2.mp4'])
  maps.store(
    'many',
    Array.from({ length: 2 * HLS_LIMITS.keptMapFiles }, (_, i) => file(`${i}`)),
  )
  assert.equal(maps.take('many').length, HLS_LIMITS.keptMapFiles)
  for (let i = 0; i <= HLS_LIMITS.keptMapEncoders; i++) maps.store(`${i}`, [file('init.mp4')])
  assert.deepEqual(maps.take('0'), [])
  assert.equal(maps.take('1').length, 1)
})
