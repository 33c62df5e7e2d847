import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { createRefusalLog } from '../../../remote/refusals.ts'
import { FakeLog, FakePort } from '../../rtmp/testing/fake-port.ts'
import { HLS_LIMITS } from '../limits.ts'
import { mediaPlaylist, PICTURES, pictureInit, pictureSegment } from '../testing/media.ts'
import type { PutAnswer, PutUpload } from './encoder.ts'
import { createHlsPutIngest } from './ingest.ts'

/** Encoders that put files, on a clock that stands still until it is told to pass. */
function stage(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
  let now = 0
  const port = new FakePort()
  const log = new FakeLog()
  const refusals = createRefusalLog(log)
  const ingest = createHlsPutIngest({
    ...{ publishPort: port, log, refusals, encodersPerAddress: 4, maxBitrate: 1e9, now: () => now },
  })
  t.after(() => {
    ingest.close()
    refusals.close()
  })
  const begin = async (path: string, key = 'good-key'): Promise<PutUpload> => {
    const upload = await ingest.upload({ key, path, remote: '192.0.2.7' })
    assert.ok('write' in upload, `${path}: ${JSON.stringify(upload)}`)
    return upload
  }
  const put = async (path: string, body: Uint8Array | string, key?: string): Promise<PutAnswer> => {
    const upload = await begin(path, key)
    assert.equal(upload.write(typeof body === 'string' ? Buffer.from(body) : body), undefined)
    return upload.end()
  }
  return {
    ...{ port, ingest, begin, put },
    /** Second `index`, and the list that ends with it. */
    async second(index: number, key?: string) {
      await put(`s${index}.m4s`, pictureSegment(index), key)
      await put('out.m3u8', mediaPlaylist(Math.max(0, index - 4), index + 1), key)
    },
    pass(ms: number) {
      for (let i = 0; i < ms; i += 20) {
        now += 20
        t.mock.timers.tick(20)
      }
    },
  }
}

test('after a discontinuity the initialisation segment is there that was put before hundreds of files which nobody reads', async (t) => {
  const { port, put, second, pass } = stage(t)
  await put('init.mp4', pictureInit)
  await second(0)
  pass(2_000)
  for (let i = 0; i < 2 * HLS_LIMITS.putFiles; i++) await put(`other${i}.m4s`, 'x')
  await put('s1.m4s', pictureSegment(1))
  await put('out.m3u8', mediaPlaylist(0, 2).replace('#EXTINF:1.000,\ns1', '#EXT-X-DISCONTINUITY\n#EXTINF:1.000,\ns1'))
  pass(4_000)
  assert.equal(port.publishers[0]?.of(VIDEO_TRACK).length, 2 * PICTURES)
})

test('an encoder that was lost for a while goes on, though it puts its initialisation segment only once', async (t) => {
  const { port, ingest, put, second, pass } = stage(t)
  await put('init.mp4', pictureInit)
  for (let i = 0; i < 4; i++) {
    await second(i)
    pass(1_000)
  }
  for (let outage = 1; outage <= 2; outage++) {
    pass(20_000)
    assert.deepEqual(port.publishers[outage - 1]?.ends, ['disconnected'])
    assert.equal(ingest.encoders, 0)
    await second(20 * outage)
    pass(4_000)
    assert.equal(port.publishers[outage]?.of(VIDEO_TRACK).length, PICTURES)
  }
})

test('an encoder whose channel another one had goes on with the initialisation segment that it put before', async (t) => {
  const { port, put, second, pass } = stage(t)
  await put('init.mp4', pictureInit)
  await second(0)
  pass(4_000)
  port.stops[0]?.({ code: 'taken-over', reason: 'another encoder' })
  pass(60_000)
  await second(1)
  pass(4_000)
  assert.equal(port.publishers[1]?.of(VIDEO_TRACK).length, PICTURES)
})

test('the initialisation segment of one key is not read for another', async (t) => {
  const { port, put, second, pass } = stage(t)
  await put('init.mp4', pictureInit)
  await second(0)
  pass(20_000)
  await second(1, 'good-key-2')
  pass(4_000)
  assert.equal(port.publishers[1]?.of(VIDEO_TRACK).length, 0)
})

test('an encoder is not silent while a segment of it comes in, and is when nothing more of it does', async (t) => {
  const { port, put, second, begin, pass } = stage(t)
  await put('init.mp4', pictureInit)
  await second(0)
  const upload = await begin('s1.m4s')
  for (let i = 0; i < 4; i++) {
    pass(6_000)
    upload.write(Uint8Array.of(0))
  }
  assert.deepEqual(port.publishers[0]?.ends, [])
  pass(20_000)
  assert.deepEqual(port.publishers[0]?.ends, ['disconnected'])
})
