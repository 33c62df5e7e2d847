import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AssetFiles } from './asset.ts'
import { chooseVictim, type RetentionView } from './retention.ts'

const limits = { maxBytes: 1_000, maxAgeMs: 10_000, minFreeBytes: 100 }

function asset(assetId: string, ended: boolean, ...newest: number[]): AssetFiles {
  const spans = newest.map((at, i) => ({ firstMsn: i, tracks: new Set<number>(), bytes: 10, newest: at }))
  return { assetId, folder: '', spans, journalBytes: 0, state: ended ? 'ended' : 'open', removed: false }
}

function choose(view: Partial<RetentionView>) {
  const base = { assets: [], usage: 0, free: 1_000, now: 0, windowMs: () => undefined }
  const isHeld: RetentionView['isHeld'] = (files, span) => files.state === 'open' && span === files.spans.at(-1)
  const victim = chooseVictim(limits, { ...base, isHeld, ...view })
  return victim === undefined ? undefined : `${victim.files.assetId}:${victim.span?.newest ?? 'all'}`
}

test('nothing goes within the limits', () => {
  assert.equal(choose({ assets: [asset('as_a', true, 1, 2)], usage: 1_000, now: 10_001 }), undefined)
})

test('the oldest span of all assets goes for size, age, and free space', () => {
  const assets = [asset('as_a', true, 5, 6), asset('as_b', false, 3, 4)]
  assert.equal(choose({ assets, usage: 1_001 }), 'as_b:3')
  assert.equal(choose({ assets, free: 99 }), 'as_b:3')
  assert.equal(choose({ assets, now: 10_004 }), 'as_b:3')
})

test('what a running broadcast writes to is kept, whatever it costs', () => {
  const assets = [asset('as_a', false, 3), asset('as_b', true, 9)]
  assert.equal(choose({ assets, usage: 5_000 }), 'as_b:9')
  assert.equal(choose({ assets: [asset('as_a', false, 3)], usage: 5_000, free: 0 }), undefined)
})

test('an ended asset that has nothing left goes; one that just began does not', () => {
  assert.equal(choose({ assets: [asset('as_a', true)] }), 'as_a:all')
  assert.equal(choose({ assets: [asset('as_a', false)] }), undefined)
})

test('a broadcast that is not recorded keeps its window', () => {
  const assets = [asset('as_a', false, 1_000, 2_000)]
  assert.equal(choose({ assets, windowMs: () => 500, now: 1_500 }), undefined)
  assert.equal(choose({ assets, windowMs: () => 500, now: 1_501 }), 'as_a:1000')
})

test('unknown free space is not too little', () => {
  assert.equal(choose({ assets: [asset('as_a', true, 1)], free: undefined }), undefined)
})
