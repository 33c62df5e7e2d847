import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import type { AccessUnit } from '../../access-unit.ts'
import type { TrackConfig } from '../../track.ts'
import { createTsDemuxer } from './demuxer.ts'
import type { TsEvent } from './event.ts'
import { createTsMuxer } from './muxer.ts'

const folder = mkdtempSync(join(tmpdir(), 'bandstand-mpegts-'))
after(() => rmSync(folder, { recursive: true }))

/** Runs a tool, asserts that it has nothing to say, and gives its output. */
function run(tool: string, level: 'error' | 'warning', ...args: string[]): string {
  const { stdout, stderr, status, error } = spawnSync(tool, ['-v', level, ...args], {
    encoding: 'utf8',
    timeout: 60_000,
    maxBuffer: 64 << 20,
  })
  if (error !== undefined) throw new Error(`${tool} is needed: apt-get install -y ffmpeg`, { cause: error })
  assert.equal(stderr, '')
  assert.equal(status, 0)
  return stdout
}

const VIDEO = ['-f', 'lavfi', '-i', 'testsrc=s=192x108:r=25']
const AUDIO = ['-f', 'lavfi', '-i', 'sine=f=440:r=48000']
const X264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2', '-g', '25', '-pix_fmt', 'yuv420p']
const X265_OPTIONS = 'log-level=none:bframes=2:keyint=25:pools=1:frame-threads=1'
const X265 = ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', X265_OPTIONS, '-pix_fmt', 'yuv420p']

/** What ffmpeg is told, and the codecs that must be found. */
const STREAMS: Readonly<Record<string, readonly [arguments: readonly string[], codecs: readonly string[]]>> = {
  'H.264 with B-frames and AAC': [
    [...VIDEO, ...AUDIO, ...X264, '-c:a', 'aac'],
    ['h264', 'aac'],
  ],
  'HEVC and AAC in LATM': [
    [...VIDEO, ...AUDIO, ...X265, '-c:a', 'aac', '-mpegts_flags', 'latm'],
    ['hevc', 'aac'],
  ],
  'H.264 and Opus': [
    [...VIDEO, ...AUDIO, ...X264, '-c:a', 'libopus'],
    ['h264', 'opus'],
  ],
  'Opus of six channels': [[...AUDIO, '-ac', '6', '-c:a', 'libopus', '-mapping_family', '1'], ['opus']],
  MP3: [[...AUDIO, '-c:a', 'libmp3lame'], ['mp3']],
  'MP3 of half the sample rate': [[...AUDIO, '-ar', '22050', '-c:a', 'libmp3lame'], ['mp3']],
  'AC-3': [[...AUDIO, '-ac', '6', '-c:a', 'ac3'], ['ac3']],
  'E-AC-3': [[...AUDIO, '-ac', '2', '-c:a', 'eac3'], ['eac3']],
  'DVB E-AC-3 in private PES packets': [[...AUDIO, '-c:a', 'eac3', '-mpegts_flags', 'system_b'], ['eac3']],
}

interface Packet {
  readonly pts: number
  readonly dts: number
}

/** Times of all packets as ffprobe cuts them, by kind. */
function probe(file: string): Record<string, Packet[]> {
  const entries = 'packet=codec_type,pts,dts'
  const { packets } = JSON.parse(run('ffprobe', 'error', '-show_entries', entries, '-of', 'json', file)) as {
    packets: (Packet & { codec_type: string })[]
  }
  const found: Record<string, Packet[]> = {}
  for (const { codec_type: kind, pts, dts } of packets) (found[kind] ??= []).push({ pts, dts })
  return found
}

function demux(bytes: Uint8Array): TsEvent[] {
  const demuxer = createTsDemuxer()
  const events: TsEvent[] = []
  // As SRT brings it.
  for (let at = 0; at < bytes.byteLength; at += 1316) events.push(...demuxer.receive(bytes.subarray(at, at + 1316)))
  events.push(...demuxer.flush())
  const { lostPackets, malformed, badTables, skippedBytes, unconfigured } = demuxer.counters
  assert.deepEqual([lostPackets, malformed, badTables, skippedBytes, unconfigured], [0, 0, 0, 0, 0])
  return events
}

