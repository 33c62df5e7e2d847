import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { AUDIO_TRACK, MADE_SOUND_TRACK } from '@bandstand/media/access-unit.ts'
import { createFragmentStreamReader } from '@bandstand/media/containers/isobmff/fragment-stream.ts'
import { parseFragments } from '@bandstand/media/containers/isobmff/parse-fragment.ts'
import { audioConfig } from '../packager/fixtures/encoder.ts'
import type { Part } from '../packager/model.ts'
import { LADDER_LIMITS } from '../transcode/limits.ts'
import { type AacProcessEnd, startAacProcess } from './aac-process.ts'
import { createFakeAac } from './fixtures/fake-aac.ts'
import { opusConfig } from './fixtures/opus.ts'
import { createSoundRig, type SoundRig } from './fixtures/rig.ts'
import { SOUND_LIMITS } from './limits.ts'
import { LISTED_AAC } from './made.ts'
import { createSoundPlaces } from './places.ts'

function withFakes(options: Parameters<typeof createSoundRig>[0] = {}) {
  const fake = createFakeAac()
  const rig = createSoundRig({ startProcess: fake.startProcess, ...options })
  return { rig, fakes: fake.started, mute: (is: boolean) => void (fake.isMute = is) }
}

interface Segment {
  readonly msn: number
  readonly start: number
  duration: number
  hasGap: boolean
}

function segments(parts: readonly Part[]): Segment[] {
  const found = new Map<number, Segment>()
  for (const { msn, start, duration, gap } of parts) {
    const known = found.get(msn)
    if (known === undefined) found.set(msn, { msn, start, duration, hasGap: gap })
    else {
      known.duration += duration
      known.hasGap ||= gap
    }
  }
  return [...found.values()]
}

/** Each is the source's of its number, to a frame or so at both ends. */
function assertAligned({ studio, parts }: SoundRig): void {
  const source = segments(studio.parts(AUDIO_TRACK))
  for (const { msn, start, duration } of segments(parts)) {
    const other = source.find((own) => own.msn === msn)
    if (other === undefined) continue
    assert.ok(
      Math.abs(other.start - start) <= 1024,
      `segment ${msn} begins at ${start}, the source's at ${other.start}`,
    )
    if (msn === source.at(-1)?.msn || msn === segments(parts).at(-1)?.msn) continue
    assert.ok(Math.abs(other.duration - duration) <= 2048, `segment ${msn}: ${duration} of ${other.duration}`)
  }
}

/** Times of all frames. */
function times(parts: readonly Part[]): number[] {
  return parts
    .filter(({ gap }) => !gap)
    .flatMap(({ bytes }) =>
      parseFragments(bytes).flatMap(({ baseDecodeTime, samples }) => {
        let at = baseDecodeTime
        return samples.map(({ duration }) => {
          at += duration
          return at - duration
        })
      }),
    )
}

function assertWhole(found: readonly number[]): void {
  assert.ok(found.length > 0)
  found.forEach((at, i) => {
    if (i > 0) assert.equal(at - (found[i - 1] ?? 0), 1024, `frame ${i}`)
  })
}

test('Opus is listed in AAC too, AAC is not, and neither is a broadcast without sound', () => {
  const { rig, fakes } = withFakes()
  rig.connect()
  rig.play(3)
  assert.deepEqual(rig.listed, [[LISTED_AAC]])
  assert.deepEqual(rig.rendition.report, { state: 'waiting', restarts: 0, message: undefined })
  rig.studio.stop()
  rig.connect(audioConfig())
  rig.play(1)
  assert.deepEqual(rig.listed, [[LISTED_AAC], []])
  assert.equal(rig.rendition.report, undefined)
  assert.equal(fakes.length, 0)
})

test('nothing is made until somebody asks; then it goes back three target durations', () => {
  const { rig, fakes } = withFakes()
  rig.connect()
  rig.play(30)
  assert.equal(fakes.length, 0)
  assert.ok(rig.parts.every(({ gap }) => gap))
  const before = segments(rig.parts).at(-1)?.msn ?? 0
  rig.rendition.asked()
  rig.play(5)
  assert.equal(fakes.length, 1)
  const made = segments(rig.parts).filter(({ msn }) => msn > before)
  assert.ok(
    made.every(({ hasGap }) => !hasGap),
    JSON.stringify(made),
  )
  // Segments of this source have two seconds.
  const first = (made[0]?.start ?? 0) / 48_000
  assert.ok(first <= 30 - 12 && first >= 30 - 16, `from ${first} s on`)
  assertWhole(times(rig.parts))
  assertAligned(rig)
})

