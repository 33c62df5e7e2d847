import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { readClip } from '@bandstand/media/containers/isobmff/fixtures/clip.ts'
import type { MemoryHolder } from '../packager/window/budget.ts'
import type { Log } from '../ports.ts'
import { createLadder, type LadderOptions } from './ladder.ts'
import { LADDER_LIMITS } from './limits.ts'
import { createLadderMachine } from './machine.ts'
import type { LadderSettings } from './model.ts'
import type { LadderProcessOptions, ProcessEnd } from './process.ts'
import { chosenRungs } from './rung-policy.ts'
import type { Trials } from './trial.ts'

/** 160 × 90. */
const clip = readClip(
  readFileSync(new URL(import.meta.resolve('@bandstand/media/containers/isobmff/fixtures/clip.flv'))),
)
const rungs = [72, 46].map((height) => ({ height, bitrate: 200_000, frameRate: 30 }))
const settings: LadderSettings = { mode: 'always', encoder: 'x264', preset: 'superfast', rungs }
const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }
const HOUR = 3_600_000

type Behaviour = 'dies' | 'writes its head and dies' | 'dies unless by x264' | 'works'

/** A ladder over processes that are made up, as is the time: a second of it is a group of thirty pictures. */
function stage(change: Partial<LadderSettings> = {}, options: Partial<LadderOptions> = {}) {
  const listed: number[][] = []
  const paused: number[] = []
  const started: { readonly args: readonly string[]; isOver: boolean }[] = []
  const lingering: (() => void)[] = []
  let steady = 5
  let wall = 1_700_000_000_000
  let ticks = 0
  /** How far the source is; its next picture is at `ticks`. */
  let played = 0
  let epoch = -1
  /** Of the epoch. */
  let begun = 0

  function startProcess(process: LadderProcessOptions) {
    const own = { args: process.args, isOver: false }
    let finishesAt = Number.POSITIVE_INFINITY
    started.push(own)
    const reached = Array.from({ length: process.outputs }, (): number | undefined => undefined)
    let newest: { readonly pts: number; readonly key: boolean } | undefined
    const works = () =>
      rig.behaviour === 'works' || (rig.behaviour === 'dies unless by x264' && process.args.includes('libx264'))
    function end(how: Partial<ProcessEnd> = {}): void {
      if (own.isOver) return
      own.isOver = true
      process.onEnd({ clean: false, reason: 'it died', isOverwhelmed: false, ...how })
      if (rig.lingers) lingering.push(process.onGone)
      else process.onGone()
    }
    return {
      ...{ pid: 1, progress: undefined, reached, waiting: 0 },
      feed(picture: { readonly pts: number; readonly key: boolean }) {
        if (own.isOver || !works()) return
        // As ffmpeg's MP4 writer does: each when the next one has come.
        const before = newest
        newest = picture
        if (before === undefined) return
        const { pts, key } = before
        for (let i = 0; i < process.outputs; i++) {
          if (reached[i] === undefined) process.onTrack(i, clip.video)
          reached[i] = pts
          process.onPicture(i, { dts: pts, pts, key, data: new Uint8Array(1) })
        }
      },
      finish() {
        finishesAt = steady + rig.finishing
        if (rig.finishing === 0) end({ clean: true })
      },
      kill: () => end(),
      tick() {
        if (steady >= finishesAt) end({ clean: true })
        if (rig.behaviour === 'writes its head and dies') process.onTrack(0, clip.video)
        if (!works()) end()
      },
    }
  }

  const nothing = () => undefined
  const wanted = { ...settings, ...change }
  const ladder = createLadder({
    ...{ ffmpeg: 'ffmpeg', settings: wanted, policy: chosenRungs(wanted.rungs) },
    trials: { of: async () => ({ works: true }) },
    packer: {
      ...{ add: nothing, configure: nothing, unit: nothing, tick: nothing, finish: nothing },
      ...{ opened: nothing, cut: nothing, decided: nothing, closed: nothing, lateUnits: 0 },
      /** Segments of 2 s. */
      get starts() {
        if (!rig.isCut) return [0]
        const newest = Math.floor((ticks - 1) / 180_000) * 180_000
        return [newest - 180_000, newest].map((at) => Math.max(begun, at))
      },
      begin: (track, _epoch, _from, after) => void rig.after.set(track, after),
      ...{ pause: (track) => void paused.push(track), reached: (track) => rig.reached.get(track) },
    },
    list(found) {
      const heights = found.map(({ height }) => height)
      // Also told when only a codec string is another.
      if (heights.join() !== listed.at(-1)?.join()) listed.push(heights)
    },
    ...{ log: silent, fields: {}, now: () => wall, steady: () => steady, load: () => 0, startProcess },
    ...options,
  })

  function open(): void {
    epoch++
    begun = ticks
    const tracks = [{ track: VIDEO_TRACK, config: clip.video, frameDuration: 1 / 30 }]
    const facts = {
      id: epoch,
      start: ticks,
      wallClock: wall,
      tracks,
      reason: 'encoder',
    } as const
    ladder.handle({ kind: 'epoch-opened', ...facts })
  }

  const rig = {
    ...{ ladder, listed, paused, started, open },
    behaviour: 'works' as Behaviour,
    /** What was killed sleeps in a driver, until it is let go. */
    lingers: false,
    letGo: () => lingering.shift()?.(),
    /** Else all of the source is one segment. */
    isCut: true,
    /** By track. */
    reached: new Map<number, number>(),
    /** What the packer was told of that, by track. */
    after: new Map<number, number | undefined>(),
    /** Milliseconds that an ffmpeg takes to write what it holds. */
    finishing: 0,
    /** From picture to picture, and from key frame to key frame, 90 kHz. */
    every: 3_000,
    keys: 90_000,
    close: () => ladder.handle({ kind: 'epoch-closed', id: epoch, end: ticks }),
    /** The wall clock alone. */
    setClock: (ms: number) => (wall += ms),
    /** What of the source comes in so many milliseconds. */
    play(ms: number): void {
      steady += ms
      wall += ms
      for (played += ms * 90; ticks < played; ticks += rig.every) {
        const key = ticks === begun || ticks % rig.keys === 0
        const unit = { track: VIDEO_TRACK, dts: ticks, pts: ticks, key, arrivedAt: wall }
        ladder.handle({ kind: 'unit', unit: { ...unit, data: new Uint8Array(100) } })
      }
    },
    /** @param each called each time some of it has passed. */
    async pass(ms: number, each: () => void = nothing): Promise<void> {
      for (let left = ms; left > 0; left -= 200) {
        rig.play(200)
        ladder.tick()
        each()
        // What a trial says comes a moment later.
        await new Promise(setImmediate)
      }
    },
  }
  return rig
}

