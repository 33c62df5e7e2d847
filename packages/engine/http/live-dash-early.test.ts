import assert from 'node:assert/strict'
import { type ClientHttp2Stream, constants } from 'node:http2'
import { type TestContext, test } from 'node:test'
import { encode } from '../packager/fixtures/encoder.ts'
import { createStudio, type Studio } from '../packager/fixtures/studio.ts'
import { manualScheduler, watchedWindow } from '../packager/fixtures/watched.ts'
import type { OlderParts } from '../packager/window/media-answers.ts'
import type { LiveWindow } from '../packager/window/window.ts'
import { createLiveHandler } from './live.ts'
import { get, get2, openSession, openSocket, startServer, testTls, until } from './testing.ts'

const assetId = 'as_018bcfe5-6800-71d0-907b-f6115133eaec'
const manifest = '/live/main/manifest.mpd'

/** A broadcast whose encoder is moved by hand: `run(to)` sends what there is up to that second. */
async function broadcast(
  t: TestContext,
  options: Parameters<typeof encode>[0] & {
    readonly tls?: boolean
    readonly waiting?: number
    readonly older?: OlderParts
    /** Seconds by which media come late. */
    readonly late?: (at: number) => number
  },
) {
  let window: LiveWindow | undefined
  const scheduler = manualScheduler()
  const studio: Studio = createStudio({
    sinks: (timing) => [
      (window = watchedWindow({ assetId, timing, scheduler, ...(options.older && { older: options.older }) })),
    ],
  })
  const live = createLiveHandler({
    find: () => window,
    ...(options.waiting !== undefined && { limits: { connectionWaiting: options.waiting } }),
  })
  const { port } = await startServer(t, [live.handle], options.tls === true ? { tls: testTls } : {})
  studio.connect()
  const sent = [...encode(options)].map((unit) => ({ ...unit, at: unit.at + (options.late?.(unit.at) ?? 0) }))
  const begun = studio.now
  let from = 0
  return {
    ...{ studio, live, port, scheduler, window: () => window as LiveWindow },
    run(to: number) {
      studio.now = begun + from * 1000
      studio.send(sent.filter(({ at }) => at >= from && at < to).map((unit) => ({ ...unit, at: unit.at - from })))
      studio.now = begun + to * 1000
      from = to
    },
    mpd: () => String(window?.manifest()?.plain),
  }
}

/** Times and durations of a set's segments, and the address of its last one. */
function listed(mpd: string, kind: string) {
  const set = mpd.split('<AdaptationSet').findLast((text) => text.includes(`contentType="${kind}"`)) ?? ''
  const segments: { time: number; duration: number }[] = []
  let time = 0
  for (const [, t, d, r] of set.matchAll(/<S(?: t="(\d+)")? d="(\d+)"(?: r="(\d+)")?\/>/g)) {
    if (t !== undefined) time = Number(t)
    for (let i = 0; i <= Number(r ?? 0); i++, time += Number(d)) segments.push({ time, duration: Number(d) })
  }
  const media = /media="([^"]+)"/.exec(set)?.[1] ?? ''
  const id = /<Representation id="([^"]+)"/.exec(set)?.[1] ?? ''
  const address = `/live/main/${media.replace('$RepresentationID$', id).replace('$Time$', String(segments.at(-1)?.time))}`
  return {
    segments,
    address,
    early: /availabilityTimeOffset="([\d.]+)" availabilityTimeComplete="false"/.exec(set)?.[1],
  }
}

function wholeOf(studio: Studio, track: number, start: number): Buffer {
  const first = studio.parts(track).find((part) => part.start === start)
  return Buffer.concat(
    studio
      .parts(track)
      .filter((part) => part.msn === first?.msn)
      .map(({ bytes }) => bytes),
  )
}

