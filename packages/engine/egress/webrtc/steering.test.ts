import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Course, createSteering } from './steering.ts'

const good = { loss: 0, estimate: 1e9 }
const poor = { loss: 0.2, estimate: 700_000 }

const courses = (...still: readonly string[]): Course[] => [
  { name: 'source', bitrate: 3_000_000, isRunning: !still.includes('source') },
  { name: '480p', bitrate: 1_200_000, isRunning: !still.includes('480p') },
  { name: '360p', bitrate: 500_000, isRunning: !still.includes('360p') },
]

test('a poor line: the rung to come is made first, and gone over to when it is there', () => {
  const steering = createSteering(undefined)
  const rungsAreStill = courses('480p', '360p')
  assert.deepEqual(steering.look(poor, rungsAreStill, 'source', 0), { go: undefined, keep: 'source' })
  assert.deepEqual(steering.look(poor, rungsAreStill, 'source', 1_000), { go: undefined, keep: '360p' })
  assert.deepEqual(steering.look(poor, courses(), 'source', 2_000), { go: '360p', keep: '360p' })
})

test('a rung that does not begin is given up', () => {
  const steering = createSteering(undefined)
  const rungsAreStill = courses('480p', '360p')
  for (let second = 0; second < 2; second++) steering.look(poor, rungsAreStill, 'source', second * 1_000)
  assert.equal(steering.look(good, rungsAreStill, 'source', 9_000).keep, '360p')
  assert.equal(steering.look(good, rungsAreStill, 'source', 10_000).keep, 'source')
})

test('what the viewer wants is gone over to, and a poor line changes nothing of it', () => {
  const steering = createSteering('480p')
  assert.equal(steering.look(good, courses(), 'source', 0).go, '480p')
  for (let second = 1; second < 30; second++) {
    assert.deepEqual(steering.look(poor, courses(), '480p', second * 1_000), { go: undefined, keep: '480p' })
  }
})

test('what the viewer wanted and is not offered any more is left to its line until it is again', () => {
  const steering = createSteering('480p')
  const shed = courses().filter(({ name }) => name !== '480p')
  steering.look(poor, shed, 'source', 0)
  assert.equal(steering.look(poor, shed, 'source', 1_000).go, '360p')
  assert.equal(steering.look(poor, courses(), '360p', 2_000).go, '480p')
})

test('a rendition that stands still is left for the next below, and what is wanted comes back', () => {
  const steering = createSteering('480p')
  const still = courses('480p')
  assert.deepEqual(steering.look(good, still, '480p', 0), { go: undefined, keep: '480p' })
  assert.equal(steering.look(good, still, '480p', 2_000).go, undefined)
  assert.equal(steering.look(good, still, '480p', 3_000).go, '360p')
  assert.deepEqual(steering.look(good, still, '360p', 4_000), { go: undefined, keep: '480p' })
  assert.equal(steering.look(good, courses(), '360p', 5_000).go, '480p')
})

test('from the lowest there is only the way up, and from one that is gone to the best', () => {
  const lowest = createSteering(undefined)
  const still = courses('360p')
  lowest.look(good, still, '360p', 0)
  assert.equal(lowest.look(good, still, '360p', 3_000).go, '480p')
  const gone = createSteering(undefined)
  gone.look(good, courses(), undefined, 0)
  assert.equal(gone.look(good, courses(), undefined, 3_000).go, 'source')
})

test('from a rung that is gone it is the next below, for the line that carried it', () => {
  const steering = createSteering(undefined)
  steering.look(good, courses(), '480p', 0)
  const shed = courses().filter(({ name }) => name !== '480p')
  steering.look(good, shed, undefined, 1_000)
  assert.equal(steering.look(good, shed, undefined, 4_000).go, '360p')
})

test('where nothing runs the best is asked for', () => {
  const steering = createSteering(undefined)
  const still = courses('source', '480p', '360p')
  steering.look(good, still, undefined, 0)
  assert.deepEqual(steering.look(good, still, undefined, 3_000), { go: undefined, keep: 'source' })
})

test('while the encoder is away nothing is held against a rendition: it has its time from when something runs again', () => {
  for (const wanted of ['480p', undefined]) {
    const steering = createSteering(wanted)
    const away = courses('source', '480p', '360p')
    steering.look(good, away, '480p', 0)
    assert.deepEqual(steering.look(good, away, '480p', 60_000), { go: undefined, keep: '480p' })
    const back = courses('480p', '360p')
    assert.deepEqual(steering.look(good, back, '480p', 61_000), { go: undefined, keep: '480p' })
    assert.deepEqual(steering.look(good, back, '480p', 63_000), { go: undefined, keep: '480p' })
    assert.equal(steering.look(good, back, '480p', 64_000).go, 'source')
  }
})

test('what comes from elsewhere under the name that was watched is made at once, and gone over to when it is there', () => {
  const steering = createSteering(undefined)
  steering.look(good, courses('480p', '360p'), 'source', 0)
  const nothingRuns = courses('source', '480p', '360p')
  assert.deepEqual(steering.look(good, nothingRuns, undefined, 1_000), { go: undefined, keep: 'source' })
  assert.deepEqual(steering.look(good, courses('480p', '360p'), undefined, 2_000), { go: 'source', keep: 'source' })
})

test('until that is there a lower rendition that is running is taken at once, a higher one is not', () => {
  const fromSource = createSteering(undefined)
  fromSource.look(good, courses(), 'source', 0)
  assert.equal(fromSource.look(good, courses('source'), undefined, 1_000).go, '480p')
  const fromRung = createSteering(undefined)
  fromRung.look(good, courses(), '480p', 0)
  assert.deepEqual(fromRung.look(good, courses('480p', '360p'), undefined, 1_000), { go: undefined, keep: '480p' })
  assert.equal(fromRung.look(good, courses('480p', '360p'), undefined, 4_000).go, 'source')
})

/** A screen on which little moves, above its ladder. */
const simple = (...running: readonly string[]): Course[] =>
  [
    { name: 'source', bitrate: 500_000 },
    { name: '720p', bitrate: 840_000 },
    { name: '480p', bitrate: 600_000 },
    { name: '360p', bitrate: 400_000 },
  ].map((course) => ({ ...course, isRunning: running.includes(course.name) }))

test('what stands still or is gone is left for what costs no more, and where there is none for the cheapest', () => {
  for (const [current, running, to] of [
    ['source', ['720p', '480p', '360p'], '360p'],
    ['source', ['720p', '480p'], '480p'],
    ['720p', ['source', '480p'], 'source'],
    ['360p', ['source', '720p'], 'source'],
  ] as const) {
    for (const isGone of [false, true]) {
      const steering = createSteering(undefined)
      steering.look(good, simple('source', '720p', '480p', '360p'), current, 0)
      const left = simple(...running).filter(({ name }) => !isGone || name !== current)
      const look = (now: number) => steering.look(good, left, isGone ? undefined : current, now)
      look(1_000)
      assert.equal(look(4_000).go, to, `${current}, ${isGone ? 'gone' : 'still'}`)
    }
  }
})
