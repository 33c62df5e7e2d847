import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { videoConfig } from '../packager/fixtures/encoder.ts'
import type { LiveBroadcast } from '../packager/live.ts'
import type { AssetIndex } from '../store/port.ts'
import { PICTURE_LIMITS } from './limits.ts'
import { createPictures } from './pictures.ts'

/** Pictures with a program in the place of ffmpeg that makes a picture of what it is given, or does worse. */
function stage(t: TestContext, index?: AssetIndex) {
  const folder = mkdtempSync(join(tmpdir(), 'bandstand-pictures-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const mode = join(folder, 'mode')
  const runs = join(folder, 'runs')
  const ffmpeg = join(folder, 'ffmpeg')
  const picture = String.raw`printf '\377\330%0100d' 0; cat; printf '\377\331'`
  writeFileSync(
    ffmpeg,
    `#!/bin/sh\necho >>'${runs}'\ncase $(cat '${mode}') in good) ${picture};; bad) echo no;; stop) kill -STOP $$;; esac`,
  )
  chmodSync(ffmpeg, 0o755)
  const warnings: string[] = []
  const log = { debug() {}, info() {}, error() {}, warn: (_: object, message: string) => void warnings.push(message) }
  let now = 0
  let part = 1
  const bytes = (value: number) => ({ kind: 'now' as const, chunks: [new Uint8Array([value])], total: 1 })
  const broadcast = {
    assetId: 'as_1',
    targetDuration: 4,
    ended: false,
    multivariant: () => undefined,
    manifest: () => undefined,
    manifestSoon: () => undefined,
    keyFrame: () => (part === 0 ? undefined : { rendition: 'v1', init: 'i', part: String(part) }),
    rendition: () => ({
      name: 'v1',
      playlist: () => ({ kind: 'busy' as const }),
      media: (file: string) => bytes(file === 'i' ? 0x49 : Number(file)),
    }),
  } satisfies LiveBroadcast
  const reads: number[] = []
  const store = {
    index: async () => index,
    read: async (_: string, __: number, first: number) => {
      reads.push(first)
      return new Uint8Array([first])
    },
  }
  const pictures = createPictures({
    ...{ ffmpeg, store, log, now: () => now },
    /** Of what works enough for a busy machine, which gives least to it. */
    get patience() {
      return readFileSync(mode, 'utf8') === 'stop' ? 1_000 : 20_000
    },
  })
  const modeIs = (value: 'good' | 'bad' | 'stop') => writeFileSync(mode, value)
  modeIs('good')
  return {
    pictures,
    broadcast,
    warnings,
    reads,
    modeIs,
    pass: (ms: number) => (now += ms),
    keyFrame: (number: number) => (part = number),
    /** The bytes that the picture was made of. */
    async thumbnail(): Promise<number[] | undefined> {
      const made = await pictures.thumbnail(broadcast)
      return made && [...made.bytes.subarray(102, -2)]
    },
    runs: () => {
      try {
        return readFileSync(runs, 'utf8').length
      } catch {
        return 0
      }
    },
  }
}

test('a picture is made of the newest key frame, kept for ten seconds, and made again when one asks', async (t) => {
  const { thumbnail, keyFrame, pass, runs } = stage(t)
  assert.deepEqual(await thumbnail(), [0x49, 1])
  keyFrame(2)
  pass(PICTURE_LIMITS.fresh - 1)
  assert.deepEqual(await thumbnail(), [0x49, 1])
  pass(1)
  assert.deepEqual(await Promise.all([thumbnail(), thumbnail()]), [
    [0x49, 2],
    [0x49, 2],
  ])
  assert.equal(runs(), 2)
  // The same key frame needs no other picture.
  pass(PICTURE_LIMITS.fresh)
  assert.deepEqual(await thumbnail(), [0x49, 2])
  assert.equal(runs(), 2)
})

test('the last picture stays when the broadcast ends', async (t) => {
  const { thumbnail, keyFrame, pass, runs, broadcast } = stage(t)
  await thumbnail()
  Object.assign(broadcast, { ended: true })
  keyFrame(2)
  pass(100 * PICTURE_LIMITS.fresh)
  assert.deepEqual(await thumbnail(), [0x49, 1])
  assert.equal(runs(), 1)
})

test('a program that fails or hangs leaves the picture before, is tried again later, and is logged once', async (t) => {
  const { thumbnail, keyFrame, pass, runs, modeIs, warnings } = stage(t)
  await thumbnail()
  keyFrame(2)
  for (const [mode, said] of [
    ['bad', 1],
    ['bad', 1],
    ['stop', 2],
    ['stop', 2],
  ] as const) {
    modeIs(mode)
    pass(PICTURE_LIMITS.longestRest)
    assert.deepEqual(await thumbnail(), [0x49, 1])
    const before = runs()
    assert.deepEqual(await thumbnail(), [0x49, 1])
    assert.equal(runs(), before)
    assert.equal(warnings.length, said)
  }
  modeIs('good')
  pass(PICTURE_LIMITS.longestRest)
  assert.deepEqual(await thumbnail(), [0x49, 2])
})

test('a channel whose picture fails again and again is tried less and less often', async (t) => {
  const { thumbnail, pass, runs, modeIs } = stage(t)
  modeIs('bad')
  for (let second = 0; second < 100; second++) {
    await thumbnail()
    pass(1_000)
  }
  // At 0, 10, 30 and 70 s.
  assert.equal(runs(), 4)
})

test('where no key frame is in memory any more the newest one of the recording is taken', async (t) => {
  const { thumbnail, keyFrame, pass, reads } = stage(t, recording([0, 4], false))
  keyFrame(0)
  assert.deepEqual(await thumbnail(), [0x49, 40])
  keyFrame(2)
  pass(PICTURE_LIMITS.fresh)
  assert.deepEqual(await thumbnail(), [0x49, 2])
  keyFrame(0)
  pass(PICTURE_LIMITS.fresh)
  assert.deepEqual(await Promise.all([thumbnail(), thumbnail()]), [
    [0x49, 40],
    [0x49, 40],
  ])
  assert.deepEqual(reads, [40, 40])
})

test('there is no picture without a key frame, or without ffmpeg', async (t) => {
  const { thumbnail, keyFrame, runs, broadcast } = stage(t)
  keyFrame(0)
  assert.equal(await thumbnail(), undefined)
  assert.equal(runs(), 0)
  keyFrame(1)
  assert.deepEqual(await thumbnail(), [0x49, 1])
  const log = { debug() {}, info() {}, warn() {}, error() {} }
  const store = { index: async () => undefined, read: async () => undefined }
  const none = createPictures({ ffmpeg: undefined, store, log })
  assert.equal(none.available, false)
  assert.equal(await none.thumbnail(broadcast), undefined)
  assert.equal(await none.poster('as_1'), undefined)
})

test('of a deleted recording there are no pictures any more, nor is one kept that was being made', async (t) => {
  const made = stage(t, recording([0, 4], true)).pictures
  assert.ok((await made.poster('as_1')) !== undefined)
  const { interval = 0, sheets = [] } = (await made.storyboard('as_1')) ?? {}
  assert.equal(sheets.length, 1)
  const making = stage(t, recording([0, 4], true)).pictures
  const coming = making.poster('as_1')
  for (const pictures of [made, making]) {
    pictures.forget('as_1')
    assert.equal(await pictures.poster('as_1'), undefined)
    assert.equal(await pictures.storyboard('as_1'), undefined)
    assert.equal(await pictures.sheet('as_1', { interval, part: 0, count: 1 }), undefined)
  }
  assert.equal(await coming, undefined)
  assert.equal(await making.poster('as_1'), undefined)
})

test('the picture of what is live outlasts its recording: one that is not recorded has none from its end on', async (t) => {
  const { pictures, broadcast, thumbnail } = stage(t)
  await thumbnail()
  Object.assign(broadcast, { ended: true })
  pictures.forget('as_1')
  assert.deepEqual(await thumbnail(), [0x49, 1])
})

/** A recording of eight segments, of which these begin with a key frame. */
function recording(independent: readonly number[], ended: boolean): AssetIndex {
  const segments = Array.from({ length: 8 }, (_, i) => ({
    ...{ msn: i, epoch: 0, firstPart: 10 * i, lastPart: 10 * i + 9, start: i, duration: 1, timescale: 1 },
    ...{ size: 1, independent: independent.includes(i), gap: false, closedAt: 0 },
  }))
  const config = videoConfig()
  return {
    ...{ assetId: 'as_1', ended, shed: false, version: 1, bytes: 0, next: { msn: 8, part: 80 } },
    timing: { targetDuration: 4, partTarget: 0.35 },
    removed: { segments: 0, discontinuities: 0 },
    epochs: [
      { id: 0, start: 0, wallClock: 0, tracks: [{ track: 1, config, init: new Uint8Array([0x49]), initNumber: 0 }] },
    ],
    tracks: [{ track: 1, kind: 'video', segments }],
  }
}

test('a poster is of the first key frame from a quarter on, or of the last one before', async (t) => {
  for (const [independent, wanted] of [
    [[0, 4, 6], 40],
    [[2, 4], 20],
    [[0, 1], 10],
  ] as const) {
    const { pictures, reads } = stage(t, recording(independent, true))
    const picture = await pictures.poster('as_1')
    assert.deepEqual([...(picture?.bytes.subarray(102, -2) ?? [])], [0x49, wanted])
    assert.deepEqual(reads, [wanted])
  }
  const { pictures } = stage(t, recording([], true))
  assert.equal(await pictures.poster('as_1'), undefined)
})

test('the poster of a finished recording is made once, of one that runs it is looked for again', async (t) => {
  for (const [ended, lookups] of [
    [true, 1],
    [false, 2],
  ] as const) {
    const index = recording([0], ended)
    const { pictures, pass, runs } = stage(t, index)
    let asked = 0
    Object.defineProperty(index, 'epochs', { get: () => (asked++, recording([0], ended).epochs) })
    for (let i = 0; i < 3; i++) {
      await pictures.poster('as_1')
      pass(PICTURE_LIMITS.poster / 2)
    }
    assert.equal(asked, lookups)
    assert.equal(runs(), 1)
  }
})
