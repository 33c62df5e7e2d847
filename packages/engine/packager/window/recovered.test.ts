import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePlaylist } from '@bandstand/media/manifests/hls/parse.ts'
import { createDiskStore } from '../../store/disk.ts'
import { quietLog, temporaryFolder, until } from '../../store/fixtures/material.ts'
import { nodeIo } from '../../store/io.ts'
import type { AssetWriter } from '../../store/port.ts'
import { encode } from '../fixtures/encoder.ts'
import { createStudio } from '../fixtures/studio.ts'
import { everything, text, watchedWindow } from '../fixtures/watched.ts'
import type { BroadcastTiming } from '../model.ts'
import { resumePoint } from './recovered.ts'
import type { LiveWindow } from './window.ts'

const timing: BroadcastTiming = { targetDuration: 4, partTarget: 0.35 }

function playlist(window: LiveWindow, name: string) {
  const value = parsePlaylist(text(window, name))
  assert.ok(value.kind === 'media')
  assert.deepEqual(value.issues, [])
  return value.playlist
}

/** A disk without space for recordings, when told so. */
function smallDisk(root: string) {
  const disk = { isFull: false }
  const io = { ...nodeIo, free: async () => (disk.isFull ? 0 : 1e12) }
  const retention = { maxBytes: 1e12, maxAgeMs: 1e15, minFreeBytes: 1e6 }
  const open = () => createDiskStore({ root, log: quietLog, retention, io, limits: { tickMs: 5, scanDelayMs: 1e6 } })
  return { disk, open }
}

/** 40 s that are recorded, then two reconnects and 200 s that are not. */
async function lowSpace(root: string) {
  const { disk, open } = smallDisk(root)
  const store = open()
  const writer: AssetWriter = store.create('as_one', timing)
  const older = { ...everything, available: () => writer.state.recording }
  const window = watchedWindow({ timing, older })
  const studio = createStudio({ sinks: () => [window, writer] })
  studio.stream({ seconds: 40 })
  await until(async () => ((await store.index('as_one'))?.tracks[0]?.segments.length ?? 0) >= 15, 'recorded')
  disk.isFull = true
  await store.retain()
  studio.connect()
  studio.send(encode({ seconds: 100 }))
  studio.connect()
  studio.send(encode({ seconds: 100 }))
  const reserved = studio.recorded.reserved.at(-1)?.msn ?? 0
  await until(async () => {
    const index = await store.index('as_one')
    return index?.next.msn === reserved + 1 && index.epochs.length === 3
  }, 'reserved')
  return { window, studio, writer, store, open }
}

for (const how of ['an orderly stop', 'a crash'] as const) {
  test(`no number falls after minutes without a recording and ${how}`, async (t) => {
    const { window, studio, writer, store, open } = await lowSpace(await temporaryFolder(t))
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
      assert.equal(now.mediaSequence + now.segments.length, index.next.msn)
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
