import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { readClip } from '@bandstand/media/containers/isobmff/fixtures/clip.ts'
import { audioConfig } from '../packager/fixtures/encoder.ts'
import type { ListedRung, Part } from '../packager/model.ts'
import { createPackager, type Packager } from '../packager/packager.ts'
import { createRungPacker } from '../packager/rung-packer.ts'
import { chooseTiming } from '../packager/timing.ts'
import type { TimelineEvent, TimelineTrack } from '../timeline/model.ts'
import { createLadder, type Ladder, type LadderOptions } from './ladder.ts'
import type { LadderSettings } from './model.ts'
import { chosenRungs } from './rung-policy.ts'
import type { Trials } from './trial.ts'

const clipUrl = new URL(import.meta.resolve('@bandstand/media/containers/isobmff/fixtures/clip.flv'))
const clip = readClip(readFileSync(clipUrl))
/** The clip is 160 × 90, 30 frames a second, key frames a second apart. */
const rungs = [
  { height: 72, bitrate: 200_000, frameRate: 30 },
  { height: 46, bitrate: 100_000, frameRate: 30 },
]
const settings: LadderSettings = { mode: 'on-demand', encoder: 'x264', preset: 'superfast', rungs }
const works: Trials = { of: async () => ({ works: true }) }

const folder = mkdtempSync(join(tmpdir(), 'bandstand-ladder-'))
after(() => rmSync(folder, { recursive: true }))

/** A program of a few lines in place of ffmpeg. */
function program(name: string, script: string): string {
  const file = join(folder, name)
  writeFileSync(file, `#!/bin/sh\n${script}\n`)
  chmodSync(file, 0o755)
  return file
}

interface Rig {
  readonly ladder: Ladder
  readonly listed: ListedRung[][]
  readonly parts: Part[]
  /** Of the source itself. */
  readonly source: Part[]
  readonly logged: string[]
  /** Unix ms; goes on when told to. */
  now: number
  open(tracks?: readonly TimelineTrack[]): void
  /** The clip again and again, so many seconds. @param data in place of each of its pictures */
  play(seconds: number, data?: Uint8Array): void
  close(): void
  /** Lets real time pass, ticking, until it is so. @param step ms by which its clock goes on in each 20 of the world's */
  until(what: string, is: () => boolean, step?: number): Promise<void>
}

const video: TimelineTrack = { track: VIDEO_TRACK, config: clip.video, frameDuration: 1 / 30 }

function createRig(t: TestContext, change: Partial<LadderSettings> = {}, options: Partial<LadderOptions> = {}): Rig {
  const parts: Part[] = []
  const source: Part[] = []
  const listed: ListedRung[][] = []
  const logged: string[] = []
  const timing = chooseTiming([1 / 30])
  const write = (_: object, message: string) => void logged.push(message)
  const packer = createRungPacker({
    timing,
    sink: { part: (part) => void parts.push(part), rung: () => undefined },
    numbersOf: (track) => packager.numbersOf(track),
  })
  const sink = { epoch: () => undefined, part: (part: Part) => void source.push(part), reserve: () => undefined }
  const packager: Packager = createPackager({ timing, sinks: [sink], follower: packer })
  let epoch = -1
  let ticks = 0
  const ladder = createLadder({
    ...{ ffmpeg: 'ffmpeg', settings: { ...settings, ...change }, policy: chosenRungs(rungs) },
    ...{ trials: works, packer, fields: {} },
    list: (found) => void listed.push([...found]),
    log: { debug: write, info: write, warn: write, error: write },
    now: () => rig.now,
    steady: () => rig.now,
    load: () => 0.1,
    ...options,
  })
  t.after(() => ladder.close())
  const give = (event: TimelineEvent) => {
    packager.handle(event, rig.now)
    ladder.handle(event)
  }
  const rig: Rig = {
    ...{ ladder, listed, parts, source, logged },
    now: 1_700_000_000_000,
    open(tracks = [video]) {
      epoch++
      const facts = {
        id: epoch,
        start: ticks,
        wallClock: rig.now,
        tracks,
        reason: 'encoder',
      } as const
      give({ kind: 'epoch-opened', ...facts })
    },
    play(seconds, filler) {
      for (let i = 0; i < seconds * 30; i++) {
        const picture = clip.pictures[(ticks / 3000) % clip.pictures.length]
        if (picture === undefined) throw new TypeError('the clip has 90 pictures')
        const { key, compositionOffset } = picture
        const data = filler ?? picture.data
        const pts = ticks + compositionOffset
        give({ kind: 'unit', unit: { track: VIDEO_TRACK, dts: ticks, pts, key, data, arrivedAt: rig.now } })
        ticks += 3000
      }
    },
    close: () => give({ kind: 'epoch-closed', id: epoch, end: ticks }),
    async until(what, is, step = 20) {
      const limit = performance.now() + 60_000
      while (!is()) {
        assert(performance.now() < limit, `waited for ${what}: ${JSON.stringify(ladder.report)}`)
        await new Promise((done) => setTimeout(done, 20))
        rig.now += step
        ladder.tick()
      }
    },
  }
  return rig
}

