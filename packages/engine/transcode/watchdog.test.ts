import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LADDER_LIMITS } from './limits.ts'
import { createWatchdog } from './watchdog.ts'

const { patience, startPatience, flushPatience, flush } = LADDER_LIMITS
/** Pictures a second apart by 40 ms; the first verdict, with its time. */
function feed(dog: ReturnType<typeof createWatchdog>, from: number, until: number, wrote: readonly number[] = []) {
  for (let now = from; now < until; now += 40) {
    dog.fed(now)
    for (const output of wrote) dog.wrote(output, now)
    const verdict = dog.verdict(now)
    if (verdict !== undefined) return { now, verdict }
  }
  return undefined
}

test('nothing has come out for so long while pictures went in: first a long time, then a short one', () => {
  const dog = createWatchdog(1)
  assert.equal(feed(dog, 0, startPatience), undefined)
  dog.wrote(0, startPatience)
  const found = feed(dog, startPatience, 1e6)
  assert.equal(found?.verdict, `it wrote nothing for ${patience} ms`)
  assert.equal(found?.now, startPatience + patience + 40)
})

test('one output of two that hangs is noticed', () => {
  const dog = createWatchdog(2)
  dog.wrote(0, 0)
  dog.wrote(1, 0)
  assert.equal(feed(dog, 0, 1e6, [0])?.verdict, `it wrote nothing for ${patience} ms`)
})

test('a source that stands still, again and again, is not held against it', () => {
  const dog = createWatchdog(1)
  for (let from = 0; from < 1e6; from += 60_000) {
    assert.equal(feed(dog, from, from + 1_000, [0]), undefined)
    // Left out by the only rung: nothing can come out for it.
    dog.fed(from + 1_000)
    assert.equal(dog.verdict(from + 59_999), undefined)
  }
})

test('one that hangs while it finishes is noticed, whenever that is', () => {
  const dog = createWatchdog(1)
  dog.fed(0)
  dog.finished(100)
  dog.wrote(0, 200)
  assert.equal(dog.verdict(200 + flushPatience), undefined)
  assert.equal(dog.verdict(201 + flushPatience), `it wrote nothing for ${flushPatience} ms`)
})

test('one that does not come to an end is noticed though it writes', () => {
  const dog = createWatchdog(1)
  dog.finished(0)
  for (let now = 0; now <= flush; now += 40) dog.wrote(0, now)
  assert.equal(dog.verdict(flush), undefined)
  assert.equal(dog.verdict(flush + 1), `it did not finish within ${flush} ms`)
})
