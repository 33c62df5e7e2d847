import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TsClock } from './clock.ts'

const RANGE = 2 ** 33
/** Ten hours: with two streams so far apart on either side, the way around is as short as the way back. */
const FAR = 36_000 * 90_000

/** As it is sent. */
const wrapped = (time: number) => ((time % RANGE) + RANGE) % RANGE

test('times go on where the counter begins anew, of pictures and sound alike', () => {
  const clock = new TsClock()
  const [pictures, sound] = [clock.pictures(), clock.sound()]
  for (let i = 0; i < 100; i++) {
    const time = RANGE - 50 * 3_000 + i * 3_000
    assert.equal(pictures(wrapped(time)), time)
    assert.equal(sound(wrapped(time + 900)), time + 900)
  }
})

test('pictures that are shown earlier than the one before go back', () => {
  const unwrap = new TsClock().pictures()
  const times = [RANGE - 3_000, 600, RANGE - 1, 3_000].map(unwrap)
  assert.deepEqual(times, [RANGE - 3_000, RANGE + 600, RANGE - 1, RANGE + 3_000])
})

test('the first time is brought near to the one that is given', () => {
  const clock = new TsClock(3 * RANGE + 5)
  assert.equal(clock.sound()(7), 3 * RANGE + 7)
  assert.equal(clock.pictures()(RANGE - 7), 3 * RANGE - 7)
})

test('sounds on clocks of their own do not carry the pictures along', () => {
  const clock = new TsClock()
  const pictures = clock.pictures()
  const sounds = [FAR, -FAR].map((by) => ({ by, unwrap: clock.sound() }))
  const seen: number[] = []
  for (let time = 0; time < 100 * 3_000; time += 3_000) {
    assert.equal(pictures(wrapped(time)), time)
    for (const { by, unwrap } of sounds) seen.push(unwrap(wrapped(time + by)) - time)
  }
  assert.equal(new Set(seen).size, 2)
})

test('without pictures no sound carries another along', () => {
  const clock = new TsClock()
  const sounds = [0, FAR, -FAR].map((by) => ({ by, unwrap: clock.sound() }))
  const seen: number[] = []
  // Over two days: each counter begins anew.
  for (let time = 0; time < 2 * RANGE; time += 9_000_000) {
    for (const { by, unwrap } of sounds) seen.push(unwrap(wrapped(time + by)) - time)
  }
  assert.equal(new Set(seen).size, 3)
})

test('sound that was away for longer than half a turn is beside the pictures again', () => {
  const clock = new TsClock()
  const [pictures, sound] = [clock.pictures(), clock.sound()]
  pictures(0)
  sound(0)
  let time = 0
  for (; time < 0.7 * RANGE; time += 9_000_000) pictures(wrapped(time))
  pictures(wrapped(time))
  assert.equal(sound(wrapped(time)), time)
})

test('who jumps about for ever stays within what a number holds', () => {
  const clock = new TsClock()
  const pictures = clock.pictures()
  let last = 0
  for (let i = 0; i < 3_000_000; i++) {
    last = pictures((i * (RANGE / 2 - 1)) % RANGE)
    if (!Number.isSafeInteger(last)) break
  }
  assert.ok(Number.isSafeInteger(last))
})