const sizes = (found: readonly ListedRung[] | undefined) => found?.map(({ height }) => height)
const media = (rig: Rig) => rig.parts.filter(({ gap }) => !gap)

test('rungs are listed when the encoder has passed its trial, and made when somebody asks', async (t) => {
  const rig = createRig(t)
  rig.open()
  assert.deepEqual(rig.listed, [])
  await rig.until('the trial', () => rig.listed.length > 0)
  assert.deepEqual(sizes(rig.listed[0]), [72, 46])
  rig.play(5)
  assert.equal(rig.ladder.report.state, 'waiting')
  assert.deepEqual(media(rig), [])
  rig.ladder.asked()
  await rig.until('media of both', () => new Set(media(rig).map(({ track }) => track)).size === 2)
  await rig.until('it to run', () => rig.ladder.report.state === 'running')
  // From the begin of a segment on.
  assert.equal(media(rig)[0]?.independent, true)
})

test('half a minute after the last viewer it is not made any more', async (t) => {
  const rig = createRig(t)
  rig.open()
  await rig.until('the trial', () => rig.listed.length > 0)
  rig.ladder.asked()
  rig.play(3)
  await rig.until('it to run', () => rig.ladder.report.state === 'running')
  rig.now += 31_000
  await rig.until('it to wait', () => rig.ladder.report.state === 'waiting')
  rig.play(3)
  // Time for ffmpeg to write something, if there were one.
  const until = rig.now + 500
  await rig.until('half a second', () => rig.now >= until)
  assert.equal(media(rig).filter(({ start }) => start >= 4 * 90_000).length, 0)
  assert.equal(rig.ladder.report.state, 'waiting')
  assert.equal(rig.ladder.report.restarts, 0)
})

test('an encoder that does not work is replaced by x264, and that is said', async (t) => {
  const trials: Trials = {
    of: async (encoder) => (encoder === 'x264' ? { works: true } : { works: false, reason: 'no such card' }),
  }
  const rig = createRig(t, { mode: 'always', encoder: 'nvenc' }, { trials })
  rig.open()
  await rig.until('the trials', () => rig.listed.length > 0)
  rig.play(3)
  await rig.until('media', () => media(rig).length > 0)
  const { encoder, message } = rig.ladder.report
  assert.deepEqual([encoder, message], ['x264', 'nvenc does not work here: no such card; x264 is used'])
})

test('where nothing works nothing is listed, and that is said', async (t) => {
  const trials: Trials = { of: async () => ({ works: false, reason: 'no encoder' }) }
  const rig = createRig(t, { mode: 'always' }, { trials })
  rig.open()
  await rig.until('the verdict', () => rig.ladder.report.state === 'failing')
  rig.play(3)
  assert.deepEqual([rig.listed, rig.parts], [[], []])
  assert.equal(rig.ladder.report.message, 'x264 does not work here: no encoder')
})

