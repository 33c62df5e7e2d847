import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LADDER_LIMITS } from './limits.ts'
import { createWatchdog } from './watchdog.ts'

const { patience, startPatience, restPatience, restPictures, suspicion, flushPatience, flush } = LADDER_LIMITS
type Look = NonNullable<Parameters<ReturnType<typeof createWatchdog>['looked']>[0]>
/** Pictures 40 ms apart; the first verdict, with its time. */
function feed(
  dog: ReturnType<typeof createWatchdog>,
  from: number,
  until: number,
  { wrote = [], look, every = 40 }: { wrote?: readonly number[]; look?: (ms: number) => Look; every?: number } = {},
) {
  for (let now = from; now < until; now += every) {
    dog.fed(now)
    for (const output of wrote) dog.wrote(output, now)
    if (look !== undefined && dog.isSuspicious(now)) dog.looked(look(now - from), now)
    const verdict = dog.verdict(now)
    if (verdict !== undefined) return { now, verdict }
  }
  return undefined
}

/** One that has written something, and is silent from 0 on. */
function begun(isHardware = false): ReturnType<typeof createWatchdog> {
  const dog = createWatchdog(1, isHardware)
  dog.fed(-40)
  dog.wrote(0, -20)
  return dog
}

test('nothing has come out for so long while pictures went in: first a long time, then a short one', () => {
  const dog = createWatchdog(1, false)
  assert.equal(feed(dog, 0, startPatience), undefined)
  dog.wrote(0, startPatience)
  const found = feed(dog, startPatience, 1e6)
  assert.equal(found?.verdict, `it wrote nothing for ${patience} ms`)
  assert.equal(found?.now, startPatience + patience + 40)
})

test('one output of two that hangs is noticed', () => {
  const dog = createWatchdog(2, false)
  dog.wrote(0, 0)
  dog.wrote(1, 0)
  assert.equal(feed(dog, 0, 1e6, { wrote: [0] })?.verdict, `it wrote nothing for ${patience} ms`)
})

test('a source that stands still, again and again, is not held against it', () => {
  const dog = createWatchdog(1, false)
  for (let from = 0; from < 1e6; from += 60_000) {
    assert.equal(feed(dog, from, from + 1_000, { wrote: [0] }), undefined)
    // Left out by the only rung: nothing can come out for it.
    dog.fed(from + 1_000)
    assert.equal(dog.verdict(from + 59_999), undefined)
  }
})

test('one that hangs while it finishes is noticed, whenever that is', () => {
  const dog = createWatchdog(1, false)
  dog.fed(0)
  dog.finished(100)
  dog.wrote(0, 200)
  assert.equal(dog.verdict(200 + flushPatience), undefined)
  assert.equal(dog.verdict(201 + flushPatience), `it wrote nothing for ${flushPatience} ms`)
})

test('one that does not come to an end is noticed though it writes', () => {
  const dog = createWatchdog(1, false)
  dog.finished(0)
  for (let now = 0; now <= flush; now += 40) dog.wrote(0, now)
  assert.equal(dog.verdict(flush), undefined)
  assert.equal(dog.verdict(flush + 1), `it did not finish within ${flush} ms`)
})

const asleep = (): Look => ({ state: 'asleep', processorTime: 500 })
const stopped = (): Look => ({ state: 'stopped', processorTime: 500 })

for (const [name, look, isHardware] of [
  ['sleeps', asleep, false],
  ['is stopped', stopped, false],
  ['is stopped, with an encoder in hardware', stopped, true],
] as const) {
  test(`one that has work and ${name} is given up sooner`, () => {
    const found = feed(begun(isHardware), 0, 1e6, { look })
    assert.match(found?.verdict ?? '', new RegExp(`wrote nothing for ${restPatience} ms$`))
    assert.equal(found?.now, restPatience + 40)
  })
}

for (const [name, look] of [
  [
    'sleeps between two steps of its work',
    (ms: number): Look => ({ state: ms % 400 === 0 ? 'runnable' : 'asleep', processorTime: ms / 2 }),
  ],
  ['waits for the disk', (): Look => ({ state: 'blocked', processorTime: 500 })],
  ['works without end', (ms: number) => runnable(ms)],
] as const) {
  test(`one that ${name} is given up no sooner`, () => {
    assert.equal(feed(begun(), 0, 1e6, { look })?.now, patience + 40)
  })
}

test('one whose encoder is a device sleeps while that works: no sooner', () => {
  assert.equal(feed(begun(true), 0, 1e6, { look: asleep })?.now, patience + 40)
})