test('on demand: what failed a few times is listed again once it works, though nobody can ask for it', async () => {
  const rig = stage({ mode: 'on-demand' })
  rig.open()
  await rig.pass(1_000)
  assert.deepEqual(rig.listed.at(-1), [72, 46])
  rig.behaviour = 'dies'
  rig.ladder.asked()
  await rig.pass(5_000)
  assert.deepEqual(rig.listed.at(-1), [])
  await rig.pass(60_000)
  assert.equal(rig.ladder.report.state, 'failing')
  rig.behaviour = 'works'
  await rig.pass(2 * LADDER_LIMITS.longestBackOff)
  assert.deepEqual(rig.listed.at(-1), [72, 46])
  // It has shown that it works; nobody watches.
  assert.equal(rig.ladder.report.state, 'waiting')
  const count = rig.started.length
  await rig.pass(60_000)
  assert.equal(rig.started.length, count)
})

for (const behaviour of ['dies', 'writes its head and dies'] as const) {
  test(`what never works is not listed, also not for the next encoder: it ${behaviour}`, async () => {
    const rig = stage()
    rig.behaviour = behaviour
    rig.open()
    await rig.pass(60_000)
    rig.close()
    rig.open()
    await rig.pass(60_000)
    assert.deepEqual(rig.listed, [[72, 46], []])
    assert(rig.ladder.report.restarts >= 8)
  })
}

test('an encoder that has gone since it worked is found out, and x264 takes its place', async () => {
  let hasCard = true
  const asked: (number | undefined)[] = []
  const trials: Trials = {
    of: async (encoder, oldest) => {
      asked.push(oldest)
      return encoder === 'x264' || hasCard ? { works: true } : { works: false, reason: 'no such card' }
    },
  }
  const rig = stage({ encoder: 'nvenc' }, { trials })
  rig.open()
  await rig.pass(2_000)
  assert.equal(rig.ladder.report.encoder, 'nvenc')
  hasCard = false
  rig.behaviour = 'dies'
  await rig.pass(5_000)
  rig.behaviour = 'works'
  await rig.pass(20_000)
  assert.deepEqual(asked.slice(0, 2), [undefined, LADDER_LIMITS.doubted])
  assert.match(rig.ladder.report.message ?? '', /no such card; x264 is used/)
  assert.equal(rig.ladder.report.state, 'running')
  assert(rig.started.at(-1)?.args.includes('libx264'))
})