test('an ffmpeg that ends at once is started again later and later', async (t) => {
  const rig = createRig(t, { mode: 'always' }, { ffmpeg: '/bin/false' })
  rig.open()
  await rig.until('the trial', () => rig.listed.length > 0)
  rig.play(3)
  const begun = rig.now
  await rig.until('four restarts', () => rig.ladder.report.restarts === 4)
  assert(rig.now - begun >= 250 + 500 + 1000, `${rig.now - begun} ms`)
  assert.match(rig.ladder.report.message ?? '', /^ffmpeg: it ended with status 1/)
  // Nobody is to wait for it.
  assert.deepEqual(rig.listed.at(-1), [])
})

test('epoch after epoch: each is made to its end', async (t) => {
  const rig = createRig(t, { mode: 'always' })
  rig.open()
  await rig.until('the trial', () => rig.listed.length > 0)
  rig.play(3)
  rig.close()
  rig.open()
  rig.play(3)
  rig.close()
  const ends = () => rig.parts.filter(({ last, epoch }) => last && epoch === 1).length
  // What finishes is given seconds, and ffmpeg has a low priority.
  await rig.until('both epochs', () => ends() >= 4, 2)
  for (const track of [11, 12]) {
    const own = media(rig).filter((part) => part.track === track)
    const total = own.reduce((sum, { duration }) => sum + duration, 0)
    assert(Math.abs(total - 6 * 90_000) <= 6_000, `track ${track}: ${total / 90_000} s`)
  }
  assert.equal(rig.ladder.report.restarts, 0)
})

test('an ffmpeg that is killed is replaced by one that goes on where it was: nothing is missing of either rung', async (t) => {
  const ffmpeg = program('struck', 'echo $$ > "$0.pid"; exec ffmpeg "$@"')
  const rig = createRig(t, { mode: 'always' }, { ffmpeg })
  rig.open()
  await rig.until('the trial', () => rig.listed.length > 0)
  rig.play(3.5)
  const reach = (track: number) =>
    Math.max(0, ...media(rig).flatMap((part) => (part.track === track ? part.start + part.duration : [])))
  await rig.until('both rungs', () => Math.min(reach(11), reach(12)) > 2.5 * 90_000, 2)
  // It has run for a while: the next one is started at once.
  rig.now += 4_000
  process.kill(Number(readFileSync(`${ffmpeg}.pid`, 'latin1')), 'SIGKILL')
  await rig.until('its end', () => rig.ladder.report.restarts === 1, 2)
  rig.play(3)
  await rig.until('both rungs again', () => Math.min(reach(11), reach(12)) > 5.5 * 90_000, 2)
  for (const track of [11, 12]) {
    const own = rig.parts.filter((part) => part.track === track)
    let last = own[0]
    for (const part of own.slice(1)) {
      const hole = part.start - (last?.start ?? 0) - (last?.duration ?? 0)
      assert(!part.gap && hole === 0, `track ${track}: ${hole} ticks are missing at ${part.start}`)
      last = part
    }
  }
  assert(!rig.logged.includes('ladder: given up for this broadcast'))
})

test('one that was given very much is followed by another: nothing is missing of either rung, or there twice', async (t) => {
  const ffmpeg = program('spent', 'echo . >> "$0.count"; exec ffmpeg "$@"')
  const rig = createRig(t, { mode: 'always' }, { ffmpeg, pictures: 75 })
  rig.open()
  await rig.until('the trial', () => rig.listed.length > 0)
  for (let seconds = 1; seconds <= 7; seconds++) {
    rig.play(1)
    const reach = (track: number) =>
      Math.max(0, ...media(rig).flatMap((part) => (part.track === track ? part.start + part.duration : [])))
    // The newest part is in the making, and the writer holds a picture.
    await rig.until(`second ${seconds}`, () => Math.min(reach(11), reach(12)) > (seconds - 1) * 90_000, 2)
  }
  const begun = readFileSync(`${ffmpeg}.count`, 'latin1').trim().split('\n').length
  assert(begun >= 3, `${begun} ffmpegs`)
  for (const track of [11, 12]) {
    const own = rig.parts.filter((part) => part.track === track)
    let last = own[0]
    for (const part of own.slice(1)) {
      const hole = part.start - (last?.start ?? 0) - (last?.duration ?? 0)
      assert(!part.gap && hole === 0, `track ${track}: ${hole} ticks are missing at ${part.start}`)
      last = part
    }
  }
  assert.equal(rig.ladder.report.restarts, 0)
})

