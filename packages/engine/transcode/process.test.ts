import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { readClip } from '@bandstand/media/containers/isobmff/fixtures/clip.ts'
import type { VideoTrackConfig } from '@bandstand/media/track.ts'
import { ladderArguments } from './arguments.ts'
import { type LadderProcess, type Picture, type ProcessEnd, startLadderProcess } from './process.ts'
import { planRungs } from './rungs.ts'
import { sourceFacts } from './source-facts.ts'
import { createTrials, tryEncoder } from './trial.ts'

const folder = mkdtempSync(join(tmpdir(), 'bandstand-ladder-'))
after(() => rmSync(folder, { recursive: true }))
const clipUrl = new URL(import.meta.resolve('@bandstand/media/containers/isobmff/fixtures/clip.flv'))
const clip = readClip(readFileSync(clipUrl))
/** A day into a broadcast. B-frames are shown before they are decoded. */
const DAY = 86_400 * 90_000
const pictures: readonly Picture[] = clip.pictures.map(({ data, key, compositionOffset }, i) => {
  const dts = DAY + i * 3_000
  return { dts, pts: dts + compositionOffset, key, data }
})
const facts = sourceFacts(clip.video, 30)
/** The clip is 160 × 90. */
const rungs = planRungs(facts, [
  { height: 72, bitrate: 200_000, frameRate: 30 },
  { height: 46, bitrate: 100_000, frameRate: 15 },
])
const args = ladderArguments({ source: facts, rungs, encoder: 'x264', preset: 'superfast' })

interface Started {
  readonly process: LadderProcess
  readonly configs: (VideoTrackConfig | undefined)[]
  readonly made: Picture[][]
  readonly end: Promise<ProcessEnd>
  readonly gone: Promise<void>
}

/** ffmpeg has a low priority and takes many times as long beside busy processes, so patience with it goes by a slow clock. */
const slowClock = () => performance.now() / 10

function start(ffmpeg: string, given = args, now = slowClock): Started {
  const { promise, resolve } = Promise.withResolvers<ProcessEnd>()
  const { promise: gone, resolve: go } = Promise.withResolvers<void>()
  const made: Picture[][] = [[], []]
  const configs: (VideoTrackConfig | undefined)[] = []
  const process = startLadderProcess({
    ...{ ffmpeg, args: given, outputs: 2, source: clip.video, isHardware: false, now, onEnd: resolve, onGone: go },
    onTrack: (output, config) => void (configs[output] = config),
    onPicture: (output, picture) => void made[output]?.push(picture),
  })
  return { process, configs, made, end: promise, gone }
}

/** A program of a few lines in place of ffmpeg. */
function program(name: string, script: string): string {
  const file = join(folder, name)
  writeFileSync(file, `#!/bin/sh\n${script}\n`)
  chmodSync(file, 0o755)
  return file
}

/** Lets time pass as a broadcast does, until it has ended. */
async function endOf({ process, end }: Started): Promise<ProcessEnd> {
  const timer = setInterval(() => process.tick(), 50)
  try {
    return await end
  } finally {
    clearInterval(timer)
  }
}

const byTime = pictures.map(({ pts }) => pts).toSorted((a, b) => a - b)
const keys = pictures.filter(({ key }) => key).map(({ pts }) => pts)

test('ffmpeg: each rung has the size, the times and the key frames it should have, to the tick', async () => {
  const started = start('ffmpeg')
  for (const picture of pictures) started.process.feed(picture)
  started.process.finish()
  assert.deepEqual(await endOf(started), { clean: true, reason: 'it ended with status 0', isOverwhelmed: false })
  const { configs, made } = started
  assert.deepEqual(
    configs.map((config) => [config?.width, config?.height]),
    [
      [128, 72],
      [82, 46],
    ],
  )
  assert.deepEqual(
    configs.map((config) => config?.codecString),
    rungs.map(({ codecString }) => codecString),
  )
  assert.deepEqual(
    made[0]?.map(({ pts }) => pts),
    byTime,
  )
  assert(made[0]?.every(({ pts, dts }) => pts === dts))
  for (const output of made)
    assert.deepEqual(
      output.filter(({ key }) => key).map(({ pts }) => pts),
      keys,
    )
  // Half of them, each with the time of one of the source's.
  const half = made[1] ?? []
  assert(Math.abs(half.length - byTime.length / 2) <= keys.length, `${half.length} of ${byTime.length}`)
  assert(half.every(({ pts }) => byTime.includes(pts)))
})

