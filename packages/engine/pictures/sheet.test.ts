import assert from 'node:assert/strict'
import { test } from 'node:test'
import { writeFragment } from '@bandstand/media/containers/isobmff/fragment.ts'
import { parseFragment } from '@bandstand/media/containers/isobmff/parse-fragment.ts'
import { PICTURE_LIMITS } from './limits.ts'
import { keyFrameOnly, readSheet } from './sheet.ts'

const sample = (value: number, key: boolean) => ({
  data: new Uint8Array(5).fill(value),
  duration: 3_000,
  compositionOffset: 6_000,
  key,
})
const part = (value: number) =>
  writeFragment({
    ...{ sequence: 9, track: 1, baseDecodeTime: 90_000 * value },
    // A key frame may also come later in a part; it would be a picture too many.
    samples: [sample(value, true), sample(value + 1, false), sample(value + 2, true)],
  })

test('of a part only the key frame that it begins with is left', () => {
  const bytes = keyFrameOnly(part(7), 3)
  const { sequence, track, baseDecodeTime, samples } = parseFragment(bytes)
  assert.deepEqual([sequence, track, baseDecodeTime, samples.length], [3, 1, 630_000, 1])
  const [{ offset, size, key, compositionOffset } = { offset: 0, size: 0, key: false, compositionOffset: 0 }] = samples
  assert.deepEqual([...bytes.subarray(offset, offset + size)], [7, 7, 7, 7, 7])
  assert.deepEqual([key, compositionOffset], [true, 6_000])
})

test('a sheet is the initialisation segment and its key frames, or nothing when one is gone', async () => {
  const init = new Uint8Array([1])
  const tiles = [1, 2].map((number) => ({ part: number, time: 0, clock: 0 }))
  const sheet = { track: 1, init, width: 160, height: 90, tiles }
  const read = async (_: string, __: number, first: number) => part(first)
  const found = await readSheet(sheet, 'as_1', { read })
  assert.equal(found?.[0], init)
  assert.deepEqual(
    found?.slice(1).map((bytes) => parseFragment(bytes).baseDecodeTime),
    [90_000, 180_000],
  )
  const gone = async (_: string, __: number, first: number) => (first === 2 ? undefined : part(first))
  assert.equal(await readSheet(sheet, 'as_1', { read: gone }), undefined)
})

test('as many large key frames as a sheet has are read, and no more than the limit says', async () => {
  const large = (bytes: number) => {
    const data = new Uint8Array(bytes)
    return writeFragment({ sequence: 1, track: 1, baseDecodeTime: 0, samples: [{ ...sample(1, true), data }] })
  }
  const tiles = Array.from({ length: 25 }, (_, i) => ({ part: i, time: 0, clock: 0 }))
  const sheet = { track: 1, init: new Uint8Array([1]), width: 160, height: 90, tiles }
  const reading = async (bytes: number) => {
    const part = large(bytes)
    let reads = 0
    const outcome = readSheet(sheet, 'as_1', {
      async read() {
        reads++
        return part
      },
    })
    const count = await outcome.then((found) => found?.length)
    return { count, reads }
  }
  // Of a 4K picture; more than a picture alone may have.
  assert.deepEqual(await reading(1_500_000), { count: 26, reads: 25 })
  await assert.rejects(reading(PICTURE_LIMITS.sheetInput / 20), { code: 'limit' })
})