test('sound alone lists nothing, also after pictures', async (t) => {
  const rig = createRig(t)
  rig.open()
  await rig.until('the trial', () => rig.listed.length > 0)
  rig.play(2)
  rig.close()
  rig.open([{ track: 2, config: audioConfig(), frameDuration: 1024 / 48_000 }])
  assert.deepEqual(rig.listed.at(-1), [])
  const { state, message } = rig.ladder.report
  assert.deepEqual([state, message], ['nothing-to-do', 'there are no pictures'])
})

test('when it fails it is given up, and the source does not notice', async (t) => {
  const rig = createRig(t, { mode: 'always' })
  rig.open()
  await rig.until('the trial', () => rig.listed.length > 0)
  rig.ladder.fail(new TypeError('broken'))
  rig.play(3)
  rig.close()
  assert.deepEqual(rig.listed.at(-1), [])
  assert.equal(
    rig.source.reduce((sum, { duration, gap }) => sum + (gap ? 0 : duration), 0),
    3 * 90_000,
  )
  assert.match(rig.ladder.report.message ?? '', /given up/)
  assert(rig.logged.includes('ladder: given up for this broadcast'))
})

test('an ffmpeg that is too slow for both rungs makes the cheaper one, and both when it may be quicker', async (t) => {
  // As long as there are two it reads at half of real time.
  const ffmpeg = program(
    'slow',
    'case "$*" in *"[r1]"*) [ -e "$0.quick" ] || exec ffmpeg -readrate 0.5 "$@" ;; esac\nexec ffmpeg "$@"',
  )
  const rig = createRig(t, { mode: 'always' }, { ffmpeg })
  rig.open()
  await rig.until('the trial', () => rig.listed.length > 0)
  rig.play(3)
  await rig.until('it to run', () => rig.ladder.report.state === 'running')
  let played = rig.now - 4_000
  const asItGoes = () => {
    // Twice as fast as the clock: ten times as much has to be made up for.
    if (rig.now - played >= 1_000) rig.play(2)
    if (rig.now - played >= 1_000) played += 1_000
    return rig.ladder.report.rungs.some(({ shed }) => shed)
  }
  await rig.until('a rung to go', asItGoes)
  assert.deepEqual(sizes(rig.listed.at(-1)), [46])
  assert.equal(rig.ladder.report.message, 'this machine is too slow for 72p; left out for a while')
  rig.play(2)
  await rig.until('the other one to go on', () => rig.ladder.report.state === 'running')
  assert.equal(rig.ladder.report.restarts, 0)
  writeFileSync(`${ffmpeg}.quick`, '')
  rig.now += 61_000
  await rig.until('it to come back', () => rig.listed.at(-1)?.length === 2)
  rig.play(2)
  await rig.until('both to run', () => rig.ladder.report.state === 'running')
  assert.equal(rig.ladder.report.message, undefined)
})

test('one that does not even read what it is given costs a rung', async (t) => {
  const rig = createRig(t, { mode: 'always' }, { ffmpeg: program('deaf', 'exec sleep 30') })
  rig.open()
  await rig.until('the trial', () => rig.listed.length > 0)
  const picture = new Uint8Array(400_000)
  for (let i = 0; i < 3 && !rig.ladder.report.message; i++) {
    rig.play(1, picture)
    await rig.until('it to start', () => rig.ladder.report.state !== 'failing')
  }
  await rig.until('a rung to go', () => rig.ladder.report.rungs.some(({ shed }) => shed))
  assert.match(rig.ladder.report.message ?? '', /^ffmpeg: it cannot keep up with the source; .*too slow for 72p/)
})