function unitsOf(events: readonly TsEvent[], kind: string): Extract<TsEvent, { type: 'unit' }>[] {
  return events.flatMap((event) => (event.type === 'unit' && event.kind === kind ? [event] : []))
}

/** ffmpeg rounds the times of frames that have none of their own in another way. */
function assertSameTimes(found: readonly Packet[], wanted: readonly Packet[]): void {
  assert.equal(found.length, wanted.length)
  for (const [i, { pts, dts }] of found.entries()) {
    const want = wanted[i] as Packet
    assert.ok(Math.abs(pts - want.pts) <= 1 && Math.abs(dts - want.dts) <= 1, `frame ${i}: ${pts}, not ${want.pts}`)
  }
}

/** Tracks of the muxer and units at their timescales, as the engine would give them. */
function remux(events: readonly TsEvent[]): Uint8Array {
  const muxer = createTsMuxer()
  const configs = new Map<string, TrackConfig>()
  for (const event of events) if (event.type === 'config') configs.set(event.kind, event.config)
  const track = { video: 1, audio: 2 }
  muxer.begin(
    (['video', 'audio'] as const).flatMap((kind) => {
      const config = configs.get(kind)
      return config === undefined ? [] : [{ track: track[kind], config }]
    }),
  )
  const units = events
    .flatMap((event) => (event.type === 'unit' ? [event] : []))
    .toSorted((a, b) => a.dts - b.dts)
    .map(({ kind, dts, pts, key, data }): AccessUnit => {
      const scale = (configs.get(kind)?.timescale ?? 0) / 90_000
      return { track: track[kind], dts: dts * scale, pts: pts * scale, key, data }
    })
  return new Uint8Array(Buffer.concat(units.map((unit) => muxer.write(unit))))
}

describe('a transport stream of ffmpeg', () => {
  for (const [name, [args, codecs]] of Object.entries(STREAMS)) {
    test(`${name}: as many frames and the same times as ffprobe finds, and ours reads the same again`, () => {
      const file = join(folder, 'theirs.ts')
      run('ffmpeg', 'error', '-y', ...args, '-t', '2', '-f', 'mpegts', file)
      const events = demux(new Uint8Array(readFileSync(file)))
      const found = probe(file)
      const configs = events.flatMap((event) => (event.type === 'config' ? [event.config.codec as string] : []))
      assert.deepEqual(configs.toSorted(), codecs.toSorted())
      for (const kind of Object.keys(found)) assertSameTimes(unitsOf(events, kind), found[kind] ?? [])

      const ours = join(folder, 'ours.ts')
      const bytes = remux(events)
      writeFileSync(ours, bytes)
      const again = demux(bytes)
      for (const kind of ['video', 'audio']) {
        const before = unitsOf(events, kind)
        const shift = (unitsOf(again, kind)[0]?.pts ?? 0) - (before[0]?.pts ?? 0)
        assert.deepEqual(
          unitsOf(again, kind).map(({ pts, dts, key, data }) => [pts - shift, dts - shift, key, data]),
          before.map(({ pts, dts, key, data }) => [pts, dts, key, data]),
        )
      }
      // Decoded without a word, each frame of it.
      const frames = JSON.parse(
        run('ffprobe', 'warning', '-show_entries', 'frame=media_type', '-of', 'json', ours),
      ) as {
        frames: { media_type: string }[]
      }
      for (const kind of Object.keys(found)) {
        const count = frames.frames.filter(({ media_type: type }) => type === kind).length
        // The last frame of some decoders stays in them.
        assert.ok(Math.abs(count - (found[kind]?.length ?? 0)) <= 1, `${count} ${kind} frames`)
      }
    })
  }
})
