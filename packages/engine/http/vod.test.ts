import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { names } from '../packager/model.ts'
import { createTestBroadcast, largeClip, smallClip } from '../replay/fixtures/broadcast.ts'
import { createDiskStore } from '../store/disk.ts'
import { quietLog, retention, temporaryFolder, until } from '../store/fixtures/material.ts'
import { limits } from './limits.ts'
import { outboxFigures } from './outbox.ts'
import { get, startServer } from './testing.ts'
import { createVodHandler, type VodOptions } from './vod.ts'

const run = promisify(execFile)

async function fixture(t: TestContext, more: Partial<VodOptions> = {}) {
  const store = createDiskStore({ root: await temporaryFolder(t), log: quietLog, retention })
  t.after(() => store.close())
  const { port } = await startServer(t, [createVodHandler({ store, ...more })])
  return { store, port, broadcast: createTestBroadcast(store, 'as_one'), url: `http://127.0.0.1:${port}/vod/as_one` }
}

/** What ffprobe says after reading every packet. */
async function probe(url: string) {
  const what = ['-show_entries', 'format=duration:stream=codec_type,width,height,nb_read_frames,duration']
  const { stdout } = await run('ffprobe', ['-v', 'error', '-count_frames', ...what, '-of', 'json', url], {
    timeout: 30_000,
  })
  const { format, streams } = JSON.parse(stdout) as {
    format: { duration: string }
    streams: { codec_type: string; nb_read_frames: string; duration?: string }[]
  }
  const of = (kind: string) => streams.find((stream) => stream.codec_type === kind)
  return {
    duration: Number(format.duration),
    pictures: Number(of('video')?.nb_read_frames),
    sounds: Number(of('audio')?.nb_read_frames),
  }
}