test('the segment in the making is listed with the duration that it then has, from its first part on', async (t) => {
  const { run, mpd, port } = await broadcast(t, { seconds: 30 })
  run(5.9)
  assert.doesNotMatch(mpd(), /availabilityTime(Offset|Complete)/)
  assert.match(mpd(), /minimumUpdatePeriod="PT2S"/)
  for (const at of [6.8, 8.8, 16.8, 18.8]) {
    run(at)
    const text = mpd()
    assert.match(text, /minimumUpdatePeriod="PT0.5S" minBufferTime="PT1S"/)
    assert.match(text, /<Latency target="3000" max="9000"\/>/)
    const video = listed(text, 'video')
    const audio = listed(text, 'audio')
    assert.ok(Number(video.early) >= 1.5 && Number(video.early) <= 1.7, video.early)
    assert.equal(video.segments.at(-1)?.time, 90_000 * 2 * Math.floor(at / 2), `pictures at ${at}`)
    assert.equal(video.segments.at(-1)?.duration, 180_000)
    run(at + 1.9)
    for (const [kind, before] of [
      ['video', video],
      ['audio', audio],
    ] as const) {
      const foretold = before.segments.at(-1)
      const then = listed(mpd(), kind).segments.find(({ time }) => time === foretold?.time)
      assert.deepEqual(then, foretold, `${kind} at ${at}`)
    }
  }
  assert.equal((await get(port, manifest)).headers['cache-control'], 'public, max-age=0, s-maxage=1')
})

test('irregular key frames leave everything as it was, one of four does not', async (t) => {
  const wild = await broadcast(t, { seconds: 30, gop: (n) => [0, 75, 140, 231, 310, 371, 470].includes(n) })
  for (let at = 1; at < 15; at++) {
    wild.run(at)
    assert.doesNotMatch(wild.mpd(), /availabilityTime(Offset|Complete)|PT0.5S/, `at ${at}`)
  }
  // A cut in the picture after 9 s: that segment and those after it end elsewhere.
  const cut = await broadcast(t, { seconds: 30, gop: (n) => (n < 270 ? n % 60 === 0 : (n - 270) % 60 === 0) })
  cut.run(8.8)
  assert.ok(listed(cut.mpd(), 'video').early)
  cut.run(12.6)
  const { segments, early } = listed(cut.mpd(), 'video')
  assert.deepEqual(
    segments.slice(-3).map(({ duration }) => duration / 90_000),
    [2, 3, 2],
  )
  assert.ok(early)
})

test('a segment that goes on for longer than foretold is not listed then; its answer is the whole of it', async (t) => {
  const { run, mpd, studio, port, live } = await broadcast(t, { seconds: 30, gop: (n) => n % 60 === 0 && n !== 240 })
  run(6.8)
  const foretold = listed(mpd(), 'video')
  assert.deepEqual(foretold.segments.at(-1), { time: 540_000, duration: 180_000 })
  const answer = get(port, foretold.address)
  await until(() => live.waiting() === 1)
  const stamp = (text: string) => /publishTime="([^"]+)"/.exec(text)?.[1] ?? ''
  const before = stamp(mpd())
  run(9.3)
  for (const kind of ['video', 'audio']) {
    const now = listed(mpd(), kind)
    assert.ok(now.early !== undefined, kind)
    assert.equal(now.segments.length, 3, kind)
  }
  assert.ok(stamp(mpd()) > before)
  run(10.5)
  const { body, status } = await answer
  assert.equal(status, 200)
  assert.deepEqual(body, wholeOf(studio, 1, 540_000))
  assert.deepEqual(listed(mpd(), 'video').segments.slice(-2), [
    { time: 540_000, duration: 360_000 },
    { time: 900_000, duration: 180_000 },
  ])
})

