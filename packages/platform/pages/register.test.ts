import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Asset } from '@bandstand/contract/api/asset.ts'
import type { Channel } from '@bandstand/contract/api/channel.ts'
import Fastify, { type FastifyInstance } from 'fastify'
import { LARGE_FILE, LARGE_FILE_CHUNK } from './limits.ts'
import { registerPages } from './register.ts'

const main: Channel = {
  slug: 'main',
  title: 'A "quoted" <title>',
  description: 'Two\nlines',
  offlineImage: '/api/v1/channels/main/offline-image/a.webp',
  offlineText: '',
  latency: 'low',
  live: true,
  viewers: 2,
  startedAt: '2026-01-01T20:00:00.000Z',
  assetId: 'as_1',
  generation: 0,
  chat: { enabled: true, slowMode: 0 },
}
const asset: Asset = {
  id: 'as_1',
  channel: 'main',
  title: 'Yesterday',
  live: false,
  startedAt: '2026-01-01T20:00:00.000Z',
  endedAt: '2026-01-01T21:00:00.000Z',
  duration: 3_600_000,
  bytes: 9e8,
}

let folder: string
let app: FastifyInstance
const channels: Channel[] = [main]
/** Of what is live and of the recording; sound alone has none. */
const video: { size: { width: number; height: number } | undefined } = { size: { width: 1080, height: 1920 } }

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pages-'))
  const dist = join(folder, 'dist')
  await mkdir(join(dist, 'pages'), { recursive: true })
  await mkdir(join(dist, 'assets'))
  await mkdir(join(folder, 'site'))
  for (const name of ['channel', 'embed', 'chat', 'watch', 'embed-replay', 'index', 'studio', 'live', 'not-found']) {
    await writeFile(
      join(dist, 'pages', `${name}.html`),
      `<!doctype html><!-- ${name} -->{{head}}<h1>{{title}}</h1>{{channels}}`,
    )
  }
  await writeFile(join(dist, 'pages', 'style.css'), 'ours{}')
  await writeFile(join(dist, 'pages', 'icon.svg'), '<svg/>')
  const entries = ['early', 'viewer', 'embed', 'chat', 'studio', 'live', 'elements']
  const manifest = Object.fromEntries(entries.map((name) => [`entries/${name}.ts`, { file: `assets/${name}-1.js` }]))
  await writeFile(join(dist, 'manifest.json'), JSON.stringify(manifest))
  await writeFile(join(dist, 'assets', 'viewer-1.js'), 'plain')
  await writeFile(join(dist, 'assets', 'viewer-1.js.br'), 'br')
  await writeFile(join(dist, 'assets', 'viewer-1.js.gz'), 'gz')
  // What must not be had is there.
  await writeFile(join(folder, 'site', '.env'), 'a secret')
  await writeFile(join(folder, 'package.json'), 'outside')
  app = Fastify()
  await registerPages(app, {
    siteDir: join(folder, 'site'),
    distDir: dist,
    publicUrl: undefined,
    hasPictures: true,
    sizeOf: async () => video.size,
    channels: () => channels,
    channel: (slug) => channels.find((one) => one.slug === slug),
    asset: (id) => (id === asset.id ? asset : undefined),
  })
})
after(async () => {
  await app.close()
  await rm(folder, { recursive: true })
})

const get = (url: string, headers: Record<string, string> = {}) =>
  app.inject({ url, headers: { host: 'stage.example', ...headers } })

