import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { AUDIO_TRACK, VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { createTestBroadcast, smallClip } from '../replay/fixtures/broadcast.ts'
import { limits } from '../replay/limits.ts'
import { createDiskStore } from '../store/disk.ts'
import { quietLog, retention, temporaryFolder, until } from '../store/fixtures/material.ts'
import { get, startServer } from './testing.ts'
import { createVodHandler } from './vod.ts'

const run = promisify(execFile)
const manifest = '/vod/as_one/manifest.mpd'

async function fixture(t: TestContext) {
  const clock = { at: 1_700_000_060_000 }
  const now = () => clock.at
  const store = createDiskStore({ root: await temporaryFolder(t), log: quietLog, retention, now })
  t.after(() => store.close())
  const { port } = await startServer(t, [createVodHandler({ store, now })])
  const broadcast = createTestBroadcast(store, 'as_one')
  return {
    ...{ store, port, clock, broadcast },
    /** The broadcast ends, and those who played it have been told. */
    async end(): Promise<void> {
      await broadcast.writer().end()
      clock.at += limits.endedOnClock
    },
  }
}

const read = async (port: number) => String((await get(port, manifest)).body)

/** Addresses of a rendition's segments, as a player makes them of the manifest. */
function addresses(mpd: string, rendition: string): string[] {
  const out: string[] = []
  for (const [, set = ''] of mpd.matchAll(/<AdaptationSet([^]*?)<\/AdaptationSet>/g)) {
    if (!set.includes(`<Representation id="${rendition}"`)) continue
    const media = /media="([^"]+)"/.exec(set)?.[1] ?? ''
    let time = 0
    for (const [, t, d, r] of set.matchAll(/<S(?: t="(\d+)")? d="(\d+)"(?: r="(\d+)")?\/>/g)) {
      if (t !== undefined) time = Number(t)
      for (let i = 0; i <= Number(r ?? 0); i++, time += Number(d)) {
        out.push(media.replace('$RepresentationID$', rendition).replace('$Time$', String(time)))
      }
    }
  }
  return out
}

test('a replay of two encoders is static, its periods follow on each other, and its segments are those of HLS', async (t) => {
  const { broadcast, port, store, end } = await fixture(t)
  broadcast.send(smallClip(), 2)
  broadcast.send(smallClip(), 3)
  await end()
  const answer = await get(port, manifest)
  const mpd = String(answer.body)
  assert.equal(answer.headers['content-type'], 'application/dash+xml')
  assert.equal(answer.headers['cache-control'], 'public, max-age=60')
  assert.match(mpd, /type="static" mediaPresentationDuration="PT15S"/)
  assert.deepEqual(mpd.match(/<Period [^>]*>/g), [
    '<Period id="0" start="PT0S" duration="PT6S">',
    '<Period id="1" start="PT6S" duration="PT9S">',
  ])
  const index = await store.index('as_one')
  for (const track of index?.tracks ?? []) {
    const rendition = track.kind === 'video' ? 'v1' : 'a2'
    const files = addresses(mpd, rendition)
    assert.equal(files.length, track.segments.length)
    for (const [i, segment] of [...track.segments].entries()) {
      const found = await get(port, `/vod/as_one/t/token/${files[i]}`)
      assert.equal(found.headers['cache-control'], 'public, max-age=86400, immutable')
      assert.deepEqual(
        found.body,
        Buffer.from((await store.read('as_one', track.track, segment.firstPart, segment.lastPart)) ?? []),
      )
    }
  }
  const [first = ''] = addresses(mpd, 'v1')
  for (const other of [first.replace(/-\d+/, '-1'), first.replace(/t\d+/, 't1'), 'v1/t1-0.m4s']) {
    assert.equal((await get(port, `/vod/as_one/${other}`)).status, 404, other)
  }
})

test('ffprobe reads each packet of a replay of one encoder', async (t) => {
  const { broadcast, port, end } = await fixture(t)
  broadcast.send(smallClip(), 2)
  await end()
  const count = async (stream: 'v' | 'a') => {
    const show = ['-count_packets', '-show_entries', 'stream=nb_read_packets:format=duration', '-of', 'json']
    const args = ['-v', 'error', '-select_streams', stream, ...show, `http://127.0.0.1:${port}${manifest}`]
    const { stdout, stderr } = await run('ffprobe', args)
    assert.equal(stderr, '')
    const { streams, format } = JSON.parse(stdout) as {
      streams: { nb_read_packets: string }[]
      format: { duration: string }
    }
    assert.ok(Math.abs(Number(format.duration) - 6) < 0.1, format.duration)
    return Number(streams[0]?.nb_read_packets)
  }
  // Each by itself: ffmpeg's DASH reader stops where the shortest track ends, here the sound two pictures before the end.
  assert.equal(await count('v'), broadcast.studio.recorded.units.filter(({ track }) => track === VIDEO_TRACK).length)
  assert.equal(await count('a'), broadcast.studio.recorded.units.filter(({ track }) => track === AUDIO_TRACK).length)
})

