import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { scanAccessUnit } from '../../codecs/h264/access-unit.ts'
import type { TrackConfig } from '../../track.ts'
import { readClip } from './fixtures/clip.ts'
import { type FragmentSample, writeFragment } from './fragment.ts'
import { writeInitSegment } from './init.ts'
import { parseFragments } from './parse-fragment.ts'
import { createProgressivePlanner, type ProgressivePlan } from './progressive.ts'
import type { ProgressiveChunk } from './progressive-model.ts'

const clip = readClip(readFileSync(new URL('fixtures/clip.flv', import.meta.url)))
const folder = mkdtempSync(join(tmpdir(), 'bandstand-isobmff-'))
after(() => rmSync(folder, { recursive: true }))

/** A day of live media before: decode times need 64 bits. */
const DAY = 86_400

/** One track cut into chunks of `size` samples, from `start` seconds on. */
function chunks(
  track: number,
  config: TrackConfig,
  samples: readonly FragmentSample[],
  start: number,
  size = 10,
): Uint8Array[] {
  const out: Uint8Array[] = []
  let time = Math.round(start * config.timescale)
  for (let i = 0; i < samples.length; i += size) {
    const part = samples.slice(i, i + size)
    const producerTime = { wallClock: 1_700_000_000_000 + i, mediaTime: time }
    out.push(writeFragment({ sequence: i / size + 1, track, baseDecodeTime: time, samples: part, producerTime }))
    time += part.reduce((sum, sample) => sum + sample.duration, 0)
  }
  return out
}

/** Runs a tool on a file, asserts that it has nothing to say, and gives its output. */
function run(tool: string, ...args: string[]): string {
  const { stdout, stderr, status } = spawnSync(tool, ['-v', 'warning', ...args], { encoding: 'utf8' })
  assert.equal(stderr, '')
  assert.equal(status, 0)
  return stdout
}

interface Probe {
  readonly streams: { readonly codec_name: string; readonly nb_read_frames: string; readonly start_time: string }[]
  readonly format: { readonly duration: string }
}

function probe(file: string): Probe {
  const args = ['-count_frames', '-show_streams', '-show_format', '-of', 'json', file]
  return JSON.parse(run('ffprobe', ...args)) as Probe
}

test('the scan finds the key frames that the encoder marked', () => {
  for (const { data, key } of clip.pictures) assert.equal(scanAccessUnit(data, 4).key, key)
})

test('the clip has B-frames shown before they are decoded', () => {
  assert(clip.pictures.some(({ compositionOffset }) => compositionOffset < 0))
})

for (const [name, track, config, samples] of [
  ['video', 1, clip.video, clip.pictures],
  ['audio', 2, clip.audio, clip.frames],
] as const) {
  test(`${name}: FFmpeg decodes header and chunks without a word, every frame`, () => {
    const file = join(folder, `${name}.mp4`)
    writeFileSync(file, Buffer.concat([writeInitSegment(track, config), ...chunks(track, config, samples, DAY)]))
    run('ffmpeg', '-i', file, '-f', 'null', '-')
    const { streams } = probe(file)
    assert.equal(streams.length, 1)
    assert.equal(Number(streams[0]?.nb_read_frames), samples.length)
    assert.equal(Math.floor(Number(streams[0]?.start_time)), DAY)
  })

  test(`${name}: what is written is read back from the whole file`, () => {
    const file = Buffer.concat([writeInitSegment(track, config), ...chunks(track, config, samples, DAY)])
    const read = parseFragments(file).flatMap((fragment) => fragment.samples)
    assert.deepEqual(
      read.map(({ offset, size, ...rest }) => ({ data: file.subarray(offset, offset + size), ...rest })),
      samples.map((sample) => ({ ...sample, data: Buffer.from(sample.data) })),
    )
  })
}

type Source = { readonly bytes: Uint8Array }

/** Chunks as a download finds them: parsed from fragments, media behind a reference. */
function* planned(
  track: number,
  config: TrackConfig,
  samples: readonly FragmentSample[],
  start: number,
): Generator<ProgressiveChunk<Source>> {
  for (const bytes of chunks(track, config, samples, start)) {
    for (const { baseDecodeTime, samples: found } of parseFragments(bytes)) {
      const first = found[0]?.offset ?? 0
      yield { configIndex: 0, start: baseDecodeTime, samples: found, source: { bytes: bytes.subarray(first) } }
    }
  }
}

function assemble({ header, layout }: ProgressivePlan<Source>): Buffer {
  const pieces = layout.map((piece) =>
    'bytes' in piece ? piece.bytes : piece.source.bytes.subarray(piece.skip, piece.skip + piece.size),
  )
  return Buffer.concat([header, ...pieces])
}

/** The clip twice, sound 50 ms after the picture, a hole of 40 ms between the two. */
function planTwice(): ProgressivePlan<Source> {
  const planner = createProgressivePlanner<Source>([
    { track: 1, configs: [clip.video] },
    { track: 2, configs: [clip.audio] },
  ])
  for (const round of [DAY, DAY + 3.04]) {
    for (const chunk of planned(1, clip.video, clip.pictures, round)) planner.add(1, chunk)
    for (const chunk of planned(2, clip.audio, clip.frames, round + 0.05)) planner.add(2, chunk)
  }
  return planner.finish()
}

test('an ordinary MP4: FFmpeg decodes every frame, tracks stay in step, the duration is right', () => {
  const plan = planTwice()
  const file = join(folder, 'download.mp4')
  const whole = assemble(plan)
  assert.equal(whole.byteLength, plan.size)
  assert.equal(plan.header.byteLength + plan.mdatSize - 8, plan.size)
  writeFileSync(file, whole)
  run('ffmpeg', '-i', file, '-f', 'null', '-')
  const { streams, format } = probe(file)
  assert.deepEqual(
    streams.map((stream) => [stream.codec_name, Number(stream.nb_read_frames), Number(stream.start_time)]),
    [
      ['h264', 2 * clip.pictures.length, 0],
      ['aac', 2 * clip.frames.length, 0.05],
    ],
  )
  // 3.04 s to the second round, 50 ms, 142 frames of 1024 samples.
  const expected = 3.04 + 0.05 + (clip.frames.length * 1024) / 48_000
  assert(Math.abs(Number(format.duration) - expected) < 0.001, format.duration)
  assert(Math.abs(plan.duration - expected) < 0.001)
  const times = run('ffprobe', '-select_streams', 'v', '-show_entries', 'packet=pts_time,flags', '-of', 'csv=p=0', file)
  const packets = times
    .trim()
    .split('\n')
    .map((line) => line.split(','))
  assert.equal(Number(packets[90]?.[0]), 3.04)
  assert.equal(packets.filter(([, flags]) => flags?.startsWith('K')).length, 6)
})