test('it rests some time after the last who asked, and what is not made is a gap', () => {
  const { rig, fakes } = withFakes()
  rig.connect()
  rig.play(4)
  rig.rendition.asked()
  rig.play(SOUND_LIMITS.linger / 1000 + 20)
  assert.equal(fakes.length, 1)
  assert.equal(fakes[0]?.isFinished, true)
  fakes[0]?.end({ clean: true, reason: '' })
  rig.play(20)
  assert.ok(segments(rig.parts).at(-1)?.hasGap)
  assert.equal(rig.rendition.report?.state, 'waiting')
  rig.rendition.asked()
  rig.play(4)
  assert.equal(fakes.length, 2)
  assert.equal(segments(rig.parts).at(-2)?.hasGap, false)
  assert.equal(rig.rendition.report?.restarts, 0)
  assertAligned(rig)
})

test('one that ends is replaced at once, and nothing is missing or there twice', () => {
  const { rig, fakes } = withFakes()
  rig.connect()
  rig.play(3)
  rig.rendition.asked()
  rig.play(6)
  fakes[0]?.end({ clean: false, reason: 'killed' })
  rig.play(4)
  fakes[1]?.end({ clean: false, reason: 'killed' })
  rig.play(4)
  assert.equal(fakes.length, 3)
  assert.ok(rig.parts.every(({ gap }) => !gap))
  assertWhole(times(rig.parts))
  assertAligned(rig)
  assert.equal(rig.rendition.report?.restarts, 2)
  assert.match(rig.rendition.report?.message ?? '', /killed/)
  assert.equal(rig.warnings.length, 2)
})

test('one that was given very much is followed by another, and nothing is missing or there twice', () => {
  const { rig, fakes } = withFakes()
  rig.connect()
  rig.play(3)
  for (let i = 0; i < 120 && fakes[0]?.isFinished !== true; i++) {
    rig.rendition.asked()
    rig.play(10)
  }
  assert.deepEqual([fakes.length, fakes[0]?.isFinished], [1, true])
  fakes[0]?.end({ clean: true, reason: '' })
  rig.play(6)
  assert.equal(fakes.length, 2)
  assert.ok(rig.parts.every(({ gap }) => !gap))
  assertWhole(times(rig.parts))
  assert.deepEqual([rig.rendition.report?.restarts, rig.warnings], [0, []])
})

test('a place on the machine is kept by one that is followed by another', () => {
  const places = createSoundPlaces(1)
  const { rig, fakes } = withFakes({ places })
  rig.connect()
  rig.play(3)
  for (let i = 0; i < 120 && fakes[0]?.isFinished !== true; i++) {
    rig.rendition.asked()
    rig.play(10)
  }
  fakes[0]?.end({ clean: true, reason: '' })
  // Others look for a place before the source's next packet comes.
  assert.equal(places.join({}), false)
  rig.play(1)
  assert.deepEqual([fakes.length, rig.listed.at(-1)], [2, [LISTED_AAC]])
})

test('one that ends again and again is not listed until it makes something', () => {
  const { rig, fakes, mute } = withFakes()
  mute(true)
  rig.connect()
  rig.play(3)
  rig.rendition.asked()
  for (let i = 0; i < LADDER_LIMITS.failures; i++) {
    for (let n = 0; n < 300 && fakes.length <= i; n++) rig.play(0.1)
    assert.deepEqual(rig.listed.at(-1), [LISTED_AAC])
    fakes[i]?.end({ clean: false, reason: 'it ended with status 1' })
  }
  assert.deepEqual(rig.listed.at(-1), [])
  assert.equal(rig.rendition.report?.state, 'failing')
  mute(false)
  for (let n = 0; n < 300 && rig.listed.at(-1)?.length === 0; n++) rig.play(0.1)
  assert.deepEqual(rig.listed.at(-1), [LISTED_AAC])
})