test('HTTP/1.1: each part is sent as it closes; the end is that of the segment; then and before the same headers', async (t) => {
  const { run, mpd, studio, port, live } = await broadcast(t, { seconds: 30 })
  run(6.8)
  const { address, segments } = listed(mpd(), 'video')
  const start = segments.at(-1)?.time ?? 0
  const socket = await openSocket(t, port)
  let text = ''
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
  const lengths = () =>
    studio
      .parts(1)
      .filter((part) => part.start >= start)
      .map(({ bytes }) => bytes.length.toString(16))
  const chunks = () => [...text.matchAll(/(?:^|\r\n)([0-9a-f]+)\r\n(?=[^]{4}(?:prft|moof))/g)].map((found) => found[1])
  socket.write(`GET ${address} HTTP/1.1\r\nHost: h\r\n\r\n`)
  await until(() => chunks().length > 0)
  assert.deepEqual(chunks(), lengths())
  assert.match(
    text,
    /^HTTP\/1\.1 200 OK\r\nContent-Type: video\/mp4\r\nCache-Control: public, max-age=86400, immutable\r\n/,
  )
  assert.match(text, /\r\nTransfer-Encoding: chunked\r\n/)
  const head = await get(port, address, { method: 'HEAD' })
  assert.deepEqual([head.status, head.body.length, head.headers['content-length']], [200, 0, undefined])
  for (const at of [7.2, 7.6]) {
    run(at)
    await until(() => chunks().length === lengths().length)
    assert.equal(live.waiting(), 1)
    assert.ok(!text.includes('\r\n0\r\n\r\n'))
  }
  run(8.1)
  await until(() => text.endsWith('\r\n0\r\n\r\n'))
  assert.equal(live.waiting(), 0)
  const later = await get(port, address)
  assert.deepEqual(later.body, wholeOf(studio, 1, start))
  assert.equal(later.headers['content-length'], String(later.body.length))
  // The connection serves the next request.
  text = ''
  socket.write(`GET ${manifest} HTTP/1.1\r\nHost: h\r\n\r\n`)
  await until(() => text.includes('</MPD>'))
})

test('HTTP/2: the same as DATA frames; a range of what has no length yet is all of it', async (t) => {
  const { run, mpd, studio, port } = await broadcast(t, { seconds: 30, tls: true })
  run(6.8)
  const { address, segments } = listed(mpd(), 'audio')
  const session = openSession(t, port)
  const stream: ClientHttp2Stream = session.request({ ':path': address, range: 'bytes=0-1' })
  const got: Buffer[] = []
  let status: unknown
  stream.on('response', (headers) => (status = headers[constants.HTTP2_HEADER_STATUS]))
  stream.on('data', (chunk: Buffer) => got.push(chunk))
  const ended = new Promise((resolve) => stream.once('end', resolve))
  const size = () => got.reduce((sum, chunk) => sum + chunk.length, 0)
  await until(() => size() > 0)
  const before = size()
  run(7.5)
  await until(() => size() > before)
  run(8.8)
  await ended
  assert.equal(status, 200)
  assert.deepEqual(Buffer.concat(got), wholeOf(studio, 2, segments.at(-1)?.time ?? -1))
  assert.equal((await get2(session, address, { method: 'HEAD' })).headers['content-length'], String(size()))
})

test('an encoder that stops: the end of the broadcast ends the answer with what there is, and the manifest says so', async (t) => {
  const { run, mpd, studio, port, live, window } = await broadcast(t, { seconds: 30 })
  run(7)
  const { address, segments } = listed(mpd(), 'video')
  const answer = get(port, address)
  await until(() => live.waiting() === 1)
  studio.stop()
  window().end()
  const { body, status } = await answer
  assert.equal(status, 200)
  const time = segments.at(-1)?.time ?? 0
  assert.deepEqual(body, wholeOf(studio, 1, time))
  const shown = listed(mpd(), 'video')
  assert.equal(shown.early, undefined)
  const last = studio.parts(1).filter((part) => part.start >= time)
  assert.equal(
    shown.segments.at(-1)?.duration,
    last.reduce((sum, part) => sum + part.duration, 0),
  )
  assert.deepEqual((await get(port, address)).body, body)
})

test('an encoder that hangs: the answer is cut off, never ended, and nobody waits any more', async (t) => {
  const { run, mpd, port, scheduler, live } = await broadcast(t, { seconds: 30 })
  run(7)
  const { address } = listed(mpd(), 'video')
  const answer = assert.rejects(get(port, address))
  await until(() => live.waiting() === 1)
  scheduler.advance(13_000)
  await answer
  assert.equal(live.waiting(), 0)
})

test('a rendition that is let go of cuts its answers off', async (t) => {
  const { run, mpd, port, live, window } = await broadcast(t, { seconds: 30 })
  run(7)
  const answer = assert.rejects(get(port, listed(mpd(), 'video').address))
  await until(() => live.waiting() === 1)
  window().close()
  await answer
})