test('an encoder that passes every trial and makes no ladder, as a card that has all its sessions: x264 takes its place', async () => {
  const rig = stage({ encoder: 'nvenc' })
  rig.behaviour = 'dies unless by x264'
  rig.open()
  await rig.pass(120_000)
  const { state, encoder, message } = rig.ladder.report
  assert.deepEqual([state, encoder, rig.listed.at(-1)], ['running', 'x264', [72, 46]])
  assert.equal(message, 'nvenc makes single pictures but not this ladder: it died; x264 is used')
})

test('an encoder that was doubted and makes pictures again is as good as ever', async () => {
  const rig = stage({ encoder: 'nvenc' })
  rig.open()
  for (let i = 0; i < 3; i++) {
    rig.behaviour = 'dies'
    await rig.pass(5_000)
    assert.equal(rig.ladder.report.state, 'failing')
    rig.behaviour = 'works'
    await rig.pass(60_000)
    assert.deepEqual([rig.ladder.report.state, rig.ladder.report.encoder], ['running', 'nvenc'])
  }
})

for (const [reason, isInconclusive, rest] of [
  ['no such encoder', false, LADDER_LIMITS.trialAgain],
  ['it did not finish in time', true, LADDER_LIMITS.inconclusiveAgain],
] as const) {
  test(`where no encoder worked they are tried again, in the same broadcast: ${reason}`, async () => {
    let works = false
    const trials: Trials = { of: async () => (works ? { works } : { works, reason, isInconclusive }) }
    const rig = stage({}, { trials })
    rig.open()
    await rig.pass(60_000)
    assert.deepEqual([rig.listed, rig.ladder.report.state], [[], 'failing'])
    works = true
    await rig.pass(rest + 1_000)
    assert.deepEqual(rig.listed, [[72, 46]])
    assert.deepEqual([rig.ladder.report.state, rig.ladder.report.message], ['running', undefined])
  })
}

test('a wall clock that is set, back or forward, changes nothing', async () => {
  for (const change of [-HOUR, HOUR]) {
    const rig = stage({ mode: 'on-demand' })
    rig.open()
    rig.ladder.asked()
    rig.behaviour = 'dies'
    await rig.pass(1_000)
    rig.setClock(change)
    rig.behaviour = 'works'
    await rig.pass(5_000)
    assert.equal(rig.ladder.report.state, 'running')
    const count = rig.started.length
    rig.setClock(change)
    await rig.pass(5_000)
    assert.deepEqual([rig.ladder.report.state, rig.started.length], ['running', count])
  }
})

test('pictures that are seconds apart are no sign of a slow machine', async () => {
  const rig = stage()
  rig.every = 4 * 90_000
  rig.open()
  await rig.pass(120_000)
  assert.deepEqual([rig.listed, rig.started.length], [[[72, 46]], 1])
  assert.deepEqual([rig.ladder.report.state, rig.ladder.report.message], ['running', undefined])
})

test('encoder settings that change again and again: few ffmpegs at once, and the last settings are made', async () => {
  const rig = stage()
  rig.finishing = 5_000
  let most = 0
  const count = () => {
    most = Math.max(most, rig.started.filter(({ isOver }) => !isOver).length)
  }
  rig.open()
  await rig.pass(1_000)
  for (let i = 0; i < 20; i++) {
    rig.close()
    rig.open()
    rig.play(50)
    count()
  }
  await rig.pass(10_000, count)
  assert.deepEqual([most, rig.started.length], [2, 3])
  assert.deepEqual([rig.ladder.report.state, rig.ladder.report.restarts], ['running', 0])
})

test('one that is given up says so, and nothing more is expected of its rungs', async () => {
  const rig = stage()
  rig.open()
  await rig.pass(5_000)
  assert.equal(rig.ladder.report.state, 'running')
  rig.ladder.fail(new TypeError('broken'))
  assert.equal(rig.ladder.report.state, 'failing')
  assert.deepEqual(new Set(rig.paused), new Set([11, 12]))
  assert.deepEqual(rig.listed.at(-1), [])
})

