import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseFragment } from '@bandstand/media/containers/isobmff/parse-fragment.ts'
import { createDiskStore } from '../../store/disk.ts'
import { quietLog, temporaryFolder, until } from '../../store/fixtures/material.ts'
import { nodeIo } from '../../store/io.ts'
import type { AssetWriter } from '../../store/port.ts'
import { encode } from '../fixtures/encoder.ts'
import { createStudio } from '../fixtures/studio.ts'
import { everything, playlist, watchedWindow } from '../fixtures/watched.ts'
import type { BroadcastTiming, Part } from '../model.ts'
import { resumePoint } from './recovered.ts'

const timing: BroadcastTiming = { targetDuration: 4, partTarget: 0.35 }

/** A disk without space for recordings, when told so. */
function smallDisk(root: string) {
  const disk = { isFull: false }
  const io = { ...nodeIo, free: async () => (disk.isFull ? 0 : 1e12) }
  const retention = { maxBytes: 1e12, maxAgeMs: 1e15, minFreeBytes: 1e6 }
  const open = () => createDiskStore({ root, log: quietLog, retention, io, limits: { tickMs: 5, scanDelayMs: 1e6 } })
  return { disk, open }
}

/** 40 s that are recorded, then two reconnects with twice so many seconds that are not. */
async function lowSpace(root: string, lost: number) {
  const { disk, open } = smallDisk(root)
  const store = open()
  const writer: AssetWriter = store.create('as_one', timing)
  const older = { ...everything, available: () => writer.state.recording }
  const window = watchedWindow({ timing, older })
  const studio = createStudio({ sinks: () => [writer, window] })
  studio.stream({ seconds: 40 })
  await until(async () => ((await store.index('as_one'))?.tracks[0]?.segments.length ?? 0) >= 15, 'recorded')
  disk.isFull = true
  await store.retain()
  for (let i = 0; i < 2; i++) {
    studio.connect()
    studio.send(encode({ seconds: lost }))
  }
  const reserved = studio.recorded.reserved.at(-1)?.msn ?? 0
  await until(async () => {
    const index = await store.index('as_one')
    return index?.next.msn === reserved + 1 && index.epochs.length === 3
  }, 'reserved')
  return { disk, window, studio, writer, store, open }
}

/** Seconds of media; the longest is more than is ever reserved ahead. */
const cases = [1, 9, 20, 100].flatMap((lost) => (['an orderly stop', 'a crash'] as const).map((how) => ({ lost, how })))

for (const { lost, how } of cases) {
  test(`no number falls after ${2 * lost} s without a recording and ${how}`, async (t) => {
    const { window, studio, writer, store, open } = await lowSpace(await temporaryFolder(t), lost)
    const shown = new Map(['v1', 'a2'].map((name) => [name, playlist(window, name)]))
    if (how === 'an orderly stop') await writer.suspend()
    const left = how === 'an orderly stop' ? undefined : await store.index('as_one')
    await store.close()
    const next = open()
    const [recovered] = await next.recover()
    await next.close()
    // A crash leaves what was reserved.
    const index = left ?? recovered
    assert.ok(index !== undefined)
    const after = watchedWindow({ timing, older: everything, recovered: index })
    for (const [name, before] of shown) {
      const now = playlist(after, name)
      const what = `${name}: ${now.mediaSequence} after ${before.mediaSequence}`
      assert.ok(now.mediaSequence >= before.mediaSequence, what)
      assert.ok(now.discontinuitySequence >= before.discontinuitySequence, what)
      // Whatever is listed was never listed as anything else.
      assert.ok(now.mediaSequence >= before.mediaSequence + before.segments.length, what)
      assert.equal(now.mediaSequence + now.segments.length, resumePoint(index).msn)
      assert.ok(now.segments.every((segment) => segment.gap))
      assert.ok(now.segments.reduce((sum, { duration }) => sum + duration, 0) >= 3 * timing.targetDuration)
    }
    const point = resumePoint(index)
    assert.equal(point.epoch, (studio.recorded.epochs.at(-1)?.id ?? 0) + 1)
    const newest = studio.parts(1).at(-1)
    assert.ok(newest !== undefined && point.start >= newest.start + newest.duration)
    assert.ok(point.notBefore <= studio.now)
  })
}

for (const seconds of [6, 30]) {
  test(`after a crash ${seconds} s after an outage of the disk nothing is listed as anything else than before`, async (t) => {
    const { disk, window, studio, writer, store } = await lowSpace(await temporaryFolder(t), 5)
    disk.isFull = false
    await store.retain()
    studio.connect()
    const sent = [...encode({ seconds })]
    // In pieces, as time goes by: numbers are reserved while there is nothing left to write.
    for (let from = 0; from < sent.length; from += 400) {
      const at = sent[from]?.at ?? 0
      studio.send(sent.slice(from, from + 400).map((one) => ({ ...one, at: one.at - at })))
      await writer.written()
    }
    assert.equal(writer.state.recording, true)
    const reserved = studio.recorded.reserved.at(-1)?.msn ?? 0
    await until(async () => (await store.index('as_one'))?.next.msn === reserved + 1, 'reserved')
    const shown = new Map(['v1', 'a2'].map((name) => [name, playlist(window, name)]))
    const index = await store.index('as_one')
    await store.close()
    assert.ok(index !== undefined)
    const after = watchedWindow({ timing, older: everything, recovered: index })
    for (const [name, before] of shown) {
      const now = playlist(after, name)
      assert.ok(now.mediaSequence >= before.mediaSequence, `${now.mediaSequence} after ${before.mediaSequence}`)
      for (const [i, segment] of now.segments.entries()) {
        const known = before.segments[now.mediaSequence + i - before.mediaSequence]
        if (known !== undefined) assert.deepEqual([segment.uri, segment.duration], [known.uri, known.duration])
      }
    }
  })
}

test('no picture of the next encoder is shown over those that a crash left, wherever it cut between B-frames', async (t) => {
  let overhangs = 0
  for (let kept = 1; kept <= 24; kept++) {
    const root = await temporaryFolder(t)
    const store = smallDisk(root).open()
    const writer = store.create('as_one', timing)
    const written: Part[] = []
    const part = (one: Part) => {
      if (written.length === kept) return
      written.push(one)
      writer.part(one)
    }
    const { epoch, reserve } = writer
    const studio = createStudio({ sinks: () => [{ epoch, reserve, part }] })
    studio.stream({ seconds: 8, bFrames: true, audioRate: 0 })
    await writer.written()
    await store.close()
    const next = smallDisk(root).open()
    const [index] = await next.recover()
    await next.close()
    const shown = written.flatMap(({ bytes }) => {
      const { baseDecodeTime, samples } = parseFragment(bytes)
      let dts = baseDecodeTime
      return samples.map(({ duration, compositionOffset }) => (dts += duration) + compositionOffset)
    })
    const decoded = written.reduce((end, { start, duration }) => Math.max(end, start + duration), 0)
    assert.ok(index !== undefined)
    assert.equal(resumePoint(index).start, Math.max(decoded, ...shown), `after ${kept} parts`)
    if (Math.max(...shown) > decoded) overhangs++
  }
  assert.ok(overhangs > 0, 'some cut is between B-frames')
})
