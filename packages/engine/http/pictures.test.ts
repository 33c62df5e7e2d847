import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { EngineError } from '../error.ts'
import type { LiveBroadcast } from '../packager/live.ts'
import { PICTURE_LIMITS } from '../pictures/limits.ts'
import type { Picture } from '../pictures/picture.ts'
import type { Pictures } from '../pictures/pictures.ts'
import type { HttpRequest, HttpResponse } from './message.ts'
import { createPictureHandler } from './pictures.ts'
import { get, startServer } from './testing.ts'

const picture: Picture = { bytes: new Uint8Array(300).fill(7), etag: '"p1"' }

async function serve(t: TestContext, make: () => Promise<Picture | undefined>, available = true) {
  const storyboard = async () => ({ interval: 10, sheets: [], time: 0, clock: 0 })
  const made = { thumbnail: make, poster: make, storyboard, sheet: make }
  const pictures: Pictures = { available, ...made, forget() {}, close() {} }
  const find = (slug: string) => (slug === 'main' ? ({} as LiveBroadcast) : undefined)
  const { port } = await startServer(t, [createPictureHandler({ pictures, find })])
  return (path: string, options: Parameters<typeof get>[2] = {}) => get(port, path, options)
}

test('pictures of a live channel and of a recording are JPEGs that shared caches keep for a while', async (t) => {
  const ask = await serve(t, async () => picture)
  for (const [path, seconds] of [
    ['/live/main/thumbnail.jpg', 5],
    ['/live/main/t/some-token/thumbnail.jpg?now', 5],
    ['/vod/as_1/poster.jpg', 60],
  ] as const) {
    const { status, headers, body } = await ask(path)
    assert.deepEqual([status, headers['content-type'], body.byteLength], [200, 'image/jpeg', 300], path)
    assert.equal(headers['cache-control'], `public, max-age=${seconds}`)
    assert.equal(headers['access-control-allow-origin'], '*')
    const again = await ask(path, { headers: { 'if-none-match': '"p1"' } })
    assert.deepEqual([again.status, again.body.byteLength], [304, 0])
    const head = await ask(path, { method: 'HEAD' })
    assert.deepEqual([head.status, head.headers['content-length'], head.body.byteLength], [200, '300', 0])
  }
  assert.equal((await ask('/live/main/thumbnail.jpg', { method: 'POST' })).status, 405)
  const track = await ask('/vod/as_1/storyboard.vtt?clock')
  assert.deepEqual([track.headers['content-type'], track.body.toString()], ['text/vtt', 'WEBVTT\n'])
  const sheet = await ask('/vod/as_1/storyboard-10-0000000001-25.jpg')
  assert.deepEqual([sheet.status, sheet.headers['cache-control']], [200, 'public, max-age=86400, immutable'])
})

test('what is not live, has no picture or is no such address is not found, and says why', async (t) => {
  const ask = await serve(t, async () => undefined)
  const code = async (path: string) => {
    const { status, body } = await ask(path)
    return [status, JSON.parse(body.toString()).code]
  }
  assert.deepEqual(await code('/live/other/thumbnail.jpg'), [404, 'offline'])
  for (const path of [
    '/live/main/thumbnail.jpg',
    '/vod/as_1/poster.jpg',
    '/live/main/as_1/thumbnail.jpg',
    '/a.jpg',
    '/vod/as_1/storyboard-11-0000000001-25.jpg',
  ])
    assert.deepEqual(await code(path), [404, 'not-found'], path)
})

test('without ffmpeg it says that it is missing', async (t) => {
  const ask = await serve(t, async () => picture, false)
  const { status, body } = await ask('/live/main/thumbnail.jpg')
  assert.equal(status, 404)
  assert.match(JSON.parse(body.toString()).detail, /ffmpeg was not found.*--ffmpeg/)
})

test('where too many wait the answer is to come again', async (t) => {
  const full = await serve(t, () => Promise.reject(new EngineError('limit', 'too many')))
  assert.equal((await full('/live/main/thumbnail.jpg')).status, 503)
  const broken = await serve(t, () => Promise.reject(new TypeError('injected')))
  assert.equal((await broken('/vod/as_1/poster.jpg')).status, 404)
})

test('a disk that hangs keeps nobody waiting for good, and the picture of what is live is answered meanwhile', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const never = () => new Promise<never>(() => undefined)
  const made = { thumbnail: async () => undefined, poster: never, storyboard: never, sheet: never }
  const pictures: Pictures = { available: true, ...made, forget() {}, close() {} }
  const handle = createPictureHandler({ pictures, find: () => ({}) as LiveBroadcast })
  const answers: string[] = []
  const ask = (url: string) => {
    const socket = {} as HttpRequest['socket']
    const writeHead = (status: number) => void answers.push(`${status} ${url}`)
    const response = { destroyed: false, writeHead, once() {}, end() {} }
    handle({ method: 'GET', url, headers: {}, httpVersionMajor: 1, socket }, response as unknown as HttpResponse)
  }
  const poster = '/vod/as_1/poster.jpg'
  for (let i = 0; i < PICTURE_LIMITS.requests; i++) ask(i % 2 === 0 ? poster : '/vod/as_1/storyboard.vtt')
  ask(poster)
  ask('/live/main/thumbnail.jpg')
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(answers.splice(0), [`503 ${poster}`, '404 /live/main/thumbnail.jpg'])
  t.mock.timers.tick(PICTURE_LIMITS.answer)
  assert.equal(answers.length, PICTURE_LIMITS.requests)
  assert(answers.every((answer) => answer.startsWith('503 ')))
})