test('the source goes on where what lists the rungs is what has failed', async () => {
  let isBroken = false
  const list = () => {
    if (isBroken) throw new TypeError('broken')
  }
  const rig = stage({}, { list })
  rig.open()
  await rig.pass(5_000)
  assert.equal(rig.ladder.report.state, 'running')
  isBroken = true
  rig.ladder.reconsider()
  rig.ladder.fail(new TypeError('and now it is given up'))
  assert.equal(rig.ladder.report.state, 'failing')
  // Nobody waits for what is not made any more.
  assert.deepEqual(new Set(rig.paused), new Set([11, 12]))
})

test('more ladders than the machine has places for: the others are not listed until there is one', async () => {
  const machine = createLadderMachine(1)
  const first = stage({}, { machine })
  const second = stage({}, { machine })
  for (const { open } of [first, second]) open()
  await first.pass(2_000)
  await second.pass(2_000)
  assert.deepEqual([first.ladder.report.state, second.started.length], ['running', 0])
  assert.deepEqual(second.listed.at(-1), [])
  assert.equal(second.ladder.report.message, 'this machine makes 1 ladders at once, and has them')
  first.ladder.close()
  await second.pass(2_000)
  assert.deepEqual(second.listed.at(-1), [72, 46])
  assert.deepEqual([second.ladder.report.state, second.ladder.report.message], ['running', undefined])
})

test('what a ladder keeps counts as memory, can be taken back, and is kept only where it is of use', async () => {
  const holders = new Set<MemoryHolder>()
  const budget = {
    join: (holder: MemoryHolder) => void holders.add(holder),
    leave: (holder: MemoryHolder) => void holders.delete(holder),
  }
  const bytes = () => [...holders].reduce((sum, holder) => sum + holder.bytes, 0)
  const idle = stage({ mode: 'on-demand' }, { budget })
  idle.open()
  await idle.pass(5_000)
  assert.equal(bytes(), 150 * 100)
  assert.equal([...holders][0]?.release(), true)
  assert.equal(bytes(), 120 * 100)
  idle.ladder.fail(new TypeError('broken'))
  assert.deepEqual([holders.size, bytes()], [0, 0])

  const tall = stage({ rungs: [{ height: 720, bitrate: 2_000_000, frameRate: 30 }] }, { budget })
  const broken = stage({}, { budget, trials: { of: async () => ({ works: false, reason: 'no libx264' }) } })
  for (const { open, pass } of [tall, broken]) {
    await pass(1_000)
    open()
    await pass(1_000)
  }
  assert.deepEqual([holders.size, bytes()], [2, 0])
})

test('one that cannot be killed holds up nobody, but only so many of them', async () => {
  const rig = stage()
  rig.lingers = true
  rig.open()
  await rig.pass(LADDER_LIMITS.worked + 2_000)
  rig.behaviour = 'dies'
  rig.ladder.tick()
  rig.behaviour = 'works'
  assert.equal(rig.started.length, 2, 'at once')
  await rig.pass(5_000)
  assert.deepEqual([rig.ladder.report.state, rig.ladder.report.restarts], ['running', 1])
  rig.behaviour = 'dies'
  await rig.pass(400)
  rig.behaviour = 'works'
  await rig.pass(20_000)
  assert.deepEqual([rig.ladder.report.state, rig.started.length], ['failing', 2])
  // Who asked for one would wait in vain.
  assert.deepEqual(rig.listed.at(-1), [])
  assert.match(rig.ladder.report.message ?? '', /cannot be ended/)
  rig.letGo()
  await rig.pass(5_000)
  assert.deepEqual([rig.ladder.report.state, rig.started.length], ['running', 3])
  assert.deepEqual(rig.listed.at(-1), [72, 46])
  assert.doesNotMatch(rig.ladder.report.message ?? '', /cannot be ended/)
})

test('one that is gone a moment after it was killed is no reason to take its rungs from the list', async () => {
  const rig = stage()
  rig.open()
  await rig.pass(1_000)
  const { length } = rig.listed
  rig.lingers = true
  for (let i = 0; i < 2; i++) {
    rig.behaviour = 'dies'
    await rig.pass(200)
    rig.behaviour = 'works'
    await rig.pass(LADDER_LIMITS.killPatience / 4)
  }
  rig.letGo()
  rig.letGo()
  rig.lingers = false
  await rig.pass(5_000)
  assert.deepEqual([rig.ladder.report.state, rig.started.length], ['running', 3])
  assert.equal(rig.listed.length, length)
})

