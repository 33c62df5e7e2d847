import assert from 'node:assert/strict'
import { cp } from 'node:fs/promises'
import { type TestContext, test } from 'node:test'
import { parsePlaylist } from '@bandstand/media/manifests/hls/parse.ts'
import type { Snapshot } from '../../check/observation.ts'
import { applyRules } from '../../check/rule.ts'
import { changeRules } from '../../check/rules/changes.ts'
import { createDiskStore } from '../../store/disk.ts'
import { quietLog, retention, temporaryFolder, until } from '../../store/fixtures/material.ts'
import type { AssetIndex } from '../../store/port.ts'
import { createStudio, type Studio } from '../fixtures/studio.ts'
import { everything, manualScheduler, text, watchedWindow } from '../fixtures/watched.ts'
import type { BroadcastTiming, Part } from '../model.ts'
import { resumePoint } from './recovered.ts'
import type { LiveWindow } from './window.ts'

/** What players see of a process that is killed, and of the one after it. */

const timing: BroadcastTiming = { targetDuration: 4, partTarget: 0.35 }

const stored = () => Promise.resolve()
const never = () => new Promise<void>(() => undefined)

/** A window that was given everything up to a part; the disk has not taken that last one. */
async function shownUpTo(studio: Studio, last: number): Promise<LiveWindow> {
  let written = stored
  const window = watchedWindow({ timing, older: { ...everything, written: () => written() } })
  for (const epoch of studio.recorded.epochs) window.epoch(epoch)
  for (const [i, part] of studio.recorded.parts.slice(0, last + 1).entries()) {
    if (i === last) written = never
    window.part(part)
    await Promise.resolve()
  }
  return window
}

/** The next process; its encoder is back for a moment. */
function* afterwards(studio: Studio, index: AssetIndex): Generator<LiveWindow> {
  const window = watchedWindow({ timing, older: everything, recovered: index })
  yield window
  const point = resumePoint(index)
  const [epoch] = studio.recorded.epochs
  assert.ok(epoch !== undefined)
  window.epoch({ ...epoch, id: point.epoch, start: point.start, wallClock: point.notBefore + 2_000 })
  for (const like of [1, 2].flatMap((track) => studio.parts(track).slice(0, 1))) {
    const ticks = like.track === 1 ? 1 : 48 / 90
    const numbers = { number: index.next.part, msn: point.msn, epoch: point.epoch }
    window.part({ ...like, ...numbers, start: Math.ceil(point.start * ticks) })
  }
  yield window
}

function reading(window: LiveWindow, name: string): Snapshot {
  const parsed = parsePlaylist(text(window, name))
  assert.ok(parsed.kind === 'media')
  const fetched = { url: `http://host/${name}/index.m3u8`, startedAt: 0, endedAt: 0 }
  const snapshot = { fetched, directives: {}, playlist: parsed.playlist, issues: parsed.issues, encrypted: false }
  return snapshot as unknown as Snapshot
}

/** What the rules of `bandstand check` about changes say of one rendition's readings. */
function broken(name: string, snapshots: readonly Snapshot[]): readonly string[] {
  const watch = { url: `http://host/${name}/index.m3u8`, snapshots }
  const observation = { url: '', renditions: [watch] } as unknown as Parameters<typeof applyRules>[1]
  const issues = snapshots.flatMap((s) => s.issues.map(({ rule }) => rule))
  return [
    ...issues,
    ...applyRules(changeRules, observation).flatMap(({ rule, messages }) => `${rule} ${messages.join(', ')}`),
  ]
}

/** A broadcast on a disk, of which a killed process leaves all parts before any one. */
async function broadcast(t: TestContext, studio: Studio) {
  const root = await temporaryFolder(t)
  const store = createDiskStore({ root, log: quietLog, retention, limits: { tickMs: 5 } })
  t.after(() => store.close())
  const writer = store.create('as_one', timing)
  const reserved = studio.recorded.reserved.at(-1)
  assert.ok(reserved !== undefined)
  writer.reserve(reserved)
  for (const epoch of studio.recorded.epochs) writer.epoch(epoch)
  return async (part: Part): Promise<AssetIndex> => {
    await until(async () => (await store.index('as_one'))?.next.msn === reserved.msn + 1, 'reserved')
    const copy = await temporaryFolder(t)
    await cp(root, copy, { recursive: true })
    const next = createDiskStore({ root: copy, log: quietLog, retention, limits: { scanDelayMs: 1e6 } })
    const [index] = await next.recover()
    await next.close()
    assert.ok(index !== undefined)
    writer.part(part)
    await writer.written()
    return index
  }
}