test('one connection holds so many answers and no more; who goes away is forgotten', async (t) => {
  const { run, mpd, port, live } = await broadcast(t, { seconds: 30, tls: true, waiting: 3 })
  run(7)
  const { address } = listed(mpd(), 'video')
  const session = openSession(t, port)
  const codes: number[] = []
  for (let i = 0; i < 5; i++) {
    const stream = session.request({ ':path': address })
    stream.on('error', () => {})
    stream.on('close', () => codes.push(stream.rstCode))
    stream.resume()
  }
  await until(() => codes.length === 2 && live.waiting() === 3)
  session.destroy()
  await until(() => live.waiting() === 0)
})

test('names beside that of the segment in the making are not there', async (t) => {
  const { run, mpd, port } = await broadcast(t, { seconds: 30 })
  run(7)
  const { address, segments } = listed(mpd(), 'video')
  const time = segments.at(-1)?.time ?? 0
  for (const other of [time + 1, time + 180_000, time - 90]) {
    assert.equal((await get(port, address.replace(`-${time}.`, `-${other}.`))).status, 404, String(other))
  }
})

test('media that come late ask for more latency, and later than that for whole segments and as much more', async (t) => {
  // The encoder's clock loses a tenth of a second each second, from the tenth on.
  const { run, mpd } = await broadcast(t, { seconds: 60, late: (at) => Math.max(0, at - 10) / 10 })
  run(8.8)
  const figures = () => {
    const text = mpd()
    return [Number(listed(text, 'video').early), Number(/Latency target="(\d+)"/.exec(text)?.[1])] as const
  }
  const [early, target] = figures()
  run(22)
  const [earlyThen, targetThen] = figures()
  assert.ok(earlyThen < early - 0.4 && targetThen > target, `${earlyThen} s early, ${targetThen} ms`)
  run(50)
  assert.doesNotMatch(mpd(), /availabilityTime/)
  // Four seconds late; the newest segments began to come some seconds ago.
  assert.match(mpd(), /suggestedPresentationDelay="PT13S"[^]*Latency target="13000" max="39000"/)
  assert.match(mpd(), /timeShiftBufferDepth="PT15S"/)
})

test('where nothing is foretold lateness counts too, and a single segment that came late does not', async (t) => {
  const gop = (n: number) => [0, 75, 140, 231].includes(n % 310)
  const delays = (mpd: string) => [
    Number(/suggestedPresentationDelay="PT(\d+)S"/.exec(mpd)?.[1]),
    Number(/Latency target="(\d+)"/.exec(mpd)?.[1]) / 1000,
  ]
  const hanging = await broadcast(t, { seconds: 40, gop, late: (at) => (at > 20 && at < 24 ? 24 - at : 0) })
  hanging.run(35)
  assert.deepEqual(delays(hanging.mpd()), [10, 10])
  const slow = await broadcast(t, { seconds: 80, gop, late: (at) => Math.min(20, Math.max(0, at - 10)) })
  slow.run(9)
  assert.deepEqual(delays(slow.mpd()), [10, 10])
  slow.run(70)
  assert.deepEqual(delays(slow.mpd()), [30, 30])
})

test('the end of an answer does not wait for the disk, the listing as a whole does', async (t) => {
  const older: OlderParts = {
    available: () => true,
    written: () => new Promise(() => undefined),
    read: () => Promise.resolve(undefined),
  }
  const { run, mpd, studio, port, live, window } = await broadcast(t, { seconds: 30, older })
  run(6.8)
  const { address, segments } = listed(mpd(), 'video')
  const time = segments.at(-1)?.time ?? 0
  const answer = get(port, address)
  await until(() => live.waiting() === 1)
  run(8.03)
  assert.ok(studio.parts(1).some((part) => part.last && part.start > time))
  assert.deepEqual((await answer).body, wholeOf(studio, 1, time))
  assert.equal(
    window()
      .rendition('v1')
      ?.media(address.slice(address.lastIndexOf('/') + 1)).kind,
    'growing',
  )
  assert.deepEqual(listed(mpd(), 'video').segments.at(-1), { time, duration: 180_000 })
})
