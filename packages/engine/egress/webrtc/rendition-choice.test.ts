import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Probed } from './messages.ts'
import { createRenditionChoice, type Rung } from './rendition-choice.ts'

const RUNGS = [
  { name: 'source', bitrate: 6_000_000 },
  { name: '720p', bitrate: 3_000_000 },
  { name: '480p', bitrate: 1_200_000 },
  { name: '360p', bitrate: 600_000 },
]

interface Report {
  readonly loss?: number
  readonly estimate?: number
  readonly sent?: number
}

/** One report a second, after ten of which nothing was to be said; gives where the viewer is after each. */
function walk(
  reports: readonly Report[],
  from = 'source',
  before: readonly Report[] = times(10, {}),
  rungs: readonly Rung[] = RUNGS,
): string[] {
  const choice = createRenditionChoice()
  let current = from
  const way = [...before, ...reports].map(({ loss = 0, estimate = 1e9, sent = 1e9 }, second) => {
    current = choice.judge({ loss, estimate, sent }, rungs, current, second * 1_000)?.name ?? current
    return current
  })
  return way.slice(before.length)
}

const times = <T>(count: number, report: T): T[] => Array.from({ length: count }, () => report)

test('an estimate below the rung sends a viewer down at once to one that fits', () => {
  assert.deepEqual(walk([{ estimate: 2e6 }, { estimate: 2e6 }, { estimate: 2e6 }]), ['source', '480p', '480p'])
})

test('one bad report alone changes nothing', () => {
  assert.deepEqual(walk([{ estimate: 2e6 }, {}, { estimate: 2e6 }, {}]), times(4, 'source'))
})

test('half of the packets lost and an estimate far too low send a viewer down at the first report', () => {
  assert.deepEqual(walk([{ loss: 0.5, estimate: 2e6 }]), ['480p'])
})

test('an estimate that is only just below the rung swings', () => {
  assert.deepEqual(walk(times(5, { estimate: 5.5e6 })), times(5, 'source'))
})

test('an estimate that is low and rises or stands still is no trouble, its fall is', () => {
  const rising = Array.from({ length: 9 }, (_, second) => ({ estimate: 1e6 * 1.08 ** second }))
  assert.deepEqual(walk([...rising, ...times(5, { estimate: 1.9e6 })], 'source', []), times(14, 'source'))
  const fallen = [...rising.slice(0, 4), { estimate: 9e5 }, { estimate: 9e5 }]
  assert.equal(walk(fallen, 'source', []).at(-1), '360p')
})

test('an estimate that fell while the picture hardly moved is no trouble, nor when it moves again', () => {
  const before = times(10, { estimate: 9e6, sent: 6e6 })
  const still = [...times(3, { estimate: 8.8e5, sent: 1e6 }), ...times(3, { estimate: 1.4e6, sent: 1e6 })]
  const moving = Array.from({ length: 9 }, (_, second) => ({ estimate: 1.4e6 * 1.08 ** second, sent: 6e6 }))
  assert.deepEqual(walk([...still, ...moving], 'source', before), times(15, 'source'))
  // A line that has become too narrow for what comes shows itself by less than that.
  assert.equal(walk([...still, ...times(2, { estimate: 6e5, sent: 1e6 })], 'source', before).at(-1), '360p')
})

test('much loss sends a viewer down, and below the lowest rung there is none', () => {
  assert.deepEqual(walk(times(3, { loss: 0.2, estimate: 1e5 })), ['source', '360p', '360p'])
})

/** A screen on which little moves, above its ladder. */
const SIMPLE = [
  { name: 'source', bitrate: 500_000 },
  { name: '720p', bitrate: 840_000 },
  { name: '480p', bitrate: 600_000 },
  { name: '360p', bitrate: 400_000 },
]

test('down goes to what costs less, be it the better picture', () => {
  const poor = (estimate: number) => times(2, { loss: 0.2, estimate })
  assert.equal(walk(poor(480_000), 'source', undefined, SIMPLE).at(-1), '360p')
  assert.equal(walk(poor(600_000), '720p', undefined, SIMPLE).at(-1), 'source')
  assert.equal(walk(poor(100_000), '720p', undefined, SIMPLE).at(-1), '360p')
  assert.equal(walk(poor(100_000), '360p', undefined, SIMPLE).at(-1), '360p')
  assert.equal(walk(poor(100_000), 'source', undefined, SIMPLE.slice(0, 3)).at(-1), 'source')
  // Where nothing was measured yet what stands below costs less.
  const unknown = [{ name: 'source', bitrate: 0 }, ...RUNGS.slice(1)]
  assert.equal(walk(poor(2_000_000), 'source', undefined, unknown).at(-1), '480p')
  assert.equal(walk(poor(500_000), '360p', undefined, unknown).at(-1), '360p')
})