test('a place on the machine is kept by one that was given very much and is followed by another', async () => {
  let left = 0
  const machine = { ...createLadderMachine(1), leave: () => void left++ }
  const rig = stage({}, { machine, pictures: 60 })
  rig.finishing = 300
  rig.open()
  await rig.pass(10_000)
  assert(rig.started.length > 2, `${rig.started.length} ffmpegs`)
  assert.deepEqual([left, rig.listed], [0, [[72, 46]]])
})

test('a place on the machine is kept by what has not gone', async () => {
  const machine = createLadderMachine(1)
  const rig = stage({ mode: 'on-demand' }, { machine })
  rig.lingers = true
  rig.open()
  rig.ladder.asked()
  await rig.pass(2_000)
  await rig.pass(LADDER_LIMITS.linger + 1_000)
  assert.equal(rig.ladder.report.state, 'waiting')
  assert.equal(machine.hasRoom, false)
  rig.letGo()
  assert.equal(machine.hasRoom, true)
})

test('one that takes the place of another goes on where that ended, if that is near', async () => {
  const rig = stage()
  rig.open()
  const select = () =>
    /\[s0\](select=[^,]*,[^,]*),.*\[s1\](scale|select)/.exec(rig.started.at(-1)?.args.join(' ') ?? '')
  await rig.pass(LADDER_LIMITS.settled + 2_600)
  assert.equal(select(), null)
  for (const [at, isGoneOn] of [
    // A second ago, and twelve.
    [11.6, true],
    [11, false],
  ] as const) {
    // Of the first rung; there is nothing of the other.
    rig.reached = new Map([[11, at * 90_000]])
    const count = rig.started.length
    rig.behaviour = 'dies'
    rig.ladder.tick()
    rig.behaviour = 'works'
    assert.equal(rig.started.length, count + 1)
    const later = (at + 5 + 0.5 / 90_000).toFixed(6)
    const told = [11, 12].map((track) => rig.after.get(track))
    assert.deepEqual(told, [isGoneOn ? at * 90_000 : undefined, undefined])
    assert.deepEqual(select()?.slice(1), isGoneOn ? [`select='gt(t,${later})'`, 'scale'] : undefined, `${at} s`)
    await rig.pass(LADDER_LIMITS.settled + 1_000)
  }
})

test('what is older than players are is only decoded, where key frames are far apart', async () => {
  for (const isCut of [true, false]) {
    const rig = stage({ mode: 'on-demand' })
    rig.isCut = isCut
    rig.keys = 40 * 90_000
    rig.open()
    await rig.pass(25_000)
    rig.ladder.asked()
    const selects = () => [...(rig.started.at(-1)?.args.join(' ') ?? '').matchAll(/select='gt\(t,([\d.]+)\)'/g)]
    // Of both rungs; times are 5 s later in ffmpeg. There is a second of pictures from 24 s on, and a segment begins at 22 s.
    const from = selects().map(([, at]) => Math.round((Number(at) - 5) * 10) / 10)
    assert.deepEqual(from, isCut ? [22, 22] : [24, 24])
    rig.close()
    rig.open()
    await rig.pass(5_000)
    assert.deepEqual(selects(), [], 'nothing is left out where the key frame is near')
  }
})

test('where the newest key frame is so old that it cannot be begun with, the next one is waited for, and that is said', async () => {
  const rig = stage({ mode: 'on-demand' })
  rig.keys = 100 * 90_000
  rig.open()
  await rig.pass(60_000)
  rig.ladder.asked()
  await rig.pass(1_000)
  assert.equal(rig.ladder.report.state, 'failing')
  assert.match(rig.ladder.report.message ?? '', /key frame/)
  await rig.pass(45_000, () => rig.ladder.asked())
  assert.deepEqual([rig.ladder.report.state, rig.ladder.report.message], ['running', undefined])
})

test('a picture at which ffmpeg ends is not decoded again and again to go on behind it', async () => {
  const rig = stage()
  rig.open()
  const after = () => rig.after.get(11)
  await rig.pass(LADDER_LIMITS.settled + 1_000)
  rig.reached = new Map([[11, 10.9 * 90_000]])
  rig.behaviour = 'dies'
  rig.ladder.tick()
  assert.deepEqual([rig.started.length, after()], [2, 10.9 * 90_000])
  for (const expected of [10.9 * 90_000, undefined]) {
    const { length } = rig.started
    rig.behaviour = 'dies'
    rig.ladder.tick()
    for (let i = 0; i < 20 && rig.started.length === length; i++) await rig.pass(200)
    assert.deepEqual([rig.started.length, after()], [length + 1, expected])
  }
})