for (const [name, change] of [
  ['fields', { interlaced: true }],
  ['high dynamic range', { hdr: 'pq' }],
] as const) {
  test(`ffmpeg: what is done to ${name} leaves times and key frames as they are`, async () => {
    const command = { source: { ...facts, ...change }, rungs, encoder: 'x264', preset: 'superfast' } as const
    const started = start('ffmpeg', ladderArguments(command))
    for (const picture of pictures) started.process.feed(picture)
    started.process.finish()
    assert.deepEqual(await endOf(started), { clean: true, reason: 'it ended with status 0', isOverwhelmed: false })
    const made = started.made[0] ?? []
    assert.deepEqual(
      made.map(({ pts }) => pts),
      byTime,
    )
    assert(keys.every((key) => made.some((picture) => picture.key && picture.pts === key)))
  })
}

test('ffmpeg: one that goes on where another ended begins there with a key frame, each rung for itself', async () => {
  const [first = 0, second = 0] = [byTime[40], byTime[50]]
  const after = new Map([
    [0, first],
    [1, second],
  ])
  const started = start(
    'ffmpeg',
    ladderArguments({ source: facts, rungs, encoder: 'x264', preset: 'superfast', after }),
  )
  for (const picture of pictures) started.process.feed(picture)
  started.process.finish()
  assert.deepEqual(await endOf(started), { clean: true, reason: 'it ended with status 0', isOverwhelmed: false })
  assert.deepEqual(
    started.made[0]?.map(({ pts }) => pts),
    byTime.slice(41),
  )
  assert.equal(started.made[1]?.[0]?.pts, byTime[51])
  for (const output of started.made) assert.equal(output[0]?.key, true)
})

test('pictures that are broken do not end it', async () => {
  const started = start('ffmpeg')
  pictures.forEach((picture, i) => {
    const data = picture.data.slice()
    if (i % 7 === 3) data.fill(0xa5, 5)
    started.process.feed({ ...picture, data })
  })
  started.process.finish()
  assert.equal((await endOf(started)).clean, true)
  assert((started.made[0]?.length ?? 0) > pictures.length / 2)
})

test('one that is killed has ended, with the reason', async () => {
  const started = start('ffmpeg')
  for (const picture of pictures.slice(0, 30)) started.process.feed(picture)
  if (started.process.pid !== undefined) process.kill(started.process.pid, 'SIGKILL')
  assert.deepEqual(await endOf(started), { clean: false, reason: 'it ended with SIGKILL', isOverwhelmed: false })
  // Whatever is given to it now is of no consequence.
  for (const picture of pictures.slice(30)) started.process.feed(picture)
})

test('one that is stopped is killed: nothing comes out of it', async (t) => {
  let fed = 40
  const started = start('ffmpeg', args, performance.now.bind(performance))
  for (const picture of pictures.slice(0, 40)) started.process.feed(picture)
  while ((started.made[0]?.length ?? 0) === 0) await sleep(20)
  await sleep(500)
  const { pid } = started.process
  assert.ok(pid !== undefined)
  process.kill(pid, 'SIGSTOP')
  const feeding = setInterval(() => {
    const picture = pictures[fed++]
    if (picture !== undefined) started.process.feed(picture)
  }, 40)
  t.after(() => clearInterval(feeding))
  const { clean, reason } = await endOf(started)
  assert.equal(clean, false)
  assert.match(
    reason,
    existsSync('/proc/self/task') ? /^it is stopped and wrote nothing for 1000 ms$/ : /wrote nothing/,
  )
  await started.gone
  await assert.rejects(async () => process.kill(pid, 0), { code: 'ESRCH' })
})

test('one that writes something else is killed', async () => {
  const started = start(program('garbage', 'echo "this is not a movie" >&4; sleep 30'))
  const { clean, reason } = await endOf(started)
  assert.equal(clean, false)
  assert.match(reason, /something that cannot be read: not a stream of fragments/)
})

