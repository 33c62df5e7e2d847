import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { feedFlv, makeFlv } from './fixtures/flv-source.ts'
import { assertInvariants, createStudio, type Studio, worstMisalignment } from './fixtures/studio.ts'
import { everything, text, watchedWindow } from './fixtures/watched.ts'
import { names, renditionName } from './model.ts'
import type { LiveWindow } from './window/window.ts'

const folder = mkdtempSync(join(tmpdir(), 'bandstand-packager-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const X264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-b:v', '200k']
const AAC = ['-c:a', 'aac', '-b:a', '64k']

/** Writes all a player may ask for, as the server would name it. */
function publish(studio: Studio, window: LiveWindow, where: string): string {
  for (const [track, kind] of [
    [1, 'video'],
    [2, 'audio'],
  ] as const) {
    const name = renditionName(track, kind)
    const at = join(where, 'as_test', name)
    mkdirSync(at, { recursive: true })
    for (const epoch of studio.recorded.epochs) {
      for (const t of epoch.tracks) if (t.track === track) writeFileSync(join(at, names.init(t.initNumber)), t.init)
    }
    const bySegment = Map.groupBy(studio.parts(track), (p) => p.msn)
    for (const parts of bySegment.values()) {
      const file = names.segment(parts[0]?.number ?? 0, parts.at(-1)?.number ?? 0)
      writeFileSync(join(at, file), Buffer.concat(parts.map((p) => p.bytes)))
    }
    // Players of files do not know gap segments, and have no use for parts.
    const playlist = text(window, name)
      .replaceAll(/#EXT-X-PROGRAM-DATE-TIME:[^\n]*\n#EXT-X-GAP\n#EXTINF:[^\n]*\n[^\n]*\n/g, '')
      .replaceAll(/#EXT-X-PART[:-][^\n]*\n/g, '')
    writeFileSync(join(at, 'index.m3u8'), playlist)
  }
  const multivariant = join(where, 'index.m3u8')
  writeFileSync(multivariant, window.multivariant()?.plain ?? '')
  return multivariant
}

function judge(tool: string, args: readonly string[]): string {
  const run = spawnSync(tool, [...args], { encoding: 'utf8', timeout: 60_000 })
  assert.equal(run.stderr, '', `${tool} has nothing to say`)
  assert.equal(run.status, 0)
  return run.stdout
}

function broadcast(): { studio: Studio; window: LiveWindow } {
  const window = watchedWindow({ older: everything })
  return { window, studio: createStudio({ sinks: () => [window] }) }
}

test('ffmpeg decodes every frame of an ordinary stream with B-frames, without a word', () => {
  const flv = join(folder, 'ordinary.flv')
  makeFlv(flv, 15, 'size=320x180:rate=30', [...X264, '-bf', '2', '-g', '60', ...AAC, '-ac', '2'])
  const { studio, window } = broadcast()
  feedFlv(studio, flv)
  window.end()
  assertInvariants(studio)
  assert.ok(worstMisalignment(studio) < 0.03)
  const index = publish(studio, window, join(folder, 'ordinary'))
  judge('ffmpeg', ['-v', 'warning', '-xerror', '-i', index, '-map', '0:v', '-map', '0:a', '-f', 'null', '-'])
  const count = (stream: string) =>
    judge('ffprobe', [
      '-v',
      'error',
      '-select_streams',
      stream,
      '-count_packets',
      '-show_entries',
      'stream=nb_read_packets',
      '-of',
      'csv=p=0',
      index,
    ])
  assert.match(count('v:0'), /^450\b/)
})

for (const [name, options] of [
  ['OBS "auto" key frames and 44.1 kHz', ['-g', '250', '-bf', '2', ...AAC, '-ar', '44100', '-ac', '2']],
  ['23.976 frames a second and mono 32 kHz', ['-r', '24000/1001', '-g', '48', ...AAC, '-ar', '32000', '-ac', '1']],
  ['10 frames a second', ['-r', '10', '-g', '20', ...AAC, '-ac', '2']],
] as const) {
  test(`ffmpeg and ffprobe accept ${name}`, () => {
    const flv = join(folder, 'one.flv')
    makeFlv(flv, 20, 'size=160x90:rate=60', [...X264, ...options])
    const { studio, window } = broadcast()
    feedFlv(studio, flv)
    window.end()
    assertInvariants(studio)
    const index = publish(studio, window, join(folder, name.replaceAll(/\W+/g, '-')))
    judge('ffmpeg', ['-v', 'error', '-xerror', '-i', index, '-f', 'null', '-'])
    const json = judge('ffprobe', [
      '-v',
      'error',
      '-show_entries',
      'stream=start_time,codec_type',
      '-of',
      'json',
      index,
    ])
    const starts = (JSON.parse(json) as { streams: { start_time: string }[] }).streams.map((s) => Number(s.start_time))
    // ffmpeg moves streams with negative composition offsets later by the reordering delay, here up to 2 pictures.
    assert.ok(Math.max(...starts) - Math.min(...starts) < 0.09, `tracks start at ${starts.join(', ')}`)
  })
}

test('an encoder that comes back makes a second epoch that players play on', () => {
  const flv = join(folder, 'again.flv')
  makeFlv(flv, 7, 'size=320x180:rate=30', [...X264, '-g', '60', ...AAC, '-ac', '2'])
  const { studio, window } = broadcast()
  feedFlv(studio, flv)
  studio.now += 5_000
  feedFlv(studio, flv)
  window.end()
  assertInvariants(studio)
  assert.deepEqual(
    studio.recorded.epochs.map((e) => e.tracks.map((t) => t.initNumber)),
    [
      [0, 0],
      [0, 0],
    ],
  )
  const index = publish(studio, window, join(folder, 'again'))
  judge('ffmpeg', ['-v', 'error', '-xerror', '-i', index, '-f', 'null', '-'])
})

test('an encoder with another picture makes an epoch with its own initialisation segment', () => {
  const first = join(folder, 'first.flv')
  const second = join(folder, 'second.flv')
  makeFlv(first, 7, 'size=320x180:rate=30', [...X264, '-g', '60', ...AAC, '-ac', '2'])
  makeFlv(second, 7, 'size=160x90:rate=25', [...X264, '-g', '50', '-bf', '0', ...AAC, '-ac', '2'])
  const { studio, window } = broadcast()
  feedFlv(studio, first)
  studio.now += 5_000
  feedFlv(studio, second)
  window.end()
  assertInvariants(studio)
  assert.equal(studio.recorded.epochs.length, 2)
  // ffmpeg 5.1 does not read a second EXT-X-MAP of another size, so each epoch is judged as the file it makes.
  for (const epoch of studio.recorded.epochs) {
    for (const t of epoch.tracks) {
      const file = join(folder, `epoch-${epoch.id}-${t.track}.mp4`)
      const parts = studio.parts(t.track).filter((p) => p.epoch === epoch.id)
      writeFileSync(file, Buffer.concat([t.init, ...parts.map((p) => p.bytes)]))
      judge('ffmpeg', ['-v', 'error', '-xerror', '-i', file, '-f', 'null', '-'])
    }
  }
})