test('after sound was missing for long another begins, and no hours of silence are made', () => {
  const { rig, fakes } = withFakes()
  rig.connect()
  rig.play(3)
  rig.rendition.asked()
  rig.play(2)
  const unit = rig.studio.recorded.units.findLast(({ track }) => track === AUDIO_TRACK)
  assert.ok(unit !== undefined)
  const later = unit.dts + 3600 * 48_000
  rig.rendition.handle({ kind: 'unit', unit: { ...unit, dts: later, pts: later } })
  assert.equal(fakes[0]?.isFinished, true)
  assert.ok((fakes[0]?.next ?? 0) < later)
})

test('sound that was missing for some seconds is a gap, and no frame lasts so long', () => {
  const { rig, fakes } = withFakes()
  rig.connect()
  rig.play(3)
  rig.rendition.asked()
  rig.play(2)
  const unit = rig.studio.recorded.units.findLast(({ track }) => track === AUDIO_TRACK)
  assert.ok(unit !== undefined)
  const give = (from: number, to: number) => {
    for (let dts = unit.dts + from * 48_000; dts < unit.dts + to * 48_000; dts += 960) {
      rig.rendition.handle({ kind: 'unit', unit: { ...unit, dts, pts: dts } })
    }
  }
  give(3, 3.1)
  fakes[0]?.end({ clean: true, reason: '' })
  give(3.1, 5)
  rig.play(5)
  assert.equal(fakes.length, 2)
  const longest = Math.max(...rig.parts.filter(({ gap }) => !gap).map(({ duration }) => duration))
  assert.ok(longest <= 0.35 * 48_000, `a part of ${longest / 48_000} s`)
  assert.ok(rig.parts.some(({ gap, start }) => gap && start > unit.dts))
})

test('an encoder that comes back has an ffmpeg of its own, and its segments are aligned too', () => {
  const { rig, fakes } = withFakes()
  rig.connect()
  rig.play(4)
  rig.rendition.asked()
  rig.play(4)
  rig.studio.stop()
  fakes[0]?.end({ clean: true, reason: '' })
  rig.connect()
  rig.play(6)
  assert.equal(fakes.length, 2)
  assert.equal(rig.studio.recorded.epochs.length, 2)
  assertAligned(rig)
  const [a, b] = [rig.studio.parts(AUDIO_TRACK).at(-1), rig.parts.at(-1)]
  assert.equal(a?.epoch, b?.epoch)
})

test('where all places of the machine are taken it is not listed, and is as soon as there is one', () => {
  const places = createSoundPlaces(1)
  const other = {}
  places.join(other)
  const { rig, fakes } = withFakes({ places })
  rig.connect()
  rig.play(3)
  rig.rendition.asked()
  rig.play(1)
  assert.deepEqual([fakes.length, rig.listed.at(-1)], [0, []])
  places.leave(other)
  rig.play(1)
  assert.deepEqual([fakes.length, rig.listed.at(-1)], [1, [LISTED_AAC]])
})

test('what fails beside it is logged once, and it is listed no more', () => {
  const { rig } = withFakes()
  rig.connect()
  rig.play(3)
  rig.rendition.fail(new TypeError('injected'))
  rig.rendition.asked()
  rig.play(3)
  assert.deepEqual(rig.listed.at(-1), [])
  assert.deepEqual(rig.warnings, ['TypeError: injected'])
  assert.equal(rig.rendition.report?.state, 'failing')
})

/** A second of a tone in packets of 20 ms. */
function tone(): Uint8Array[] {
  const input = ['-f', 'lavfi', '-i', 'sine=440:sample_rate=48000', '-t', '1', '-ac', '2']
  const output = [
    '-c:a',
    'libopus',
    '-f',
    'mp4',
    '-movflags',
    'empty_moov+default_base_moof+frag_every_frame',
    'pipe:1',
  ]
  const made = spawnSync('ffmpeg', ['-v', 'error', ...input, ...output])
  assert.equal(made.status, 0, `ffmpeg (apt-get install ffmpeg): ${made.stderr.toString()}`)
  const found = createFragmentStreamReader(1 << 20)
    .push(made.stdout)
    .flatMap((event) =>
      event.kind === 'init'
        ? []
        : event.fragment.samples.map(({ offset, size }) => event.bytes.subarray(offset, offset + size)),
    )
  return found.slice(0, 50)
}

