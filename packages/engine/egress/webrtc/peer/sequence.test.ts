import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { PEER_LIMITS } from '../limits.ts'
import type { PacketTrack } from './packet-track.ts'
import { createSequence } from './sequence.ts'

const track = () => ({}) as PacketTrack

test('each number is known by its packet, over a change of tracks and the wrap of sixteen bits', () => {
  const [before, after] = [track(), track()]
  const sequence = createSequence(0xfffe, PEER_LIMITS.resendWindow)
  sequence.begin(before, 10)
  for (let n = 0; n < 4; n++) sequence.take()
  sequence.begin(after, 70)
  sequence.take()
  const found = [0xfffe, 0xffff, 0, 1, 2].map((number) => sequence.find(number))
  assert.deepEqual(
    found.map((sent) => sent?.number),
    [10, 11, 12, 13, 70],
  )
  assert.deepEqual([found[3]?.track === before, found[4]?.track === after], [true, true])
  assert.equal(sequence.find(3), undefined)
})

test('a track that was left is let go of when nothing of it may be sent again', async () => {
  const sequence = createSequence(0, PEER_LIMITS.resendWindow)
  const left = (() => {
    const before = track()
    sequence.begin(before, 0)
    return new WeakRef(before)
  })()
  sequence.take()
  sequence.begin(track(), 0)
  for (let n = 0; n < PEER_LIMITS.resendWindow - 1; n++) sequence.take()
  assert.ok(sequence.find(0) !== undefined)
  sequence.take()
  assert.equal(sequence.find(0), undefined)
  sequence.take()
  setFlagsFromString('--expose-gc')
  // What a WeakRef was made of in this turn stays until its end.
  await setImmediate()
  runInNewContext('gc')()
  assert.equal(left.deref(), undefined)
})