for (const [name, garble, expected] of [
  ['boxes', '{ head -c 3000; head -c 100 /dev/zero; cat; }', /it wrote something that cannot be read/],
  // Where the length of the first NAL unit stands.
  ['pictures', "LC_ALL=C sed 's/mdat..../mdatXXXX/g'", /it wrote something that cannot be read: access unit: NAL unit/],
] as const) {
  test(`one whose ${name} are garbled on their way is killed`, async () => {
    const started = start(program('garbled', `ffmpeg "$@" 4>&1 | ${garble} >&4`))
    for (const picture of pictures) started.process.feed(picture)
    const { clean, reason } = await endOf(started)
    assert.equal(clean, false)
    assert.match(reason, expected)
  })
}

test('one that gives pictures times that it was not given is killed', async () => {
  const input = ['-y', '-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=s=128x72:r=30', '-t', '1', '-c:v', 'libx264']
  const muxer = ['-f', 'mp4', '-movflags', 'empty_moov+default_base_moof+frag_every_frame', 'pipe:4']
  const [first] = pictures
  assert(first !== undefined)
  for (const [off, made, expected] of [
    [0, 30, 'it ended with status 0'],
    [1, 4, 'it wrote pictures with times that were not given to it'],
  ] as const) {
    const started = start('ffmpeg', [...input, '-bf', '0', '-video_track_timescale', '90000', ...muxer])
    // Its own begin at 0; on their way times are 5 s later.
    for (let i = 0; i < 30; i++) {
      started.process.feed({ ...first, dts: 0, pts: i * 3_000 - 450_000 + (i > 3 ? off : 0) })
    }
    assert.equal((await endOf(started)).reason, expected)
    assert.equal(started.made[0]?.length, made)
  }
})

test('one that does not read is killed before it holds too much', async () => {
  const started = start(program('deaf', 'sleep 30'))
  const data = new Uint8Array(1024 * 1024)
  for (let i = 0; i < 64; i++) started.process.feed({ dts: i * 3_000, pts: i * 3_000, key: true, data })
  const end = { clean: false, reason: 'it cannot keep up with the source', isOverwhelmed: true }
  assert.deepEqual(await endOf(started), end)
})

test('one that is not there has ended', async () => {
  const { clean, reason } = await endOf(start(join(folder, 'nothing')))
  assert.equal(clean, false)
  assert.match(reason, /could not be started: .*ENOENT/)
})

test('a trial tells what works from what does not', async (t) => {
  // How long ffmpeg takes is not what this is about.
  t.mock.timers.enable({ apis: ['setTimeout'] })
  assert.deepEqual(await tryEncoder('ffmpeg', 'x264'), { works: true })
  assert.equal((await tryEncoder(program('liar', 'cat > /dev/null'), 'x264')).works, false)
  assert.equal((await tryEncoder(join(folder, 'nothing'), 'x264')).works, false)
})

test('a trial looks at what came out', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const fixed = (size: string, filter: string) =>
    program(
      'fixed',
      `exec ffmpeg -nostdin -v error -f lavfi -i testsrc2=s=${size}:r=30 -frames:v 8 -c:v libx264 -bsf:v ${filter} ` +
        '-f mp4 -movflags empty_moov+default_base_moof+frag_every_frame pipe:4',
    )
  for (const [size, filter, works] of [
    ['426x240', 'null', true],
    ['426x240', 'h264_metadata=level=7', false],
    ['320x240', 'null', false],
  ] as const) {
    assert.equal((await tryEncoder(fixed(size, filter), 'x264')).works, works, `${size} ${filter}`)
  }
})

test('a trial is made once, one that failed again after a while', async () => {
  let now = 0
  const tried: string[] = []
  const trials = createTrials(
    'ffmpeg',
    () => now,
    async (_, encoder) => {
      tried.push(encoder)
      return encoder === 'x264' ? { works: true } : { works: false, reason: 'no such card' }
    },
  )
  for (let i = 0; i < 3; i++) for (const encoder of ['x264', 'nvenc'] as const) await trials.of(encoder)
  assert.deepEqual(tried, ['x264', 'nvenc'])
  now = 3_600_000
  for (const encoder of ['x264', 'nvenc'] as const) await trials.of(encoder)
  assert.deepEqual(tried, ['x264', 'nvenc', 'nvenc'])
  assert.equal((await createTrials(undefined, () => 0).of('x264')).works, false)
})
