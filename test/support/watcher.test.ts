import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { waitFor } from './wait.ts'
import { watchChannel } from './watcher.ts'

/** A server's answers, one text or status for each path; others are 404. */
type Answers = Record<string, string | number>

const RENDITION = '/live/main/as_1/v1'
const multivariant = `#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-STREAM-INF:BANDWIDTH=900000,CODECS="avc1.64001f"
as_1/v1/index.m3u8
`
const playlist = (end = '') => `#EXTM3U
#EXT-X-VERSION:6
#EXT-X-TARGETDURATION:4
#EXT-X-MEDIA-SEQUENCE:7
#EXT-X-MAP:URI="i0.mp4"
#EXTINF:2.00000,
s1-6.m4s
${end}`

/** Watches a channel that is answered for by `answers`; they may change meanwhile. */
function watch(t: TestContext, more: Answers = {}) {
  const answers: Answers = {
    '/live/main/index.m3u8': multivariant,
    [`${RENDITION}/index.m3u8`]: playlist(),
    [`${RENDITION}/i0.mp4`]: 'init',
    [`${RENDITION}/s1-6.m4s`]: 'media',
    ...more,
  }
  const reads = new Map<string, number>()
  t.mock.method(globalThis, 'fetch', async (address: string) => {
    const { pathname } = new URL(address)
    reads.set(pathname, (reads.get(pathname) ?? 0) + 1)
    // As a held request: the follower comes again at once.
    await new Promise((resolve) => setTimeout(resolve, 5))
    const answer = answers[pathname] ?? 404
    return typeof answer === 'number' ? new Response('', { status: answer }) : new Response(answer)
  })
  const watcher = watchChannel(() => 'http://server.test', 'main')
  t.after(() => watcher.stop())
  /** Waits until a file of the rendition was asked for so many times more. */
  const asked = (file: string, times = 3) => {
    const path = `${RENDITION}/${file}`
    const before = reads.get(path) ?? 0
    return waitFor(`${times} requests for ${file}`, () => (reads.get(path) ?? 0) >= before + times)
  }
  return { answers, watcher, asked }
}

test('a stream that keeps its promises gives no reason to complain, and its end is the end', async (t) => {
  const { answers, watcher, asked } = watch(t)
  await asked('index.m3u8')
  // What a server answers whose encoder has gone, when nothing came in time.
  answers[`${RENDITION}/index.m3u8`] = 503
  await asked('index.m3u8', 2)
  answers[`${RENDITION}/index.m3u8`] = playlist('#EXT-X-ENDLIST\n')
  await waitFor('the end', () => watcher.renditions.get('as_1/v1')?.ended === true)
  answers[`${RENDITION}/index.m3u8`] = 404
  await watcher.again()
  assert.deepEqual(watcher.problems, [])
})

for (const status of [404, 500]) {
  test(`a playlist that was listed and is answered with ${status} is a complaint, and is followed when it is back`, async (t) => {
    const { answers, watcher, asked } = watch(t)
    await asked('index.m3u8')
    answers[`${RENDITION}/index.m3u8`] = status
    await asked('index.m3u8', 2)
    answers[`${RENDITION}/index.m3u8`] = playlist('#EXT-X-ENDLIST\n')
    await waitFor('the end', () => watcher.renditions.get('as_1/v1')?.ended === true)
    assert.match(watcher.problems.join('\n'), new RegExp(`^as_1/v1: ${status} for index\\.m3u8`))
  })
}

for (const file of ['i0.mp4', 's1-6.m4s']) {
  test(`${file} that is listed and not there is a complaint`, async (t) => {
    const { watcher, asked } = watch(t, { [`${RENDITION}/${file}`]: 404 })
    await asked('index.m3u8')
    assert.deepEqual(watcher.problems, [`as_1/v1/${file}: 404 although listed`])
  })
}

test('bytes that change under one name are a complaint', async (t) => {
  const { answers, watcher, asked } = watch(t)
  await asked('index.m3u8')
  answers[`${RENDITION}/s1-6.m4s`] = 'other media'
  await watcher.again()
  assert.deepEqual(watcher.problems, ['as_1/v1/s1-6.m4s changed its bytes'])
})