test('whichever part a killed process listed and did not write, nothing that was listed changes', async (t) => {
  const studio = createStudio()
  studio.stream({ seconds: 20, gop: 60 })
  const leave = await broadcast(t, studio)
  const { parts } = studio.recorded
  const from = parts.findIndex(({ msn }) => msn === (parts.at(-1)?.msn ?? 0) - 2)
  const found = new Set<string>()
  for (const [k, part] of parts.entries()) {
    const index = await leave(part)
    if (k < from) continue
    const shown = await shownUpTo(studio, k)
    const names = ['v1', 'a2']
    const seen = new Map(names.map((name) => [name, [reading(shown, name)]]))
    for (const window of afterwards(studio, index)) {
      for (const name of names) seen.get(name)?.push(reading(window, name))
    }
    for (const [name, snapshots] of seen) for (const what of broken(name, snapshots)) found.add(what)
  }
  assert.deepEqual([...found], [])
})

test('a segment is listed with its parts at once and as a whole when its last part is written', async () => {
  const studio = createStudio()
  studio.stream({ seconds: 5, gop: 60 })
  const closing = studio.recorded.parts.findIndex(({ track, last }) => track === 1 && last)
  const part = studio.recorded.parts[closing]
  let written: (() => void) | undefined
  const window = watchedWindow({
    timing,
    older: { ...everything, written: () => new Promise((resolve) => (written = resolve)) },
  })
  for (const epoch of studio.recorded.epochs) window.epoch(epoch)
  for (const one of studio.recorded.parts.slice(0, closing + 1)) window.part(one)
  const before = reading(window, 'v1').playlist
  assert.equal(before.trailingParts.length, studio.parts(1).filter(({ msn }) => msn === part?.msn).length)
  const asked = window.rendition('v1')?.playlist({ msn: part?.msn ?? 0 })
  assert.ok(asked?.kind === 'wait')
  assert.ok(window.rendition('v1')?.media(before.trailingParts.at(-1)?.uri ?? '').kind === 'now')
  written?.()
  assert.match((await asked.ready)?.plain.toString() ?? '', /,\ns\d+-\d+\.m4s\n(?!#EXT-X-PART:)/)
  assert.deepEqual(reading(window, 'v1').playlist.trailingParts, [])
  // In DASH with the first of the sound.
  const sound = studio.recorded.parts.findIndex(({ track, last }) => track === 2 && last)
  for (const one of studio.recorded.parts.slice(closing + 1, sound + 1)) window.part(one)
  assert.equal(window.manifest(), undefined)
  written?.()
  await new Promise((resolve) => setImmediate(resolve))
  assert.ok(window.manifest() !== undefined)
})

test('a disk that does not answer holds no segment back for longer than to the next part', async () => {
  const studio = createStudio()
  studio.stream({ seconds: 9, gop: 60 })
  const scheduler = manualScheduler()
  const window = watchedWindow({ timing, scheduler, older: { ...everything, written: never } })
  for (const epoch of studio.recorded.epochs) window.epoch(epoch)
  for (const part of studio.recorded.parts) {
    window.part(part)
    const { playlist } = reading(window, `${part.track === 1 ? 'v' : 'a'}${part.track}`)
    assert.equal(playlist.mediaSequence + playlist.segments.length, part.msn)
  }
  scheduler.advance(400)
  const { msn = 0 } = studio.recorded.parts.at(-1) ?? {}
  for (const name of ['v1', 'a2']) {
    const { playlist } = reading(window, name)
    assert.equal(playlist.mediaSequence + playlist.segments.length, msn + 1)
  }
  assert.equal(scheduler.pending, 0)
})
