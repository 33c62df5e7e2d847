import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type Hls from 'hls.js'
import { fakePage } from '../testing/fake-page.ts'
import { playlistLoader } from './playlist-loader.ts'
import { prefetch } from './prefetch.ts'

interface Policy {
  readonly timeoutRetry: object | null
  readonly errorRetry: { shouldRetry?(config: unknown, count: number, timeout: boolean, answer?: object): boolean }
}

interface Context {
  url: string
  readonly type: string
  readonly deliveryDirectives?: { readonly msn: number }
}

interface Callbacks {
  onSuccess(response: { readonly url: string; data: string }, stats: object, context: Context, network: null): void
  onError?(error: { readonly code: number }, context: Context, network: null, stats: object): void
}

/** What is used of the loader of hls.js; it answers with the text of the test. */
class FakeXhr {
  static text = ''
  static asked: { readonly url: string; readonly loadPolicy: Policy | undefined }[] = []
  context: Context | undefined
  aborted = false
  readonly stats = { loading: { start: 0, first: 0, end: 0 }, loaded: 0, total: 0 }
  load(context: Context, { loadPolicy }: { loadPolicy?: Policy }, callbacks: Callbacks): void {
    FakeXhr.asked.push({ url: context.url, loadPolicy })
    this.context = context
    callbacks.onSuccess({ url: context.url, data: FakeXhr.text }, this.stats, context, null)
  }
  abort(): void {
    this.aborted = true
  }
  destroy(): void {}
  getCacheAge(): number | null {
    return null
  }
}

const whole = [
  '#EXTM3U',
  '#EXT-X-TARGETDURATION:2',
  '#EXT-X-MEDIA-SEQUENCE:5',
  ...dated(0),
  ...dated(2),
  ...dated(4),
  '',
]
const playlist = whole.join('\n')

function dated(seconds: number): string[] {
  return [`#EXT-X-PROGRAM-DATE-TIME:${new Date(seconds * 1000).toISOString()}`, '#EXTINF:2,', `${seconds}.m4s`]
}

function loading(t: TestContext, at: number | undefined) {
  const page = fakePage(t)
  FakeXhr.text = playlist
  FakeXhr.asked = []
  const HlsClass = { DefaultConfig: { loader: FakeXhr } } as unknown as typeof Hls
  /** What the server says of the channel, `hangs` for no answer. */
  const channel: { live: boolean | 'hangs' } = { live: true }
  const isLive = () =>
    channel.live === 'hangs' ? new Promise<boolean>(() => undefined) : Promise.resolve(channel.live)
  const wanted = () => ({ at, parts: true, distance: 0 })
  const Loader = playlistLoader(HlsClass, wanted, isLive) as unknown as new () => FakeXhr
  const texts: string[] = []
  const errors: number[] = []
  const load = (context: Context): FakeXhr => {
    const loader = new Loader()
    loader.load(context, {}, { onSuccess: ({ data }) => texts.push(data), onError: ({ code }) => errors.push(code) })
    return loader
  }
  return { page, channel, load, texts, errors }
}

test('the first media playlist says where playback begins, later ones are left as they are', (t) => {
  const { load, texts } = loading(t, 3000)
  load({ url: 'http://server/v.m3u8', type: 'level' })
  load({ url: 'http://server/v.m3u8', type: 'level' })
  assert.match(texts[0] ?? '', /#EXT-X-START:TIME-OFFSET=3\.000,PRECISE=YES/)
  assert.equal(texts[1], playlist)
})

test('a held request asks for what is not listed yet, and only 503 makes it ask again', (t) => {
  const { load } = loading(t, undefined)
  load({ url: 'http://server/v.m3u8', type: 'level' })
  assert.equal(FakeXhr.asked[0]?.loadPolicy, undefined)
  load({ url: 'http://server/v.m3u8?_HLS_msn=7&_HLS_part=3', type: 'level', deliveryDirectives: { msn: 7 } })
  const held = FakeXhr.asked[1]
  assert.equal(held?.url, 'http://server/v.m3u8?_HLS_msn=8&_HLS_part=0')
  const again = (code: number, timeout = false) =>
    held?.loadPolicy?.errorRetry.shouldRetry?.(undefined, 1, timeout, { code })
  assert.deepEqual(
    [again(503), again(404), again(503, true), held?.loadPolicy?.timeoutRetry],
    [true, false, false, null],
  )
})

test('what was fetched ahead is the answer, with its age', async (t) => {
  const { page, load, texts } = loading(t, undefined)
  page.answer = () => new Response(playlist, { headers: { age: '3' } })
  prefetch('http://server/early.m3u8')
  const loader = load({ url: 'http://server/early.m3u8', type: 'manifest' })
  await page.pass(50)
  assert.deepEqual([texts, FakeXhr.asked], [[playlist], []])
  assert.equal(loader.getCacheAge(), 3)
})

test('what was fetched ahead in vain is asked for anew, unless nobody waits for it any more', async (t) => {
  const { page, load } = loading(t, undefined)
  prefetch('http://server/gone.m3u8')
  load({ url: 'http://server/gone.m3u8', type: 'manifest' })
  prefetch('http://server/left.m3u8')
  load({ url: 'http://server/left.m3u8', type: 'manifest' }).abort()
  await page.pass(50)
  assert.deepEqual(
    FakeXhr.asked.map(({ url }) => url),
    ['http://server/gone.m3u8'],
  )
})

test('after a sleep a playlist is asked for once it is known that there is one', async (t) => {
  const { page, channel, load, texts, errors } = loading(t, undefined)
  const ask = () => load({ url: 'http://server/v.m3u8', type: 'level' })
  ask()
  await page.pass(30_000)
  channel.live = false
  ask()
  assert.equal(FakeXhr.asked.length, 2)
  await page.pass(3_600_000)
  ask()
  await page.pass(50)
  assert.deepEqual([FakeXhr.asked.length, errors], [2, [404]])
  channel.live = 'hangs'
  ask().abort()
  ask()
  await page.pass(500)
  assert.equal(FakeXhr.asked.length, 2)
  await page.pass(1000)
  assert.deepEqual([FakeXhr.asked.length, texts.length, errors.length], [3, 3, 1])
  ask()
  assert.equal(FakeXhr.asked.length, 4)
})