test('the page of a channel says in its head what other sites show of it, escaped', async () => {
  const { body, headers } = await get('/@main')
  assert.equal(headers['content-type'], 'text/html; charset=utf-8')
  assert.match(body, /<title>A &#34;quoted&#34; &#60;title&#62;<\/title>/)
  assert.match(body, /<meta name="description" content="Two lines">/)
  assert.match(body, /<link rel="canonical" href="http:\/\/stage\.example\/@main">/)
  assert.match(body, /og:image" content="http:\/\/stage\.example\/live\/main\/thumbnail\.jpg"/)
  assert.match(body, /og:video" content="http:\/\/stage\.example\/@main\/embed"/)
  assert.match(body, /twitter:card" content="summary_large_image"/)
  assert.doesNotMatch(body, /<title>[^<]*"/)
})

test('pages say the size of their video as it is shown, and so does what embeds them', async () => {
  for (const page of ['/@main', '/watch/as_1']) {
    const { body } = await get(page)
    assert.match(body, /og:video:width" content="1080"/)
    assert.match(body, /og:video:height" content="1920"/)
    const { width, height } = (await get(`/api/oembed?url=http://stage.example${page}`)).json()
    assert.deepEqual([width, height], [360, 640])
  }
})

test('the picture of a channel that is offline is the one its owner chose', async () => {
  channels[0] = { ...main, live: false, assetId: null, startedAt: null }
  const { body } = await get('/@main')
  channels[0] = main
  assert.match(body, /og:image" content="http:\/\/stage\.example\/api\/v1\/channels\/main\/offline-image\/a\.webp"/)
})

test('whoever names a host that is none, as a proxy may, gets the page all the same', async () => {
  channels[0] = { ...main, live: false, assetId: null, startedAt: null }
  assert.equal((await get('/@main', { host: 'a:99999' })).statusCode, 200)
  channels[0] = main
})

test('sound alone names no picture that cannot be made', async () => {
  const { size } = video
  video.size = undefined
  const [live, recorded] = [(await get('/@main')).body, (await get('/watch/as_1')).body]
  const answers = await Promise.all(
    ['/@main', '/watch/as_1'].map(async (page) => (await get(`/api/oembed?url=http://stage.example${page}`)).json()),
  )
  video.size = size
  assert.match(live, /og:image" content="http:\/\/stage\.example\/api\/v1\/channels\/main\/offline-image\/a\.webp"/)
  assert.doesNotMatch(recorded, /og:image/)
  for (const answer of answers) assert.equal('thumbnail_url' in answer, false)
})

test('the page of a recording names its picture and the player alone, which may stand in a frame', async () => {
  const { body } = await get('/watch/as_1')
  assert.match(body, /og:image" content="http:\/\/stage\.example\/vod\/as_1\/poster\.jpg"/)
  assert.match(body, /og:video" content="http:\/\/stage\.example\/watch\/as_1\/embed"/)
  const player = await get('/watch/as_1/embed')
  assert.match(player.body, /<!-- embed-replay -->/)
  assert.match(String(player.headers['content-security-policy']), /frame-ancestors \*/)
  assert.equal((await get('/watch/as_2/embed')).statusCode, 404)
})

test('a page leads to the answer that says how to embed it', async () => {
  for (const [page, player, picture] of [
    ['/@main', '/@main/embed', '/live/main/thumbnail.jpg'],
    ['/', '/@main/embed', '/live/main/thumbnail.jpg'],
    ['/watch/as_1', '/watch/as_1/embed', '/vod/as_1/poster.jpg'],
  ] as const) {
    const [, link = ''] =
      /application\/json\+oembed" href="http:\/\/stage\.example([^"]+)"/.exec((await get(page)).body) ?? []
    const { statusCode, body, headers } = await get(link)
    assert.equal(statusCode, 200, page)
    assert.equal(headers['access-control-allow-origin'], '*')
    const { type, html, thumbnail_url } = JSON.parse(body)
    assert.equal(type, 'video')
    assert.ok(html.includes(`src="http://stage.example${player}"`), html)
    assert.equal(thumbnail_url, `http://stage.example${picture}`)
  }
})

test('what cannot be embedded is not found, and XML is not made', async () => {
  for (const url of ['', '?url=http://stage.example/@nobody', '?url=http://other.example/@main', '?url=a&url=b']) {
    assert.equal((await get(`/api/oembed${url}`)).statusCode, 404, url)
  }
  assert.equal((await get('/api/oembed?url=http://stage.example/@main&format=xml')).statusCode, 501)
})

test('a live channel is fetched with the page, an offline one is not', async () => {
  const live = (await get('/@main')).body
  assert.match(live, /rel="preload" as="fetch" crossorigin href="\/live\/main\/index\.m3u8"/)
  assert.match(live, /async src="\/assets\/early-1\.js"/)
  channels[0] = { ...main, live: false, assetId: null, startedAt: null }
  assert.doesNotMatch((await get('/@main')).body, /preload|early/)
  channels[0] = main
})

test('the front page is the only channel, or the list of them', async () => {
  assert.match((await get('/')).body, /<!-- channel -->/)
  channels.push({ ...main, slug: 'other', title: 'Other', live: false })
  const { body } = await get('/')
  assert.match(body, /<!-- index -->/)
  assert.match(body, /<a href="\/@other"><strong>Other<\/strong><span>Offline<\/span>/)
  channels.pop()
})

test('what is not there, or not to be had, is a page with status 404', async () => {
  for (const url of [
    '/@nobody',
    '/@nobody/embed',
    '/watch/as_2',
    '/no/such/thing',
    '/.env',
    '/assets/none.js',
    '/..%2fpackage.json',
    '/..%2fmanifest.json',
    '/assets/..%2fmanifest.json',
  ]) {
    const { statusCode, body } = await get(url)
    assert.equal(statusCode, 404, url)
    assert.match(body, /<!-- not-found -->/, url)
  }
})

test('what programs ask for and is not there is no page', async () => {
  for (const url of ['/api/v1/nothing', '/live/main/none.m4s', '/vod/as_2/index.m3u8']) {
    const { statusCode, headers } = await get(url)
    assert.equal(statusCode, 404, url)
    assert.match(String(headers['content-type']), /json/, url)
  }
})

test('each kind of page has its policy', async () => {
  const policy = async (url: string) => String((await get(url)).headers['content-security-policy'])
  for (const url of ['/', '/@main', '/@main/embed', '/@main/chat', '/watch/as_1', '/studio', '/studio/live']) {
    assert.match(await policy(url), /script-src 'self'(;|$)/, url)
  }
  assert.match(await policy('/@main/embed'), /frame-ancestors \*/)
  assert.match(await policy('/studio'), /frame-ancestors 'none'/)
  assert.match(await policy('/studio/live'), /frame-ancestors 'none'/)
})

test('a page that has not changed is not sent again', async () => {
  const first = await get('/@main')
  assert.equal(first.headers['cache-control'], 'no-cache')
  const again = await get('/@main', { 'if-none-match': String(first.headers['etag']) })
  assert.equal(again.statusCode, 304)
  assert.equal(again.body, '')
})

test('scripts are sent compressed as the browser takes them, and kept for ever', async () => {
  assert.equal((await get('/assets/viewer-1.js', { 'accept-encoding': 'gzip, deflate, br' })).body, 'br')
  assert.equal((await get('/assets/viewer-1.js', { 'accept-encoding': 'gzip, br;q=0' })).body, 'gz')
  const plain = await get('/assets/viewer-1.js')
  assert.equal(plain.body, 'plain')
  assert.match(String(plain.headers['cache-control']), /immutable/)
  assert.equal((await get('/assets/viewer-1.js.br')).statusCode, 404)
})

test('other sites get the elements from one lasting address', async () => {
  const { body, headers } = await get('/elements.js')
  assert.equal(body, 'import "./assets/elements-1.js"\n')
  assert.equal(headers['access-control-allow-origin'], '*')
})

test('an address with a slash too many leads to the one without', async () => {
  for (const [url, location] of [
    ['/studio/', '/studio'],
    ['/studio/live/', '/studio/live'],
    ['/@main/', '/@main'],
    ['/@main/embed/?a=1&b=%2F', '/@main/embed?a=1&b=%2F'],
    ['/watch/as_1//', '/watch/as_1'],
  ] as const) {
    const { statusCode, headers } = await get(url)
    assert.deepEqual([statusCode, headers.location], [308, location], url)
  }
  for (const url of ['/@main/elsewhere/', '//evil.example/@main/', '/studio/@main/', '/none/']) {
    assert.equal((await get(url)).statusCode, 404, url)
  }
})

test('every page names its icon, and who asks for the icon of old gets the same one', async () => {
  for (const url of ['/', '/@main/chat', '/studio', '/@nobody']) {
    assert.match((await get(url)).body, /<link rel="icon" href="\/icon\.svg" type="image\/svg\+xml">/, url)
  }
  const { body, headers } = await get('/favicon.ico')
  assert.deepEqual([body, headers['content-type']], ['<svg/>', 'image/svg+xml; charset=utf-8'])
})

test("the owner's files take the place of ours, with a policy of their own; the studio stays strict", async () => {
  assert.equal((await get('/style.css')).body, 'ours{}')
  await writeFile(join(folder, 'site', 'watch.html'), 'mine {{title}} {{date}} {{unknown}}')
  await writeFile(join(folder, 'site', 'studio.html'), 'my studio')
  await writeFile(join(folder, 'site', 'poster.txt'), 'a poster')
  const fresh = Fastify()
  await registerPages(fresh, {
    siteDir: join(folder, 'site'),
    distDir: join(folder, 'dist'),
    publicUrl: 'https://live.example/',
    hasPictures: false,
    channels: () => channels,
    channel: () => undefined,
    asset: () => asset,
  })
  const page = await fresh.inject('/watch/as_1')
  assert.equal(page.body, 'mine Yesterday 1 January 2026 {{unknown}}')
  assert.doesNotMatch(String(page.headers['content-security-policy']), /script-src/)
  assert.match(String((await fresh.inject('/studio')).headers['content-security-policy']), /script-src 'self'/)
  assert.equal((await fresh.inject('/poster.txt')).body, 'a poster')
  await fresh.close()
})

test("addresses of the server itself are not taken by the owner's files", async () => {
  const site = join(folder, 'site')
  const reserved = ['api', 'live', 'vod', 'ingest', 'assets', 'studio', 'watch', '@main']
  for (const name of reserved) {
    await mkdir(join(site, name, 'deep'), { recursive: true })
    await writeFile(join(site, name, 'x.html'), 'taken')
    await writeFile(join(site, name, 'deep', 'x.html'), 'taken')
    for (const url of [
      `/${name}/x.html`,
      `/${name}/deep/x.html`,
      `/%${name.charCodeAt(0).toString(16)}${name.slice(1)}/x.html`,
    ]) {
      assert.equal((await get(url)).statusCode, 404, url)
    }
  }
  // Names that only begin like them are free.
  for (const name of ['apiary', 'pictures']) await mkdir(join(site, name), { recursive: true })
  for (const path of ['apiary/x.html', 'pictures/live.html']) {
    await writeFile(join(site, path), 'mine')
    assert.equal((await get(`/${path}`)).body, 'mine', path)
  }
  for (const name of reserved) await rm(join(site, name), { recursive: true })
})

test("the owner's large files are sent from the disk as small ones are from memory", async () => {
  const bytes = Buffer.from(Array.from({ length: LARGE_FILE + 7 }, (_, i) => i % 251))
  await writeFile(join(folder, 'site', 'film.mp4'), bytes)
  const whole = await get('/film.mp4')
  assert.deepEqual([whole.statusCode, whole.headers['content-length']], [200, String(bytes.length)])
  assert.ok(whole.rawPayload.equals(bytes))
  const etag = String(whole.headers['etag'])
  for (const [range, start, end] of [
    ['bytes=0-1', 0, 2],
    [`bytes=${LARGE_FILE_CHUNK - 1}-${3 * LARGE_FILE_CHUNK}`, LARGE_FILE_CHUNK - 1, 3 * LARGE_FILE_CHUNK + 1],
    ['bytes=-9', bytes.length - 9, bytes.length],
  ] as const) {
    const part = await get('/film.mp4', { range, 'if-range': etag })
    assert.deepEqual(
      [part.statusCode, part.headers['content-range'], part.headers['content-length']],
      [206, `bytes ${start}-${end - 1}/${bytes.length}`, String(end - start)],
    )
    assert.ok(part.rawPayload.equals(bytes.subarray(start, end)), range)
  }
  const head = await app.inject({ method: 'HEAD', url: '/film.mp4' })
  assert.deepEqual([head.statusCode, head.headers['content-length'], head.body], [200, String(bytes.length), ''])
  assert.equal((await get('/film.mp4', { 'if-none-match': etag })).statusCode, 304)
})

test("the owner's videos are sent in ranges, without which Safari plays none", async () => {
  await writeFile(join(folder, 'site', 'trailer.mp4'), '0123456789')
  const whole = await get('/trailer.mp4')
  assert.deepEqual([whole.statusCode, whole.headers['accept-ranges'], whole.body], [200, 'bytes', '0123456789'])
  const etag = String(whole.headers['etag'])
  for (const [headers, status, range, body] of [
    [{ range: 'bytes=0-1' }, 206, 'bytes 0-1/10', '01'],
    [{ range: 'bytes=7-', 'if-range': etag }, 206, 'bytes 7-9/10', '789'],
    [{ range: 'bytes=7-', 'if-range': '"older"' }, 200, undefined, '0123456789'],
    [{ range: 'bytes=10-' }, 416, 'bytes */10', ''],
    [{ range: 'bytes=0-1', 'if-none-match': etag }, 304, undefined, ''],
  ] as const) {
    const answer = await get('/trailer.mp4', headers)
    assert.deepEqual([answer.statusCode, answer.headers['content-range'], answer.body], [status, range, body])
  }
  const head = await app.inject({ method: 'HEAD', url: '/trailer.mp4', headers: { range: 'bytes=0-1' } })
  assert.deepEqual([head.statusCode, head.headers['content-length']], [200, '10'])
})
