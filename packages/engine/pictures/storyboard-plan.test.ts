import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { VideoTrackConfig } from '@bandstand/media/track.ts'
import type { AssetIndex } from '../store/port.ts'
import { parseSheetName, planStoryboard, printSheetName, printStoryboard } from './storyboard-plan.ts'

const init = new Uint8Array([1])
const wide = {
  kind: 'video',
  width: 1280,
  height: 720,
  sampleAspectRatio: [1, 1],
} as const as unknown as VideoTrackConfig

/** A recording of 2 s segments that all begin with a key frame. */
function recording(count: number, { from = 0, config = wide } = {}): AssetIndex {
  const segments = Array.from({ length: count }, (_, i) => ({
    ...{ msn: from + i, epoch: 0, firstPart: 6 * (from + i), lastPart: 6 * (from + i) + 5, timescale: 90_000 },
    ...{ start: 180_000 * (from + i), duration: 180_000, size: 1, independent: true, gap: false, closedAt: 0 },
  }))
  return {
    ...{ assetId: 'as_1', ended: true, shed: false, version: 1, bytes: 0, next: { msn: 8, part: 80 } },
    timing: { targetDuration: 4, partTarget: 0.35 },
    removed: { segments: 0, discontinuities: 0 },
    epochs: [{ id: 0, start: 0, wallClock: 1_000_000, tracks: [{ track: 1, config, init, initNumber: 0 }] }],
    tracks: [{ track: 1, kind: 'video', segments }],
  }
}

test('a short recording has a picture every ten seconds, each naming its place in the sheet', () => {
  const plan = planStoryboard(recording(14))
  assert.ok(plan !== undefined)
  assert.equal(
    printStoryboard(plan, 'time'),
    `WEBVTT

00:00:00.000 --> 00:00:10.000
storyboard-10-0000000000-3.jpg#xywh=0,0,160,90

00:00:10.000 --> 00:00:20.000
storyboard-10-0000000000-3.jpg#xywh=160,0,160,90

00:00:20.000 --> 00:00:28.000
storyboard-10-0000000000-3.jpg#xywh=320,0,160,90
`,
  )
})

test('however long it is, there are at most a hundred pictures, in sheets of 25', () => {
  for (const hours of [0.5, 3, 24]) {
    const { sheets = [], interval = 0 } = planStoryboard(recording(hours * 1800)) ?? {}
    const tiles = sheets.flatMap((sheet) => sheet.tiles)
    assert.ok(tiles.length > 45 && tiles.length <= 100, `${tiles.length} of ${hours} h, one every ${interval} s`)
    assert.ok(sheets.every((sheet) => sheet.tiles.length <= 25))
  }
})

test('what retention takes from the front leaves the later sheets as they are', () => {
  const whole = planStoryboard(recording(450), 10)
  const shed = planStoryboard(recording(445, { from: 5 }), 10)
  assert.deepEqual(
    shed?.sheets.slice(1).map(({ tiles }) => tiles.map(({ part }) => part)),
    whole?.sheets.slice(1).map(({ tiles }) => tiles.map(({ part }) => part)),
  )
  // Players count from what is listed, the bar of a running broadcast from its beginning.
  assert.deepEqual(shed?.sheets[0]?.tiles[0], { part: 30, time: 0, clock: 10 })
})

test('the bar of a running broadcast counts from its beginning also where retention has taken whole epochs', () => {
  const index = recording(10)
  const epochs = index.epochs.map((epoch) => ({ ...epoch, wallClock: 1_000_000 + 7_200_000 }))
  const plan = planStoryboard({ ...index, epochs, origin: 1_000_000, shed: true })
  assert.deepEqual(plan?.sheets[0]?.tiles[0], { part: 0, time: 0, clock: 7_200 })
  assert.equal(plan?.clock, 7_220)
})

test('what a replay leaves out is not counted: rows without pictures and sound, but not those with sound', () => {
  const index = recording(20)
  const [pictures] = index.tracks
  assert.ok(pictures !== undefined)
  const withGaps = (gaps: readonly number[]) =>
    [...pictures.segments].map((segment, i) => (gaps.includes(i) ? { ...segment, gap: true } : segment))
  const tracks = [
    { track: 1, kind: 'video', segments: withGaps([2, 3, 4, 6]) },
    { track: 2, kind: 'audio', segments: withGaps([2, 3, 4]) },
  ] as const
  const plan = planStoryboard({ ...index, tracks })
  assert.deepEqual(
    plan?.sheets.flatMap(({ tiles }) => tiles.map(({ time, clock }) => [time, clock])),
    [
      [0, 0],
      [4, 10],
      [14, 20],
      [24, 30],
    ],
  )
  assert.deepEqual([plan?.time, plan?.clock], [34, 40])
})

test('another initialisation segment begins another sheet', () => {
  const index = recording(20)
  const [epoch] = index.epochs
  const [track] = epoch?.tracks ?? []
  assert.ok(epoch !== undefined && track !== undefined)
  const other = {
    ...epoch,
    id: 1,
    start: 1_800_000,
    wallClock: 1_030_000,
    tracks: [{ ...track, init: new Uint8Array([2]) }],
  }
  const segments = [...(index.tracks[0]?.segments ?? [])].map((segment, i) =>
    i < 10 ? segment : { ...segment, epoch: 1 },
  )
  const plan = planStoryboard({ ...index, epochs: [epoch, other], tracks: [{ track: 1, kind: 'video', segments }] })
  assert.deepEqual(
    plan?.sheets.map((sheet) => [sheet.init[0], sheet.tiles.map(({ time, clock }) => [time, clock])]),
    [
      [
        1,
        [
          [0, 0],
          [10, 10],
        ],
      ],
      [
        2,
        [
          [20, 30],
          [30, 40],
        ],
      ],
    ],
  )
})

test('pictures have the shape that is shown', () => {
  for (const [width, height, sar, wanted] of [
    [1920, 1080, [1, 1], [160, 90]],
    [720, 576, [16, 11], [160, 88]],
    [1080, 1920, [1, 1], [90, 160]],
    [2, 4000, [1, 1], [2, 160]],
  ] as const) {
    const config = { ...wide, width, height, sampleAspectRatio: sar }
    const [sheet] = planStoryboard(recording(1, { config }))?.sheets ?? []
    assert.deepEqual([sheet?.width, sheet?.height], wanted)
  }
})

test('sound alone has none, nor has a recording without segments', () => {
  assert.equal(planStoryboard({ ...recording(3), tracks: [] }), undefined)
  assert.equal(planStoryboard(recording(0)), undefined)
})

test('names of sheets are read as they are printed, others are not', () => {
  for (const name of [
    { interval: 10, part: 0, count: 1 },
    { interval: 20_480, part: 9_999_999_999, count: 25 },
  ]) {
    assert.deepEqual(parseSheetName(printSheetName(name)), name)
  }
  for (const name of [
    'storyboard-11-0000000000-1.jpg',
    'storyboard-5-0000000000-1.jpg',
    'storyboard-10-0000000000-0.jpg',
  ]) {
    assert.equal(parseSheetName(name), undefined, name)
  }
})
