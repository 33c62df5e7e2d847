import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDiskStore } from '../../store/disk.ts'
import { quietLog, retention, START, temporaryFolder, timing, until } from '../../store/fixtures/material.ts'
import type { AssetIndex } from '../../store/port.ts'
import { encode } from '../fixtures/encoder.ts'
import { createStudio } from '../fixtures/studio.ts'
import { everything, playlist, watchedWindow } from '../fixtures/watched.ts'
import type { Part } from '../model.ts'
import type { LiveWindow } from './window.ts'

const open = (root: string) => createDiskStore({ root, log: quietLog, retention, limits: { scanDelayMs: 1e6 } })

/** A process that records so many parts of what it shows, and all reservations; what viewers saw, and what a crash leaves. */
async function killed(root: string, most: number, recovered?: { readonly index: AssetIndex; readonly now: number }) {
  const store = open(root)
  const window = watchedWindow({ timing, older: everything, ...(recovered && { recovered: recovered.index }) })
  if (recovered !== undefined) await store.recover()
  const writer = recovered === undefined ? store.create('as_one', timing) : store.resume('as_one')
  let room = most
  const { epoch, reserve } = writer
  const part = (one: Part) => room-- > 0 && writer.part(one)
  const studio = createStudio({ sinks: () => [window, { epoch, reserve, part }], ...(recovered && { recovered }) })
  studio.connect()
  studio.send(encode({ seconds: 10, audioOffset: recovered === undefined ? 0 : 0.12 }))
  await writer.written()
  const reserved = studio.recorded.reserved.at(-1)?.msn ?? 0
  await until(async () => (await store.index('as_one'))?.next.msn === reserved + 1, 'reserved')
  const left = await store.index('as_one')
  await store.close()
  const next = open(root)
  const [index] = await next.recover()
  await next.close()
  assert.ok(index !== undefined && left !== undefined)
  // An orderly close takes back what was reserved; a crash does not.
  return { window, index: { ...index, next: left.next } }
}

/** What is listed, by media sequence number. */
function rows(window: LiveWindow, name: string) {
  const { mediaSequence, segments } = playlist(window, name)
  return new Map(
    segments.map(({ uri, duration, gap, programDateTime, discontinuity }, i) => {
      return [mediaSequence + i, { uri, duration, gap, programDateTime, discontinuity }]
    }),
  )
}

test('what is listed between two processes keeps its place and date at the next start, whatever both crashes cut', async (t) => {
  let bare = 0
  let compared = 0
  for (let kept = 12; kept <= 18; kept++) {
    for (const recorded of [0, 1, 2, 3, Number.POSITIVE_INFINITY]) {
      const root = await temporaryFolder(t)
      const first = await killed(root, kept)
      if (first.index.tracks.some(({ segments }) => segments.at(-1)?.size === 0)) bare++
      const second = await killed(root, recorded, { index: first.index, now: START + 1_000 + kept * 170 })
      const third = await killed(root, 1, { index: second.index, now: START + 4_000 + kept * 170 })
      for (const name of ['v1', 'a2']) {
        const before = rows(second.window, name)
        for (const [msn, row] of rows(third.window, name)) {
          const known = before.get(msn)
          if (known === undefined || !(row.gap && known.gap)) continue
          assert.deepEqual(row, known, `${name}: segment ${msn} after ${kept} and ${recorded} parts`)
          compared++
        }
      }
    }
  }
  assert.ok(bare > 0, 'some crash leaves a track without its part')
  assert.ok(compared > 100, `${compared} rows compared`)
})
