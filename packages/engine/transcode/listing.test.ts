import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ListedRung } from '../packager/model.ts'
import { createListing, keptOf, lostOf, trackOf } from './listing.ts'
import type { Rung } from './model.ts'

const small: Rung = rung(0, 640, 360, 30)
const fast: Rung = rung(1, 854, 480, 60)
const large: Rung = rung(2, 854, 480, 30)

function rung(slot: number, width: number, height: number, frameRate: number): Rung {
  return { slot, width, height, frameRate, every: 1, bitrate: 500_000, level: 31, codecString: 'avc1.64001f' }
}

function createRig() {
  const added: [track: number, frameDuration: number][] = []
  const listed: (readonly ListedRung[])[] = []
  const listing = createListing({ add: (...rung) => void added.push(rung) }, (rungs) => void listed.push(rungs))
  return { added, listed, listing }
}

test('the most expensive are left out first, whatever the order of the list; what is kept and what is lost is the plan', () => {
  const plan = [small, fast, large]
  assert.deepEqual(keptOf(plan, 0), [fast, large, small])
  assert.deepEqual(keptOf(plan, 1), [large, small])
  assert.deepEqual(lostOf(plan, 1), [fast])
  assert.deepEqual(keptOf(plan, 3), [])
  assert.deepEqual(lostOf(plan, 3), [fast, large, small])
})

test('a rung is listed on the track of its place, after the packager knows of it', () => {
  const { added, listed, listing } = createRig()
  listing.show([fast, small])
  assert.deepEqual(added, [
    [trackOf(1), 1_500],
    [trackOf(0), 3_000],
  ])
  const codecString = 'avc1.64001f'
  assert.deepEqual(listed, [
    [
      { track: trackOf(1), width: 854, height: 480, frameRate: 60, bitrate: 500_000, codecString },
      { track: trackOf(0), width: 640, height: 360, frameRate: 30, bitrate: 500_000, codecString },
    ],
  ])
})

test('that there are none is said once there were some', () => {
  const { listed, listing } = createRig()
  listing.show([])
  assert.equal(listed.length, 0)
  listing.show([small])
  listing.show([])
  listing.show([])
  assert.deepEqual(
    listed.map(({ length }) => length),
    [1, 0],
  )
})

test('a codec that was not expected is listed in place of the one that was', () => {
  const { listed, listing } = createRig()
  assert.equal(listing.found(small, 'avc1.64001f'), false)
  assert.equal(listing.found(small, 'avc1.4d401f'), true)
  assert.equal(listing.found(small, 'avc1.4d401f'), false)
  listing.show([small, large])
  assert.deepEqual(
    listed[0]?.map(({ codecString }) => codecString),
    ['avc1.4d401f', 'avc1.64001f'],
  )
})
