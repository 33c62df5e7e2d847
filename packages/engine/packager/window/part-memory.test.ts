import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WINDOW_LIMITS } from '../limits.ts'
import { createMemoryBudget } from './budget.ts'
import { createPartMemory } from './part-memory.ts'
import type { WindowPart } from './segments.ts'

const timing = { targetDuration: 4, partTarget: 0.35 }

/** Seconds of media in memory after two minutes of one-second parts. */
function held(options: { recorded?: boolean; asking?: boolean; bytes?: number; limit?: number }): number {
  const { recorded = true, asking = true, bytes = 10, limit = 1e9 } = options
  const memory = createPartMemory(timing, createMemoryBudget(limit), () => recorded)
  const parts = Array.from({ length: 120 }, (_, number): WindowPart => {
    return { number, seconds: 1, independent: true, gap: false, size: bytes, bytes: new Uint8Array(bytes) }
  })
  for (const part of parts) {
    if (asking) memory.asked()
    memory.hold(part)
  }
  return parts.filter((part) => part.bytes !== undefined).length
}

test('what is watched stays for three targets, what nobody asks for half as long, and all that is to be had when nothing is recorded', () => {
  assert.equal(held({}), WINDOW_LIMITS.watchedSeconds)
  assert.equal(held({ asking: false }), WINDOW_LIMITS.unwatchedSeconds)
  assert.equal(held({ recorded: false }), WINDOW_LIMITS.memorySeconds)
})

test('bytes are bounded for one rendition and for all, and the newest part stays whatever they say', () => {
  assert.equal(held({ bytes: WINDOW_LIMITS.memoryBytes / 4 }), 4)
  // Three targets of whole segments and more, at 20 Mbit/s.
  assert.equal(held({ bytes: 2_500_000, recorded: false }), WINDOW_LIMITS.memorySeconds)
  assert.equal(held({ bytes: WINDOW_LIMITS.unrecordedBytes / 4, recorded: false }), 4)
  assert.equal(held({ bytes: 100, limit: 550 }), 5)
  assert.equal(held({ bytes: 100, limit: 1 }), 1)
})
