import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AssetIndex } from '../store/port.ts'
import { PICTURE_LIMITS } from './limits.ts'
import { createRests } from './rests.ts'
import { planStoryboard } from './storyboard-plan.ts'
import { createStoryboards } from './storyboards.ts'

/** A day of 2 s segments that all begin with a key frame. */
const config = { kind: 'video', width: 1280, height: 720, sampleAspectRatio: [1, 1] }
const segments = Array.from({ length: 43_200 }, (_, i) => ({
  ...{ msn: i, epoch: 0, firstPart: i, lastPart: i, timescale: 1, start: 2 * i, duration: 2 },
  ...{ size: 1, independent: true, gap: false, closedAt: 0 },
}))
const day = {
  ...{ assetId: 'as_1', ended: false },
  epochs: [{ id: 0, start: 0, wallClock: 0, tracks: [{ track: 1, config, init: new Uint8Array(9), initNumber: 0 }] }],
  tracks: [{ track: 1, kind: 'video', segments }],
} as unknown as AssetIndex
const own = planStoryboard(day) ?? assert.fail()

function stage(read = async (): Promise<Uint8Array | undefined> => undefined) {
  const seen = { indexes: 0, reads: 0, most: 0 }
  const rests = createRests(() => 0)
  let reading = 0
  const storyboards = createStoryboards({
    store: {
      async index() {
        seen.indexes++
        return day
      },
      async read() {
        seen.reads++
        seen.most = Math.max(seen.most, ++reading)
        await new Promise((done) => setImmediate(done))
        reading--
        return read()
      },
    },
    ...{ rests, now: () => 0, onFailure: () => undefined },
    draw: async () => assert.fail('there is nothing to be drawn'),
  })
  return { storyboards, seen, rests }
}

test('whatever is asked at once, the index is looked through once and a sheet is read at a time', async () => {
  const { storyboards, seen } = stage()
  await Promise.all(Array.from({ length: 300 }, () => storyboards.storyboard('as_1')))
  assert.equal(seen.indexes, 1)
  const names = own.sheets.flatMap(({ tiles: [first] }) => {
    return Array.from({ length: 25 }, (_, i) => ({ interval: own.interval, part: first?.part ?? 0, count: i + 1 }))
  })
  const outcomes = await Promise.allSettled(names.map((name) => storyboards.sheet('as_1', name)))
  const refused = outcomes.filter(({ status }) => status === 'rejected').length
  assert.equal(refused, names.length - PICTURE_LIMITS.waiting - 1)
  assert.deepEqual([seen.indexes, seen.most], [1, 1])
})

test('sheets that no storyboard has named of late are not made, nor looked for', async () => {
  const { storyboards, seen } = stage()
  const [first] = own.sheets
  const late = own.sheets.at(-2)
  assert.ok(first !== undefined && late !== undefined && late !== first)
  const { interval } = own
  const partOf = (sheet: typeof first) => sheet.tiles[0]?.part ?? 0
  const isLookedFor = async (name: { interval: number; part: number; count: number }) => {
    const before = seen.reads
    await storyboards.sheet('as_1', name)
    return seen.reads > before
  }
  assert.equal(await isLookedFor({ interval, part: partOf(first), count: first.tiles.length }), true)
  assert.equal(await isLookedFor({ interval, part: partOf(first), count: 3 }), false)
  // Somebody may have its name from when it was the last one.
  assert.equal(await isLookedFor({ interval, part: partOf(late), count: 3 }), true)
  assert.equal(await isLookedFor({ interval: interval / 2, part: partOf(first), count: 25 }), true)
  assert.equal(await isLookedFor({ interval: interval / 4, part: partOf(first), count: 25 }), false)
  assert.equal(await isLookedFor({ interval: interval * 4, part: partOf(first), count: 25 }), false)
})

test('a sheet that cannot be made is left alone for a while, and so are the others, but not the pictures of what is live', async () => {
  // What is read is no part, and so nothing can be cut out of it.
  const { storyboards, seen, rests } = stage(async () => new Uint8Array(9))
  const [first, second] = own.sheets
  const ask = (sheet = first) => {
    return storyboards.sheet('as_1', { interval: own.interval, part: sheet?.tiles[0]?.part ?? 0, count: 25 })
  }
  assert.equal(await ask(), undefined)
  assert.equal(seen.reads, 1)
  assert.equal(await ask(), undefined)
  assert.equal(await ask(second), undefined)
  assert.equal(seen.reads, 1)
  assert.equal(rests.isResting('as_1'), false)
})
