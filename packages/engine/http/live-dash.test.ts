import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createStudio } from '../packager/fixtures/studio.ts'
import { everything, watchedWindow } from '../packager/fixtures/watched.ts'
import type { LiveWindow } from '../packager/window/window.ts'
import { createDiskStore } from '../store/disk.ts'
import { quietLog, retention, temporaryFolder } from '../store/fixtures/material.ts'
import type { AssetWriter } from '../store/port.ts'
import { createLiveHandler } from './live.ts'
import { get, startServer } from './testing.ts'

const assetId = 'as_018bcfe5-6800-71d0-907b-f6115133eaec'
const manifest = '/live/main/manifest.mpd'

async function serve(t: TestContext, find: () => LiveWindow | undefined) {
  const live = createLiveHandler({ find: (channel) => (channel === 'main' ? find() : undefined) })
  const { port } = await startServer(t, [live.handle])
  return port
}

const starts = (mpd: string, kind: string) => {
  const sets = [...mpd.matchAll(/<AdaptationSet[^>]*contentType="(\w+)"[^]*?media="([^"]+)"[^]*?<S t="(\d+)"/g)]
  return sets.filter((set) => set[1] === kind).map(([, , media = '', time = '']) => media.replace('$Time$', time))
}

test('a reconnect begins a second period; each segment is that of HLS; the end is a duration', async (t) => {
  let window: LiveWindow | undefined
  const studio = createStudio({ sinks: (timing) => [(window = watchedWindow({ assetId, timing }))] })
  const port = await serve(t, () => window)
  const offline = await get(port, manifest)
  assert.equal(offline.status, 404)
  assert.equal((JSON.parse(String(offline.body)) as { code: string }).code, 'offline')

  studio.stream({ seconds: 5 })
  const first = await get(port, manifest)
  assert.equal(first.headers['content-type'], 'application/dash+xml')
  assert.equal(first.headers['cache-control'], 'public, max-age=0, s-maxage=1')
  assert.equal(String(first.body).match(/<Period /g)?.length, 1)
  const again = await get(port, manifest, { headers: { 'if-none-match': String(first.headers.etag) } })
  assert.equal(again.status, 304)
  assert.equal(window?.manifest(), window?.manifest())

  studio.now += 3_000
  studio.stream({ seconds: 5 })
  const mpd = String((await get(port, '/live/main/t/secret/manifest.mpd')).body)
  const periods = [...mpd.matchAll(/<Period id="(\d)" start="PT([\d.]+)S"( duration="[^"]+")?>/g)]
  assert.deepEqual(
    periods.map((found) => [found[1], found[3] !== undefined]),
    [
      ['0', true],
      ['1', false],
    ],
  )
  assert.match(mpd, /availabilityStartTime="20\d\d-[^"]+:\d\d\.000Z"/)
  const [before = '', behind = ''] = starts(mpd, 'video')
  assert.ok(Number(periods[1]?.[2]) > Number(periods[0]?.[2]) + 7, mpd)
  for (const address of [before, behind]) {
    const answer = await get(port, `/live/main/t/secret/${address.replace('$RepresentationID$', 'v1')}`)
    assert.equal(answer.status, 200, address)
    assert.equal(answer.headers['cache-control'], 'public, max-age=86400, immutable')
    const parts = studio.recorded.parts.filter((part) => part.track === 1 && !part.gap)
    const from = parts.findIndex((part) => address.endsWith(`-${part.start}.m4s`))
    const whole = parts.filter((part) => part.msn === parts[from]?.msn)
    assert.deepEqual(answer.body, Buffer.concat(whole.map((part) => part.bytes)))
  }
  const other = before.replace('$RepresentationID$', 'v1').replace(/-0\.m4s/, '-1.m4s')
  assert.equal((await get(port, `/live/main/${other}`)).status, 404)

  window?.end()
  const ended = String((await get(port, manifest)).body)
  assert.match(ended, /mediaPresentationDuration="PT[\d.]+S"/)
  assert.doesNotMatch(ended, /minimumUpdatePeriod/)
})

test('after a restart the same segments have the same names, but one that a crash cut short has none', async (t) => {
  const root = await temporaryFolder(t)
  const before = createDiskStore({ root, log: quietLog, retention })
  let writer: AssetWriter | undefined
  let shown: LiveWindow | undefined
  const studio = createStudio({
    sinks: (timing) => [
      (writer = before.create(assetId, timing)),
      (shown = watchedWindow({ assetId, timing, older: everything })),
    ],
  })
  studio.connect()
  studio.stream({ seconds: 7 })
  const seen = String(shown?.manifest()?.plain)
  await writer?.suspend()
  await before.close()
  const store = createDiskStore({ root, log: quietLog, retention })
  t.after(() => store.close())
  const [index] = await store.recover()
  assert.ok(index !== undefined)
  const restored = watchedWindow({ assetId, timing: index.timing, recovered: index, older: everything })
  const lists = (text: string) => text.match(/<Period id="\d+" start="[^"]+"|media="[^"]+"|<S [^>]+>/g)
  assert.deepEqual(lists(String(restored.manifest()?.plain)), lists(seen))

  const cut = index.tracks.map((track) => ({
    ...track,
    recent: (track.recent ?? []).map((p) => ({ ...p, last: false })),
  }))
  const crashed = watchedWindow({
    assetId,
    timing: index.timing,
    recovered: { ...index, tracks: cut },
    older: everything,
  })
  const port = await serve(t, () => crashed)
  const last = index.tracks[0]?.segments.at(-1)
  const epoch = index.epochs.at(-1)
  const name = `/live/main/${assetId}/v1/t${epoch?.wallClock}-${last?.start}.m4s`
  assert.equal((await get(port, name)).status, 404)
})

test('the clock of the server is beside the manifest, also of a channel that is offline', async (t) => {
  const port = await serve(t, () => undefined)
  const answer = await get(port, '/live/main/time')
  assert.match(String(answer.body), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  assert.equal(answer.headers['cache-control'], 'no-store')
})