test('one that gets no processor is waited for as while it starts, and as usual once it gets one', () => {
  const found = feed(begun(), 0, 1e6, { look: (ms) => runnable(ms / 10) })
  assert.equal(found?.now, startPatience + 40)
  const later = feed(begun(), 0, 1e6, { look: (ms) => runnable(ms < 3_000 ? 0 : ms - 3_000) })
  assert((later?.now ?? 0) > 3_000 && (later?.now ?? 0) < startPatience, `${later?.now}`)
})

test('one that had no processor until just now is waited for: what it wrote may not have been read yet', () => {
  const look = (ms: number): Look => (ms < patience + 200 ? runnable(ms / 10) : { state: 'asleep', processorTime: 500 })
  const dog = begun()
  assert.equal(feed(dog, 0, patience + 400, { look }), undefined)
  dog.wrote(0, patience + 400)
  assert.equal(feed(dog, patience + 440, patience + 4_000, { wrote: [0], look }), undefined)
  // What sleeps on hangs all the same.
  const found = feed(begun(), 0, 1e6, { look })
  assert((found?.now ?? 0) > patience + 400 && (found?.now ?? 0) < patience + 1_000, `${found?.now}`)
})

test('pictures that come late or seldom, of which a decoder may hold some: it sleeps for want of more', () => {
  for (const every of [100, 450, 3_000]) {
    const pictures = Math.ceil(restPictures / 2)
    const dog = begun()
    // Held back, as by a decoder that finds B-frames, and given out one after the other from there on.
    const most = Math.min(pictures * every, patience)
    assert.equal(feed(dog, 0, most, { look: asleep, every }), undefined, `${every} ms`)
    assert.equal(feed(dog, most, most + 60_000, { wrote: [0], look: asleep, every }), undefined, `${every} ms`)
  }
})

test('a source that pauses before ffmpeg has answered, and one that comes back with all of it at once', () => {
  const dog = begun()
  assert.equal(feed(dog, 0, 400, { look: asleep }), undefined)
  for (let now = 400; now < 60_000; now += 100) {
    if (dog.isSuspicious(now)) dog.looked(asleep(), now)
    assert.equal(dog.verdict(now), undefined)
  }
  for (let i = 0; i < 300; i++) dog.fed(60_000)
  assert.equal(dog.verdict(60_000), undefined)
  dog.wrote(0, 60_050)
  assert.equal(feed(dog, 60_080, 61_000, { wrote: [0], look: asleep }), undefined)
})

test('a server that had no time itself: what it has not read yet is not held against ffmpeg', () => {
  const dog = begun()
  // Everything within one turn of the event loop, two seconds late.
  for (let i = 0; i < 50; i++) dog.fed(2_000)
  if (dog.isSuspicious(2_000)) dog.looked(asleep(), 2_000)
  assert.equal(dog.verdict(2_000), undefined)
  dog.wrote(0, 2_001)
  assert.equal(feed(dog, 2_040, 4_000, { wrote: [0], look: asleep }), undefined)
})

test('one that starts has its long time, asleep or not: programs and drivers are loaded', () => {
  assert.equal(feed(createWatchdog(1, false), 0, 1e6, { look: asleep })?.now, startPatience + 40)
})

test('one that is stopped while it starts is given up as soon as later, whatever it was given; after a moment only, it is not', () => {
  for (const isHardware of [false, true]) {
    const found = feed(createWatchdog(1, isHardware), 0, 1e6, { look: stopped, every: 100 })
    assert.equal(found?.now, restPatience + 100)
    assert.equal(found.verdict, `it is stopped and wrote nothing for ${restPatience} ms`)
  }
  // As of a server that was itself, and goes on.
  const moment = (ms: number) => (ms % 1_000 < 200 ? stopped() : asleep())
  assert.equal(feed(createWatchdog(1, false), 0, 1e6, { look: moment })?.now, startPatience + 40)
})

test('it is looked at only where it is late', () => {
  const dog = begun()
  assert.equal(dog.isSuspicious(0), false)
  feed(dog, 0, suspicion)
  assert.equal(dog.isSuspicious(suspicion), false)
  dog.fed(suspicion + 1)
  assert.equal(dog.isSuspicious(suspicion + 1), true)
})

test('it is looked at no more while a source stands still: nothing can come of that', () => {
  const dog = begun()
  feed(dog, 0, 400)
  let looks = 0
  for (let now = 400; now < 60_000; now += 100) {
    if (!dog.isSuspicious(now)) continue
    dog.looked(asleep(), now)
    looks++
  }
  assert(looks > 0 && looks <= 5, `${looks}`)
})

test('where nothing is known of its threads it is as before', () => {
  assert.equal(feed(begun(), 0, 1e6)?.now, patience + 40)
})

function runnable(processorTime: number): Look {
  return { state: 'runnable', processorTime }
}