test('a climb passes over what costs more than a better one, and needs no probe where it costs less than what is watched', () => {
  assert.deepEqual(walk(times(11, {}), '360p', [], SIMPLE).slice(-2), ['360p', 'source'])
  const choice = createRenditionChoice()
  const report = { loss: 0, estimate: 600_000, probed: { count: 0, isCarried: undefined } }
  for (let second = 0; second < 10; second++) choice.judge(report, SIMPLE, '720p', second * 1_000)
  assert.equal(choice.judge(report, SIMPLE, '720p', 10_000)?.name, 'source')
  assert.equal(choice.takeProbe(), undefined)
})

test('after some calm the next higher rung is tried, one at a time', () => {
  const way = walk(times(25, {}), '480p', [])
  assert.deepEqual([way[9], way[10], way[19], way[20]], ['480p', '720p', '720p', 'source'])
})

test('a little loss puts a climb off', () => {
  const reports = times(16, {}).map((_, second) => (second === 5 ? { loss: 0.03 } : {}))
  const way = walk(reports, '480p', [])
  assert.deepEqual([way[14], way[15]], ['480p', '720p'])
})

/**
 * Receiver's estimate on a line of a certain width, as Chromium's: up by 8 % a second, and to 85 % of what came where that was too much.
 *
 * @param keyDistance seconds that a climb waits for the key frame that it begins with.
 */
function line(width: () => number, seconds: number, keyDistance = 0): { at: number; name: string }[] {
  const choice = createRenditionChoice()
  const way = [{ at: 0, name: 'source' }]
  const bitrateOf = (rung: string) => RUNGS.find(({ name }) => name === rung)?.bitrate ?? 0
  let estimate = 1e6
  let playing = 'source'
  let arrives = 0
  for (let at = 1; at <= seconds; at++) {
    const heading = way.at(-1)?.name ?? ''
    if (at > arrives) playing = heading
    const sent = bitrateOf(playing)
    const isTooMuch = sent > width()
    const grown = Math.max(estimate, Math.min(estimate * 1.08, sent * 1.5))
    estimate = isTooMuch ? Math.min(estimate, width() * 0.85) : grown
    const report = { loss: isTooMuch ? 1 - width() / sent : 0, estimate }
    const next = choice.judge(report, RUNGS, heading, at * 1_000, playing !== heading)
    if (next === undefined) continue
    way.push({ at, name: next.name })
    arrives = at + (next.bitrate > sent ? keyDistance : 0)
  }
  return way
}

test('on a line of enough a viewer stays where it begins', () => {
  assert.deepEqual(
    line(() => 20e6, 600),
    [{ at: 0, name: 'source' }],
  )
})

test('on a narrow line a viewer comes down within three seconds, and what does not fit is tried again later and later', () => {
  const way = line(() => 2e6, 600)
  assert.ok((way[1]?.at ?? 99) <= 3, JSON.stringify(way))
  assert.equal(way.at(-1)?.name, '480p')
  const tries = way.filter(({ name }) => name === '720p').map(({ at }) => at)
  const waits = tries.slice(1).map((at, i) => at - (tries[i] ?? 0))
  assert.ok(waits.length >= 3 && waits.length <= 6, JSON.stringify(way))
  for (const [i, wait] of waits.slice(0, 3).entries())
    assert.ok(i === 0 || wait > (waits[i - 1] ?? 0) * 1.5, waits.join())
})

test('a climb that begins late is tried later and later all the same, and one at a time', () => {
  const way = line(() => 2e6, 900, 12)
  const tries = way.filter(({ name }) => name === '720p').map(({ at }) => at)
  const waits = tries.slice(1).map((at, i) => at - (tries[i] ?? 0))
  assert.ok(waits.length >= 3 && waits.length <= 7, JSON.stringify(way))
  assert.ok((waits.at(-1) ?? 0) > 150, waits.join())
  assert.ok(
    way.slice(1).every(({ name }) => name !== 'source'),
    JSON.stringify(way),
  )
})

test('a climb that is taken back in two steps doubles the wait once', () => {
  const way = walk([...times(11, {}), ...times(4, { loss: 0.2 }), ...times(25, {})], '480p', [])
  assert.deepEqual([way[10], way[12], way[14]], ['720p', '480p', '360p'])
  // Twice ten seconds after it.
  assert.deepEqual([way[33], way[34]], ['360p', '480p'])
})