test('three epochs with a change of size play as VOD and download as one MP4 of the right duration', async (t) => {
  const { broadcast, url, port, store } = await fixture(t)
  const small = smallClip()
  broadcast.send(small, 2)
  broadcast.send(largeClip(), 2)
  broadcast.send(small, 2)
  await broadcast.writer().end()
  const index = await store.index('as_one')
  assert.equal(index?.epochs.length, 3)

  const playlist = String((await get(port, '/vod/as_one/v1/index.m3u8')).body)
  assert.match(playlist, /#EXT-X-PLAYLIST-TYPE:VOD\n/)
  assert.match(playlist, /#EXT-X-ENDLIST\n$/)
  assert.equal(playlist.match(/#EXT-X-DISCONTINUITY\n/g)?.length, 2)
  assert.equal(playlist.match(/#EXT-X-PROGRAM-DATE-TIME/g)?.length, 3)
  const inits = index?.epochs.map(({ tracks }) => names.init(tracks[0]?.initNumber ?? -1))
  assert.deepEqual(playlist.match(/i\d+\.mp4/g), inits)
  assert.equal(new Set(inits).size, 3)
  const main = String((await get(port, '/vod/as_one/index.m3u8')).body)
  assert.match(main, /CODECS="avc1\.[0-9a-f]{6},avc1\.[0-9a-f]{6},mp4a\.40\.2",RESOLUTION=320x180/)

  const played = await probe(`${url}/index.m3u8`)
  assert.ok(Math.abs(played.duration - 18) < 0.2, `VOD lasts ${played.duration}`)
  assert.equal(played.pictures, 540)

  const downloaded = await probe(`${url}/download.mp4`)
  assert.ok(Math.abs(downloaded.duration - 18) < 0.15, `download lasts ${downloaded.duration}`)
  assert.equal(downloaded.pictures, 540)
  // Sound lasts as long as the pictures, with a shorter frame at the end of each epoch.
  const stored = Map.groupBy(index.tracks[1]?.segments ?? [], (segment) => segment.epoch)
  const frames = [...stored.values()].map((own) => own.reduce((sum, { duration }) => sum + duration, 0) / 1024)
  assert.deepEqual(frames, [281.25, 281.25, 281.25])
  assert.equal(downloaded.sounds, 3 * 282)
  // No packet error anywhere, and picture and sound of every epoch begin together.
  const errors = await run('ffmpeg', ['-v', 'warning', '-i', `${url}/download.mp4`, '-f', 'null', '-'])
  assert.equal(errors.stderr, '')
})

test('an encoder that returns with another sample rate: times of each epoch are on its own clock', async (t) => {
  const { broadcast, url, port, store } = await fixture(t)
  broadcast.send(smallClip(), 2)
  broadcast.send(largeClip(44_100), 2)
  await broadcast.writer().end()
  const index = await store.index('as_one')
  assert.deepEqual([...new Set([...(index?.tracks[1]?.segments ?? [])].map((s) => s.timescale))], [48_000, 44_100])
  for (const rendition of ['v1', 'a2']) {
    const playlist = String((await get(port, `/vod/as_one/${rendition}/index.m3u8`)).body)
    const durations = [...playlist.matchAll(/EXTINF:([\d.]+)/g)].map((found) => Number(found[1]))
    const sum = durations.reduce((all, duration) => all + duration, 0)
    // Sound that is older than the first picture of its epoch is left out.
    assert.ok(Math.abs(sum - 12) < 0.2, `${rendition} lasts ${sum}`)
  }
  const played = await probe(`${url}/index.m3u8`)
  assert.ok(Math.abs(played.duration - 12) < 0.2, `VOD lasts ${played.duration}`)
  const downloaded = await probe(`${url}/download.mp4`)
  assert.ok(Math.abs(downloaded.duration - 12) < 0.15, `download lasts ${downloaded.duration}`)
  const errors = await run('ffmpeg', ['-v', 'warning', '-i', `${url}/download.mp4`, '-f', 'null', '-'])
  assert.equal(errors.stderr, '')
})

test('while live the replay is an EVENT playlist that grows, with delta updates, and downloads what there is', async (t) => {
  const { broadcast, port, url, store } = await fixture(t)
  assert.equal((await get(port, '/vod/as_one/index.m3u8')).status, 404)
  const clip = smallClip()
  broadcast.send(clip, 20)
  await until(async () => ((await store.index('as_one'))?.tracks[0]?.segments.length ?? 0) >= 29, 'segments')
  const before = await get(port, '/vod/as_one/v1/index.m3u8')
  const text = String(before.body)
  assert.equal(before.headers['cache-control'], 'public, max-age=2')
  assert.match(text, /#EXT-X-PLAYLIST-TYPE:EVENT\n/)
  assert.match(text, /CAN-SKIP-UNTIL=24/)
  assert.doesNotMatch(text, /ENDLIST/)
  const uris = text.match(/^s.*$/gm) ?? []
  const delta = String((await get(port, '/vod/as_one/v1/index.m3u8?_HLS_skip=YES')).body)
  const skipped = Number(/SKIPPED-SEGMENTS=(\d+)/.exec(delta)?.[1])
  assert.ok(skipped > 10)
  assert.deepEqual(delta.match(/^s.*$/gm), uris.slice(skipped))
  const download = await get(port, '/vod/as_one/download.mp4')
  assert.equal(download.status, 200)

  broadcast.send(clip, 1)
  await broadcast.writer().end()
  const after = String((await get(port, '/vod/as_one/v1/index.m3u8')).body)
  assert.ok(after.includes(text.slice(text.indexOf('#EXT-X-MAP'))), 'what was listed stays as it was')
  // Seeking within the file that was begun: the tag names it.
  const range = { range: 'bytes=1000-1999', 'if-range': String(download.headers.etag) }
  const part = await get(port, '/vod/as_one/download.mp4', { headers: range })
  assert.equal(part.status, 206)
  assert.deepEqual(part.body, download.body.subarray(1000, 2000))
  assert.ok((await probe(`${url}/download.mp4`)).duration > 62.5)
})

test('segments, parts and initialisation segments are immutable; playlists compressed, validated, with HEAD', async (t) => {
  const { broadcast, port } = await fixture(t)
  broadcast.send(smallClip(), 2)
  await broadcast.writer().end()
  const playlist = await get(port, '/vod/as_one/a2/index.m3u8')
  const packed = await get(port, '/vod/as_one/a2/index.m3u8', { headers: { 'accept-encoding': 'gzip' } })
  assert.deepEqual(gunzipSync(packed.body), playlist.body)
  const again = await get(port, '/vod/as_one/a2/index.m3u8', {
    headers: { 'if-none-match': String(playlist.headers.etag) },
  })
  assert.equal(again.status, 304)
  const [first = ''] = String(playlist.body).match(/^s.*$/m) ?? []
  const segment = await get(port, `/vod/as_one/a2/${first}`)
  assert.equal(segment.headers['cache-control'], 'public, max-age=86400, immutable')
  assert.equal(segment.headers['access-control-allow-origin'], '*')
  const part = await get(port, '/vod/as_one/a2/p0000000000.m4s')
  assert.deepEqual(part.body, segment.body.subarray(0, part.body.byteLength))
  assert.equal((await get(port, '/vod/as_one/a2/i0000000000.mp4')).body.toString('latin1', 4, 8), 'ftyp')
  assert.equal(
    (await get(port, '/vod/as_one/v1/g0000000000.m4s')).body.toString('latin1'),
    '\0\0\0\x08free\0\0\0\x08mdat',
  )
  for (const path of [
    'index.m3u8',
    'a2/index.m3u8',
    `a2/${first}`,
    'a2/i0000000000.mp4',
    'download.mp4',
    'a2/nothing.m4s',
  ]) {
    const whole = await get(port, `/vod/as_one/${path}`)
    const head = await get(port, `/vod/as_one/${path}`, { method: 'HEAD' })
    assert.equal(head.status, whole.status)
    assert.equal(head.body.byteLength, 0)
    for (const name of ['content-length', 'content-type', 'etag', 'cache-control']) {
      assert.equal(head.headers[name], whole.headers[name], `${path} ${name}`)
    }
  }
  for (const path of [
    'as_two/index.m3u8',
    'as_one/v9/index.m3u8',
    'as_one/v1/s0000000000-0000009999.m4s',
    'as_one/v1/i0000000009.mp4',
    'as_two/download.mp4',
  ]) {
    assert.equal((await get(port, `/vod/${path}`)).status, 404, path)
  }
})

test('media read for a replay count until they are taken; playlists and initialisation segments do not', async (t) => {
  const { broadcast, port } = await fixture(t)
  broadcast.send(smallClip(), 2)
  await broadcast.writer().end()
  const [first = ''] = String((await get(port, '/vod/as_one/v1/index.m3u8')).body).match(/^s.*$/m) ?? []
  const others = limits.storedBytes
  const files = [first, 'p0000000000.m4s', 'i0000000000.mp4', 'index.m3u8', 'g0000000000.m4s']
  const statuses = async () => {
    const answers = await Promise.all(files.map((file) => get(port, `/vod/as_one/v1/${file}`)))
    return answers.map(({ status }) => status)
  }
  outboxFigures.storedBytes += others
  assert.deepEqual(await statuses(), [503, 503, 200, 200, 200])
  outboxFigures.storedBytes -= others
  assert.deepEqual(await statuses(), [200, 200, 200, 200, 200])
  assert.equal(outboxFigures.storedBytes, 0)
})

test('any byte range of a download is that of the whole', async (t) => {
  const { broadcast, port } = await fixture(t)
  broadcast.send(smallClip(), 2)
  await broadcast.writer().end()
  const { body, headers } = await get(port, '/vod/as_one/download.mp4')
  assert.equal(headers['content-type'], 'video/mp4')
  assert.equal(Number(headers['content-length']), body.byteLength)
  assert.equal(body.toString('latin1', 4, 8), 'ftyp')
  for (let i = 0; i < 40; i++) {
    const first = Math.floor(Math.random() * body.byteLength)
    const last = Math.min(body.byteLength - 1, first + Math.floor(Math.random() * 30_000))
    const part = await get(port, '/vod/as_one/download.mp4', { headers: { range: `bytes=${first}-${last}` } })
    assert.equal(part.status, 206)
    assert.equal(part.headers['content-range'], `bytes ${first}-${last}/${body.byteLength}`)
    assert.ok(part.body.equals(body.subarray(first, last + 1)), `${first}-${last}`)
  }
  const beyond = await get(port, '/vod/as_one/download.mp4', { headers: { range: `bytes=${body.byteLength}-` } })
  assert.equal(beyond.status, 416)
})

test('who asks for one version of a download gets no other (RFC 9110 §13.1.1)', async (t) => {
  const { broadcast, port } = await fixture(t)
  broadcast.send(smallClip(), 2)
  await broadcast.writer().end()
  const path = '/vod/as_one/download.mp4'
  const etag = String((await get(port, path)).headers.etag)
  for (const held of [etag, '*', `"other", ${etag}`]) {
    const answer = await get(port, path, { headers: { 'if-match': held, range: 'bytes=0-9' } })
    assert.equal(answer.status, 206, held)
  }
  // Weak validators do not say that the bytes are the same, and it comes before whether the client has them.
  for (const other of ['"as_one.0-1"', `W/${etag}`]) {
    const answer = await get(port, path, { headers: { 'if-match': other, 'if-none-match': etag, range: 'bytes=0-9' } })
    assert.equal(answer.status, 412, other)
    assert.match(String(answer.body), /"code":"precondition-failed"/)
    assert.equal(answer.headers.etag, etag)
  }
})

test('an opaque token in the path is accepted on every address', async (t) => {
  const { broadcast, port } = await fixture(t)
  broadcast.send(smallClip(), 2)
  await broadcast.writer().end()
  for (const path of ['index.m3u8', 'v1/index.m3u8', 'v1/i0000000000.mp4', 'download.mp4']) {
    assert.equal((await get(port, `/vod/as_one/t/good/${path}`)).status, 200, path)
  }
})

test('other addresses are left to others', async (t) => {
  const { port } = await fixture(t)
  for (const path of [
    '/vod/',
    '/vod/as_one',
    '/vod/as_one/',
    '/vod/AS/index.m3u8',
    '/vod/as_one/v1/x/y',
    '/vod/../x/index.m3u8',
  ]) {
    assert.match(String((await get(port, path)).body), /Nothing here/, path)
  }
})

test('a recording that is deleted while it is downloaded is cut off, never wrong', async (t) => {
  const { broadcast, store, port } = await fixture(t)
  broadcast.send(smallClip(), 100)
  await broadcast.writer().end()
  const whole = (await get(port, '/vod/as_one/download.mp4')).body
  const socket = connect(port, '127.0.0.1')
  t.after(() => socket.destroy())
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.once('data', () => {
    socket.pause()
    void store.remove('as_one').then(() => socket.resume())
  })
  socket.write('GET /vod/as_one/download.mp4 HTTP/1.1\r\nHost: h\r\n\r\n')
  await new Promise((resolve) => socket.once('close', resolve))
  const bytes = Buffer.concat(chunks)
  const body = bytes.subarray(bytes.indexOf('\r\n\r\n') + 4)
  assert.ok(whole.subarray(0, body.byteLength).equals(body))
  assert.equal((await get(port, '/vod/as_one/download.mp4')).status, 404)
})