test('while it runs it is dynamic from the first frame on, grows, and is rendered once a version', async (t) => {
  const { broadcast, port, store } = await fixture(t)
  assert.equal((await get(port, manifest)).status, 404)
  broadcast.send(smallClip(), 2)
  await until(async () => ((await store.index('as_one'))?.tracks[0]?.segments.length ?? 0) >= 3, 'three segments')
  const early = await get(port, manifest)
  const mpd = String(early.body)
  assert.match(mpd, /type="dynamic" availabilityStartTime="1970-01-01T00:00:00.000Z" publishTime="2023-11-/)
  assert.match(mpd, /minimumUpdatePeriod="PT2S"/)
  assert.doesNotMatch(mpd, /timeShiftBufferDepth|mediaPresentationDuration/)
  assert.equal(early.headers['cache-control'], 'public, max-age=2')
  const etag = String(early.headers.etag)
  assert.equal((await get(port, manifest, { headers: { 'if-none-match': etag } })).status, 304)
  const packed = await get(port, manifest, { headers: { 'accept-encoding': 'gzip' } })
  assert.equal(String(gunzipSync(packed.body)), mpd)
  const before = addresses(mpd, 'v1')

  broadcast.send(smallClip(), 2)
  await until(async () => ((await store.index('as_one'))?.tracks[0]?.segments.length ?? 0) >= 6, 'six segments')
  const later = await read(port)
  const [first, second] = [...later.matchAll(/<Period id="(\d+)" start="PT([\d.]+)S"(?: duration="PT([\d.]+)S")?>/g)]
  assert.deepEqual([first?.[1], first?.[3], second?.[1], second?.[3]], ['0', '6', '1', undefined])
  // The second encoder came five seconds after the first had gone: a hole that belongs to neither period.
  assert.ok(Math.abs(Number(second?.[2]) - Number(first?.[2]) - 11) < 0.1, later)
  assert.deepEqual(addresses(later, 'v1').slice(0, before.length), before)
})

test('who plays it when it ends keeps its timeline and stops asking; later comers have a replay from 0 on', async (t) => {
  const { broadcast, port, store, clock } = await fixture(t)
  broadcast.send(smallClip(), 2)
  broadcast.send(smallClip(), 2)
  const list = async () => (await store.index('as_one'))?.tracks[0]?.segments.length ?? 0
  await until(async () => (await list()) >= 6, 'six segments')
  const timeline = (mpd: string) => mpd.match(/<Period [^>]*?start="[^"]+"|presentationTimeOffset="\d+"|<S .*?>/g)
  const running = await read(port)
  await broadcast.writer().end()
  const answer = await get(port, manifest)
  const ended = String(answer.body)
  assert.match(ended, /type="dynamic" availabilityStartTime="1970-01-01T00:00:00.000Z"/)
  assert.match(ended, /mediaPresentationDuration/)
  assert.doesNotMatch(ended, /minimumUpdatePeriod/)
  assert.deepEqual(timeline(ended), timeline(running))
  const published = (mpd: string) => Date.parse(/publishTime="([^"]+)"/.exec(mpd)?.[1] ?? '')
  assert.ok(published(ended) > published(running))
  // Nobody keeps it beyond the moment at which it becomes another.
  assert.equal(answer.headers['cache-control'], 'public, max-age=2')
  clock.at += limits.endedOnClock - 1
  assert.equal(await read(port), ended)
  clock.at++
  const packed = await get(port, manifest, { headers: { 'if-none-match': String(answer.headers.etag) } })
  assert.equal(packed.status, 200)
  assert.match(String(packed.body), /type="static" mediaPresentationDuration="PT12S"/)
  assert.equal(packed.headers['cache-control'], 'public, max-age=60')
})

test("the server's clock is told beside the manifest and kept by nobody", async (t) => {
  const { port } = await fixture(t)
  const answer = await get(port, '/vod/as_one/time')
  assert.equal(answer.headers['cache-control'], 'no-store')
  assert.ok(Math.abs(Date.parse(String(answer.body)) - Date.now()) < 60_000)
})