test('a line that widens is climbed to the top', () => {
  let width = 1e6
  const way = line(() => {
    const now = width
    width += 20e3
    return now
  }, 900)
  assert.equal(way.at(-1)?.name, 'source')
})

test('a climb that has held makes the next one come sooner', () => {
  let width = 1e6
  let second = 0
  const way = line(() => {
    if (++second === 700) width = 20e6
    return width
  }, 1400)
  const climbs = way.filter(({ at }) => at >= 700)
  assert.deepEqual(
    climbs.map(({ name }) => name),
    ['480p', '720p', 'source'],
  )
  const [first = 0, next = 0, last = 0] = climbs.map(({ at }) => at)
  assert.ok(next - first > 150 && last - next < 100, JSON.stringify(climbs))
})

/** A viewer of 480p on a calm line that is probed before it climbs, and what comes of that; gives the ways it took, and its probes. */
function probedLine(width: (second: number) => number | undefined, seconds: number) {
  const choice = createRenditionChoice()
  let current = '480p'
  let probed: Probed = { count: 0, isCarried: undefined }
  const way: { at: number; name: string }[] = []
  const probes: number[] = []
  for (let at = 1; at <= seconds; at++) {
    const next = choice.judge({ loss: 0, estimate: 1e9, probed }, RUNGS, current, at * 1_000)
    const bitrate = choice.takeProbe()
    if (bitrate !== undefined) {
      probes.push(at)
      const carries = width(at)
      probed = { count: probed.count + 1, isCarried: carries === undefined ? undefined : carries >= bitrate }
    }
    if (next === undefined) continue
    current = next.name
    way.push({ at, name: current })
  }
  return { way, probes }
}

test('a line is probed before a climb, and one that carries it is climbed', () => {
  const { way, probes } = probedLine(() => 4e6, 30)
  assert.deepEqual(way, [{ at: 12, name: '720p' }])
  assert.deepEqual(probes, [11, 22])
})

test('a line that does not carry a probe is never climbed, and probed now and then', () => {
  const { way, probes } = probedLine(() => 2e6, 600)
  assert.deepEqual(way, [])
  assert.deepEqual(probes.slice(0, 4), [11, 32, 73, 114])
  assert.ok(probes.length < 20, probes.join())
})

test('one that has become wide enough is climbed at the next probe', () => {
  const { way } = probedLine((second) => (second < 300 ? 2e6 : 20e6), 420)
  assert.equal(way[0]?.name, '720p')
  assert.ok((way[0]?.at ?? 999) < 345, JSON.stringify(way))
  // And from there as if no probe had failed.
  assert.deepEqual([way[1]?.name, (way[1]?.at ?? 0) - (way[0]?.at ?? 0)], ['source', 11])
})

test('where nothing is heard of a probe the climb itself is the try', () => {
  assert.deepEqual(probedLine(() => undefined, 20).way, [{ at: 12, name: '720p' }])
  const choice = createRenditionChoice()
  const silent = { count: 0, isCarried: undefined }
  const way = Array.from({ length: 20 }, (_, at) =>
    choice.judge({ loss: 0, estimate: 1e9, probed: silent }, RUNGS, '480p', at * 1_000),
  )
  assert.equal(
    way.findIndex((rung) => rung?.name === '720p'),
    16,
  )
})

test('an estimate that falls because of a probe leads nobody down, losses do', () => {
  const walkProbed = (after: { loss: number; estimate: number }) => {
    const choice = createRenditionChoice()
    const probed = { count: 0, isCarried: undefined }
    return Array.from({ length: 14 }, (_, at) => {
      const heard = at < 12 ? { loss: 0, estimate: 1.7e6 } : after
      return choice.judge({ ...heard, sent: 1.2e6, probed }, RUNGS, '480p', at * 1_000)?.name
    }).at(-1)
  }
  assert.equal(walkProbed({ loss: 0, estimate: 9e5 }), undefined)
  assert.equal(walkProbed({ loss: 0.2, estimate: 9e5 }), '360p')
})

test('a rendition that is not there any more is left alone', () => {
  assert.deepEqual(walk(times(3, { estimate: 1 }), '1080p'), times(3, '1080p'))
})

test('one report is not two because it is looked at twice', () => {
  const choice = createRenditionChoice()
  const judge = (reports: number, second: number) =>
    choice.judge({ reports, loss: 0.3, estimate: undefined }, RUNGS, 'source', second * 1_000)?.name
  assert.deepEqual([judge(1, 0), judge(1, 1), judge(1, 2), judge(2, 3)], [undefined, undefined, undefined, '720p'])
})