/** Gives the source on, no faster than it plays, until it is so: ffmpeg is not waited for by the source's clock. Somebody listens. */
async function until(rig: SoundRig, packets: readonly Uint8Array[], what: string, is: () => boolean): Promise<void> {
  for (let i = 0; i < 600; i++) {
    if (is()) return
    rig.rendition.asked()
    rig.play(0.1, packets)
    await sleep(100)
  }
  assert.fail(`${what}: ${rig.warnings.join()}`)
}

async function real(t: TestContext) {
  const rig = createSoundRig()
  t.after(() => rig.rendition.close())
  const packets = tone()
  rig.connect()
  rig.play(20, packets)
  rig.rendition.asked()
  await until(rig, packets, 'nothing was made', () => times(rig.parts).length > 0)
  return { rig, packets }
}

test('ffmpeg makes AAC-LC of it, cut where the source is cut, every frame in its place', async (t) => {
  const { rig, packets } = await real(t)
  const begun = rig.parts.find(({ gap }) => !gap)?.msn ?? 0
  await until(rig, packets, 'no more segments', () => (rig.parts.at(-1)?.msn ?? 0) >= begun + 8)
  const [init] = rig.inits
  assert.ok(init?.config.kind === 'audio')
  assert.deepEqual([init.track, init.config.codecString, init.config.channels], [MADE_SOUND_TRACK, 'mp4a.40.2', 2])
  assertWhole(times(rig.parts))
  assertAligned(rig)
  assert.deepEqual(rig.warnings, [])
  const kept = rig.parts.filter(({ gap }) => !gap).map(({ bytes }) => bytes)
  const decoded = spawnSync('ffmpeg', ['-v', 'error', '-i', 'pipe:0', '-f', 's16le', '-ac', '1', 'pipe:1'], {
    input: Buffer.concat([init.init, ...kept]),
    maxBuffer: 1 << 26,
  })
  assert.equal(decoded.stderr.toString(), '')
  const samples = new Int16Array(decoded.stdout.buffer, decoded.stdout.byteOffset, decoded.stdout.byteLength >> 1)
  const loud = samples.reduce((sum, value) => sum + Math.abs(value), 0) / samples.length
  assert.ok(loud > 1_000, `a tone of ${loud}`)
})

test('an ffmpeg that has run for minutes ends as it should when it is told to', async () => {
  let frames = 0
  const end = await new Promise<AacProcessEnd>((onEnd) => {
    const started = startAacProcess({
      ...{ ffmpeg: 'ffmpeg', source: opusConfig, from: 48 * 1024, now: () => performance.now(), onEnd },
      onTrack: () => undefined,
      onFrame: () => void frames++,
      onGone: () => undefined,
    })
    for (let packet = 0; packet < 6_000; packet++) started.feed(packet * 960, Uint8Array.of(0xfc, 0xff, 0xfe))
    started.finish()
  })
  assert.deepEqual([end.clean, frames > 5_000], [true, true], end.reason)
})

test('an ffmpeg that is killed is replaced within the segment', async (t) => {
  const started: number[] = []
  const rig = createSoundRig({
    startProcess(options) {
      const process = startAacProcess(options)
      if (process.pid !== undefined) started.push(process.pid)
      return process
    },
  })
  t.after(() => rig.rendition.close())
  const packets = tone()
  rig.connect()
  rig.play(4, packets)
  rig.rendition.asked()
  await until(rig, packets, 'nothing was made', () => times(rig.parts).length > 100)
  process.kill(started[0] ?? 0, 'SIGKILL')
  await until(rig, packets, 'no other was started', () => started.length === 2)
  const reached = rig.parts.length
  await until(rig, packets, 'nothing more was made', () => rig.parts.length > reached + 20)
  assertWhole(times(rig.parts))
  assertAligned(rig)
  assert.match(rig.warnings.join(), /SIGKILL/)
})
