import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { AUDIO_TRACK, VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { createDiskStore } from '../store/disk.ts'
import { createFaultyIo } from '../store/fixtures/faulty-io.ts'
import { quietLog, temporaryFolder } from '../store/fixtures/material.ts'
import { audioConfig, encode, type Sent } from './fixtures/encoder.ts'
import { createStudio } from './fixtures/studio.ts'
import { playlist, text, watchedWindow } from './fixtures/watched.ts'

const timing = { targetDuration: 4, partTarget: 0.35 }

/** A broadcast with its live window and a real store, on a disk that can be full or behind. */
async function broadcast(t: TestContext, options: { readonly maxBytes?: number; readonly spanMs?: number } = {}) {
  const { maxBytes = 1e12, spanMs = 600_000 } = options
  const io = createFaultyIo()
  io.freeBytes = 1e12
  const bounds = { maxBytes, maxAgeMs: 1e15, minFreeBytes: 1e6 }
  // A disk that is behind does answer.
  const limits = { tickMs: 5, scanDelayMs: 1e6, hungMs: 1e9, spanMs }
  const root = await temporaryFolder(t)
  const studio = createStudio({ sinks: () => [writer, window] })
  const now = () => studio.now
  const store = createDiskStore({ root, log: quietLog, retention: bounds, io, limits, now })
  t.after(() => store.close())
  const writer = store.create('as_one', timing)
  const window = watchedWindow({
    timing,
    older: {
      available: () => writer.state.recording,
      written: () => writer.written(),
      read: (track, first, last) => writer.read(track, first, last),
    },
  })

  /** Sends what an encoder sends from one second to another, and lets the disk have it. */
  async function send(sent: readonly Sent[], from: number, to: number, each = () => {}): Promise<void> {
    for (let second = from; second < to; second += 2) {
      const begun = studio.now
      const now = sent.filter(({ at }) => at >= second && at < Math.min(second + 2, to))
      studio.send(now.map((one) => ({ ...one, at: one.at - second })))
      studio.now = begun + 2000
      each()
      if (writer.state.recording && io.fault === undefined) await writer.written()
      await sleep(5)
    }
  }

  /** The segments that are listed, and their parts: those of some that are not listed any more too. */
  async function listed(): Promise<ReadonlyMap<string, Buffer | undefined>> {
    const found = new Map<string, Buffer | undefined>()
    for (const name of ['v1', 'a2']) {
      for (const { uri, gap, parts } of playlist(window, name).segments) {
        if (gap) continue
        for (const one of [uri, ...parts.filter((part) => !part.gap).map((part) => part.uri)]) {
          const answer = window.rendition(name)?.media(one)
          const media = answer?.kind === 'wait' ? await answer.ready : answer?.kind === 'now' ? answer : undefined
          found.set(`${name}/${one}`, media && Buffer.concat(media.chunks))
        }
      }
    }
    return found
  }

  /** What is listed and cannot be had. */
  async function dead(): Promise<string[]> {
    return [...(await listed())].filter(([, bytes]) => bytes === undefined).map(([uri]) => uri)
  }

  async function fill(isFull: boolean): Promise<void> {
    io.freeBytes = isFull ? 0 : 1e12
    await store.retain()
  }

  return { io, studio, window, writer, store, send, listed, dead, fill }
}

for (const isWatched of [true, false]) {
  const who = isWatched ? 'somebody watches' : 'nobody watches'
  test(`after a time without recording all that is listed can be had: ${who}`, async (t) => {
    const { studio, window, writer, send, dead, fill } = await broadcast(t)
    const sent = [...encode({ seconds: 92, gop: 60 })]
    const watch = () => void (isWatched && ['v1', 'a2'].map((name) => window.rendition(name)?.playlist({})))
    studio.connect()
    await send(sent, 0, 30, watch)
    await fill(true)
    await send(sent, 30, 46, watch)
    assert.equal(writer.state.recording, false)
    await fill(false)
    for (const second of [46, 52, 58, 70, 82]) {
      await send(sent, second, second + 6, watch)
      assert.deepEqual([writer.state.recording, await dead()], [true, []], `${second + 6} s`)
      assert.ok(playlist(window, 'v1').segments.length >= 6)
    }
  })
}

test('what is listed can be had where recordings may take less than a playlist lists', async (t) => {
  const { studio, writer, store, send, dead } = await broadcast(t, { maxBytes: 100_000 })
  const sent = [...encode({ seconds: 176, gop: 60 })]
  studio.connect()
  for (let second = 0; second < 176; second += 8) {
    await send(sent, second, second + 8)
    await store.retain()
    assert.deepEqual([writer.state.recording, await dead()], [true, []], `${second + 8} s`)
  }
  // What no playlist lists goes: two minutes and a third are left.
  const segments = (await store.index('as_one'))?.tracks[0]?.segments
  const seconds = (segments?.slice() ?? []).reduce((sum, { duration, timescale }) => sum + duration / timescale, 0)
  assert.ok(seconds >= 140 && seconds < 150, `${seconds} s`)
})

test('a disk that something else fills stops the recording before anything goes that is listed', async (t) => {
  const { studio, writer, store, send, dead, fill } = await broadcast(t, { spanMs: 4_000 })
  const sent = [...encode({ seconds: 244, gop: 60 })]
  studio.connect()
  await send(sent, 0, 80)
  const recorded = store.usage()
  await fill(true)
  assert.match(writer.state.reason ?? '', /almost full/)
  // Nobody has been told yet that the recording has stopped.
  assert.deepEqual(await dead(), [])
  for (const second of [80, 82, 90]) {
    await send(sent, second, second + 2)
    await fill(true)
    assert.deepEqual([store.usage() >= recorded, await dead()], [true, []], `${second + 2} s`)
  }
  // Nobody has been shown any of it for long: it makes room.
  await send(sent, 92, 232)
  await fill(true)
  assert.ok(store.usage() < recorded / 4, `${store.usage()} of ${recorded} bytes`)
  await fill(false)
  await send(sent, 232, 244)
  assert.deepEqual([writer.state.recording, await dead()], [true, []])
})

test('what is listed can be had while the disk is behind, with the bytes that it has there in the end', async (t) => {
  const { io, studio, writer, send, listed, dead } = await broadcast(t)
  const sent = [...encode({ seconds: 60, gop: 60 })]
  studio.connect()
  // In the middle of a segment: the disk has the first parts of it.
  await send(sent, 0, 11)
  io.fault = 'hang'
  const seen = new Map<string, Buffer | undefined>()
  for (let second = 11; second < 41; second += 2) {
    await send(sent, second, second + 2)
    for (const [uri, bytes] of await listed()) {
      assert.ok(bytes !== undefined, `${uri} after ${second + 2} s`)
      assert.deepEqual(seen.get(uri) ?? bytes, bytes)
      seen.set(uri, bytes)
    }
  }
  assert.equal(writer.state.recording, true)
  io.fault = undefined
  io.release()
  await writer.written()
  // Only what is older than memory comes from the disk.
  await send(sent, 41, 60)
  assert.deepEqual(await dead(), [])
  let compared = 0
  for (const [uri, bytes] of await listed()) {
    if (!seen.has(uri)) continue
    assert.deepEqual(bytes, seen.get(uri), uri)
    compared++
  }
  assert.ok(compared > 30, `${compared}`)
})

test('sound that joins while the last segment before it is being written lists silence up to there', async (t) => {
  const { studio, window, send } = await broadcast(t)
  const sent = [...encode({ seconds: 30, gop: 60 })]
  studio.connect({ audio: undefined, announce: false })
  await send(
    sent.filter(({ unit }) => unit.track === VIDEO_TRACK),
    0,
    13,
  )
  studio.do((timeline, now) => timeline.configure(AUDIO_TRACK, audioConfig(), now))
  await send(sent, 13, 21)
  const lines = text(window, 'a2').split('\n')
  const joined = lines.indexOf('#EXT-X-DISCONTINUITY')
  assert.ok(joined > 0)
  const before = lines.slice(0, joined).filter((line) => /^[a-z]\d/.test(line))
  assert.match(before.at(-1) ?? '', /^q/)
})
