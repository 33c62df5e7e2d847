import assert from 'node:assert/strict'
import { test } from 'node:test'
import { epoch, START, timing } from '../store/fixtures/material.ts'
import type { AssetIndex, IndexedSegment } from '../store/port.ts'
import { createReplayManifests } from './manifests.ts'

interface Encoder {
  /** Segments of two seconds. */
  readonly segments: number
  /** Seconds from the broadcast's begin at which it came, by the clock. */
  readonly at: number
}

/** The index of a running broadcast of these encoders, of which retention has removed so many segments. @param late seconds */
function running(encoders: readonly Encoder[], removed = 0, late = 0): AssetIndex {
  const lists: IndexedSegment[][] = [[], []]
  let msn = 0
  for (const [id, { segments, at }] of encoders.entries()) {
    for (let i = 0; i < segments; i++, msn++) {
      const closedAt = START + (at + 2 * i + 2 + late) * 1000
      for (const [place, timescale] of [90_000, 48_000].entries()) {
        const times = { start: 2 * msn * timescale, duration: 2 * timescale, timescale, closedAt }
        const name = { msn, epoch: id, firstPart: 6 * msn, lastPart: 6 * msn + 5 }
        lists[place]?.push({ ...name, ...times, size: 100_000, independent: true, gap: false })
      }
    }
  }
  let before = 0
  const epochs = encoders.map(({ segments, at }, id) => {
    const begun = { ...epoch(id, 180_000 * before), wallClock: START + at * 1000 }
    before += segments
    return begun
  })
  const [pictures = [], sound = []] = lists.map((list) => list.slice(removed))
  return {
    ...{ assetId: 'as_one', timing, ended: false, version: 1, bytes: 0, next: { msn, part: 6 * msn } },
    epochs: epochs.filter(({ id }) => pictures.some((segment) => segment.epoch === id)),
    tracks: [
      { track: 1, kind: 'video', segments: pictures },
      { track: 2, kind: 'audio', segments: sound },
    ],
    ...{ shed: removed > 0, removed: { segments: removed, discontinuities: 0 } },
  }
}

async function manifest(index: AssetIndex): Promise<string> {
  return String((await createReplayManifests({ index: async () => index }).get('as_one'))?.plain)
}

const depth = (mpd: string) => /timeShiftBufferDepth="PT([\d.]+)S"/.exec(mpd)?.[1]

test('a running broadcast can be rewound to its begin, and where retention removed that to the first segment left', async () => {
  const encoders = [
    { segments: 30, at: 0 },
    { segments: 20, at: 100 },
  ]
  assert.equal(depth(await manifest(running(encoders))), undefined)
  // From 20 s on to 140 s, with the time between the encoders.
  assert.equal(depth(await manifest(running(encoders, 10))), '120')
  assert.equal(depth(await manifest(running(encoders, 35))), '30')
})

test('media that come late are played as much later', async () => {
  const delay = async (late: number) => {
    const mpd = await manifest(running([{ segments: 30, at: 0 }], 10, late))
    return [
      /suggestedPresentationDelay="PT([\d.]+)S"/.exec(mpd)?.[1],
      /Latency target="(\d+)"/.exec(mpd)?.[1],
      depth(mpd),
    ]
  }
  assert.deepEqual(await delay(0.4), ['10', '10000', '40'])
  assert.deepEqual(await delay(7.5), ['17', '17000', '47'])
})
