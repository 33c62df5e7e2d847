import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRenditionChoice } from './rendition-choice.ts'

const RUNGS = [
  { name: 'source', bitrate: 6_000_000 },
  { name: '720p', bitrate: 3_000_000 },
  { name: '480p', bitrate: 1_200_000 },
  { name: '360p', bitrate: 600_000 },
]

/** One report a second; gives where the viewer is after each. */
function walk(reports: readonly { loss?: number; estimate?: number }[], from = 'source'): string[] {
  const choice = createRenditionChoice()
  let current = from
  return reports.map(({ loss = 0, estimate = 1e9 }, second) => {
    current = choice.judge({ loss, estimate }, RUNGS, current, second * 1_000)?.name ?? current
    return current
  })
}

const times = <T>(count: number, report: T): T[] => Array.from({ length: count }, () => report)

test('an estimate below the rung sends a viewer down at once to one that fits', () => {
  assert.deepEqual(walk([{ estimate: 2e6 }, { estimate: 2e6 }, { estimate: 2e6 }]), ['source', '480p', '480p'])
})

test('one bad report alone changes nothing', () => {
  assert.deepEqual(walk([{ estimate: 2e6 }, {}, { estimate: 2e6 }, {}]), times(4, 'source'))
})

test('much loss sends a viewer down, and below the lowest rung there is none', () => {
  assert.deepEqual(walk(times(3, { loss: 0.3, estimate: 1e5 })), ['source', '360p', '360p'])
})

test('after some calm the next higher rung is tried, one at a time', () => {
  const way = walk(times(25, {}), '480p')
  assert.deepEqual([way[9], way[10], way[19], way[20]], ['480p', '720p', '720p', 'source'])
})

test('a little loss puts a climb off', () => {
  const reports = times(16, {}).map((_, second) => (second === 5 ? { loss: 0.03 } : {}))
  const way = walk(reports, '480p')
  assert.deepEqual([way[14], way[15]], ['480p', '720p'])
})

test('a climb that is taken back is tried again later and later', () => {
  let current = '480p'
  const choice = createRenditionChoice()
  const climbs: number[] = []
  for (let second = 0; second < 200; second++) {
    const estimate = current === '720p' ? 2e6 : 1e9
    const next = choice.judge({ loss: 0, estimate }, RUNGS, current, second * 1_000)
    if (next?.name === '720p') climbs.push(second)
    current = next?.name ?? current
  }
  const waits = climbs.slice(1).map((at, i) => at - (climbs[i] ?? 0))
  assert.deepEqual(waits, [22, 42, 82])
})

test('a rendition that is not there any more is left alone', () => {
  assert.deepEqual(walk(times(3, { estimate: 1 }), '1080p'), times(3, '1080p'))
})
