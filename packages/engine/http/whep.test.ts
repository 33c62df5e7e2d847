import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import type { WebRtcEgress } from '../egress/webrtc/egress.ts'
import { WEBRTC_LIMITS } from '../egress/webrtc/limits.ts'
import type { OfferRefusal } from '../egress/webrtc/offer.ts'
import { createHttpServer, type HttpServer } from './server.ts'
import { createWhepHandler } from './whep.ts'

const SESSION = '0123456789abcdef0123456789abcdef'
/** Ended a short while ago. */
const ENDED = '00000000000000000000000000000000'
const OTHER = 'ffffffffffffffffffffffffffffffff'
const SDP = { 'Content-Type': 'application/sdp' }

let server: HttpServer
let base = ''
let offers: object[] = []
let left: string[] = []
let errors: unknown[] = []
let broken = false
let refusal: OfferRefusal | undefined
let soundMissing: string | undefined
let chosen: string | undefined

const egress: WebRtcEgress = {
  port: 1,
  async offer(request) {
    if (broken) throw new RangeError('injected')
    offers.push(request)
    return (
      refusal ?? {
        session: SESSION,
        sdp: 'v=0\r\n',
        rendition: 'source',
        ...(soundMissing !== undefined && { soundMissing }),
      }
    )
  },
  has: (session) => session === SESSION,
  layers: (session) =>
    session === SESSION
      ? {
          chosen,
          playing: 'source',
          reason: undefined,
          renditions: [{ name: '480p', width: 854, height: 480, frameRate: 30, bitrate: 1_000_000 }],
        }
      : undefined,
  choose(_session, name) {
    if (name !== undefined && name !== '480p') return false
    chosen = name
    return true
  },
  leave: (session) => left.push(session) > 0 && (session === SESSION || session === ENDED),
  figures: { sessions: 0, connected: 0, packets: 0, resent: 0, refused: 0, droppedGroups: 0, failed: 0 },
  pid: undefined,
  close() {},
}

before(async () => {
  const handler = createWhepHandler({
    egress: async () => egress,
    iceServers: () => [
      { url: 'stun:stun.example.org:3478' },
      { url: 'turn:turn.example.org:3478?transport=udp', username: 'u', credential: 'p' },
    ],
    remoteOf: () => '10.0.0.1',
    onError: (error) => void errors.push(error),
  })
  const off = createWhepHandler({ egress: undefined, iceServers: () => [], remoteOf: () => '' })
  server = createHttpServer({
    handlers: [(req, res) => (req.headers['x-off'] === undefined ? handler : off)(req, res)],
    fallback: (_req, res) => (res as { writeHead(status: number): { end(): void } }).writeHead(418).end(),
  })
  const { host, port } = await server.listen(0, '127.0.0.1')
  base = `http://${host}:${port}`
})
after(() => server.close(100))
beforeEach(() => {
  offers = []
  left = []
  errors = []
  broken = false
  refusal = undefined
  soundMissing = undefined
})

const post = (path: string, body = 'offer', headers: Record<string, string> = SDP) =>
  fetch(base + path, { method: 'POST', headers, body })

test('an offer is answered with the session it makes, and the servers a viewer may need', async () => {
  const res = await post('/live/main/whep')
  assert.equal(res.status, 201)
  assert.equal(res.headers.get('content-type'), 'application/sdp')
  assert.equal(res.headers.get('location'), `/live/main/whep/${SESSION}`)
  assert.match(res.headers.get('etag') ?? '', /^"[\w-]{16}"$/)
  assert.equal(res.headers.get('access-control-allow-origin'), '*')
  assert.match(res.headers.get('access-control-expose-headers') ?? '', /Location, Link, ETag, Date/)
  assert.equal(
    res.headers.get('link'),
    '<stun:stun.example.org:3478>; rel="ice-server", ' +
      '<turn:turn.example.org:3478?transport=udp>; rel="ice-server"; username="u"; credential="p"; credential-type="password"',
  )
  assert.equal(await res.text(), 'v=0\r\n')
  assert.deepEqual(offers, [{ channel: 'main', sdp: 'offer', remote: '10.0.0.1' }])
})

test('a token in the path stays in the session’s address, and a rendition can be named', async () => {
  const res = await post('/live/main/t/TOKEN/whep?rendition=720p')
  assert.equal(res.headers.get('location'), `/live/main/t/TOKEN/whep/${SESSION}`)
  assert.deepEqual(offers, [{ channel: 'main', sdp: 'offer', remote: '10.0.0.1', rendition: '720p' }])
})

test('a rendition can be told of to begin with', async () => {
  await post('/live/main/whep?begin=480p')
  assert.deepEqual(offers, [{ channel: 'main', sdp: 'offer', remote: '10.0.0.1', begin: '480p' }])
})

test('a player is known by what it calls itself, as where it watches by HLS', async () => {
  await post('/live/main/whep?CMCD=sid%3D%22abc%22&begin=480p')
  await post('/live/main/whep', 'offer', { ...SDP, 'CMCD-Session': 'sid="abc"' })
  const offer = { channel: 'main', sdp: 'offer', remote: '10.0.0.1', viewer: 'abc' }
  assert.deepEqual(offers, [{ ...offer, begin: '480p' }, offer])
})

test('why there is no sound is said', async () => {
  soundMissing = 'ffmpeg was not found'
  assert.equal((await post('/live/main/whep')).headers.get('bandstand-sound'), 'none; ffmpeg was not found')
})

test('a reason that no header can hold does not keep the answer from the viewer', async () => {
  soundMissing = 'spawn /opt/видео/ffmpeg\r\n ENOENT'
  const res = await post('/live/main/whep')
  assert.equal(res.status, 201)
  assert.equal(res.headers.get('bandstand-sound'), 'none; spawn /opt/ /ffmpeg  ENOENT')
})

const refusals: readonly (readonly [OfferRefusal['code'], number])[] = [
  ['bad-offer', 400],
  ['offline', 404],
  ['no-codec', 406],
  ['has-b-frames', 409],
  ['busy', 503],
  ['not-ready', 503],
  ['unavailable', 503],
]
for (const [code, status] of refusals) {
  test(`an offer refused for ${code} is a problem with status ${status}`, async () => {
    refusal = { code, reason: 'Because.', retryAfter: 3 }
    const res = await post('/live/main/whep')
    assert.equal(res.status, status)
    assert.equal(res.headers.get('retry-after'), '3')
    assert.match(res.headers.get('access-control-expose-headers') ?? '', /Retry-After/)
    assert.equal(res.headers.get('content-type'), 'application/problem+json')
    assert.equal(res.headers.get('access-control-allow-origin'), '*')
    const problem = (await res.json()) as { code: string; detail: string }
    assert.deepEqual([problem.code, problem.detail], [code, 'Because.'])
  })
}

test('a server that is full names its viewers in the title, not requests alone', async () => {
  refusal = { code: 'busy', reason: 'There are too many viewers by WebRTC; use HLS.', retryAfter: 30 }
  const { title } = (await (await post('/live/main/whep')).json()) as { title: string }
  assert.equal(title, 'Too many viewers or requests at the moment')
})

test('a body of another type, or too large, never reaches the library', async () => {
  assert.equal((await post('/live/main/whep', '{}', { 'Content-Type': 'application/json' })).status, 415)
  assert.equal((await post('/live/main/whep', 'x'.repeat(WEBRTC_LIMITS.offerBytes + 1))).status, 413)
  const endless = new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(16 * 1024)),
  })
  // Whoever is still sending sees the answer or a connection that has gone; the server goes on in either case.
  const outcome = await fetch(`${base}/live/main/whep`, {
    method: 'POST',
    headers: SDP,
    body: endless,
    duplex: 'half',
  }).then(
    ({ status }) => status,
    (error: Error) => (error.cause as NodeJS.ErrnoException).code,
  )
  assert.ok([413, 'ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'].includes(outcome ?? ''), String(outcome))
  assert.deepEqual(offers, [])
  assert.equal((await post('/live/main/whep')).status, 201)
})

test('an offer that cannot be served ends its connection, and is told of', async () => {
  broken = true
  await assert.rejects(post('/live/main/whep'))
  assert.deepEqual(errors.map(String), ['RangeError: injected'])
})

test('a session is ended by DELETE, also when the server was first; one that is unknown is not found', async () => {
  const send = async (method: string, id: string) => (await fetch(`${base}/live/main/whep/${id}`, { method })).status
  assert.equal(await send('DELETE', SESSION), 200)
  assert.deepEqual(left, [SESSION])
  assert.equal(await send('DELETE', ENDED), 200)
  assert.equal(await send('DELETE', OTHER), 404)
  // For nothing else it is there.
  assert.equal(await send('PATCH', ENDED), 404)
})

test('trickle ICE and other methods are answered with what is taken', async () => {
  const patch = await fetch(`${base}/live/main/whep/${SESSION}`, { method: 'PATCH', body: '' })
  assert.deepEqual([patch.status, patch.headers.get('allow')], [405, 'DELETE, OPTIONS'])
  // A page of another site sees that only when its browser lets it ask.
  const { headers } = await fetch(`${base}/live/main/whep/${SESSION}`, { method: 'OPTIONS' })
  assert.equal(headers.get('access-control-allow-methods'), 'DELETE, PATCH, OPTIONS')
  assert.equal(headers.get('allow'), 'DELETE, OPTIONS')
  const get = await fetch(`${base}/live/main/whep`)
  assert.deepEqual([get.status, get.headers.get('allow')], [405, 'POST, OPTIONS'])
})

test('a preflight request is told what may be sent, and which servers there are', async () => {
  const res = await fetch(`${base}/live/main/whep`, { method: 'OPTIONS' })
  assert.equal(res.status, 204)
  assert.equal(res.headers.get('content-length'), null)
  assert.equal(res.headers.get('access-control-allow-methods'), 'POST, OPTIONS')
  assert.match(res.headers.get('access-control-allow-headers') ?? '', /Content-Type/)
  assert.equal(res.headers.get('accept-post'), 'application/sdp')
  assert.match(res.headers.get('link') ?? '', /turn\.example\.org/)
})

test('other addresses are left to others', async () => {
  for (const path of ['/live/main/whep/x', `/live/main/whep/${SESSION}/y`, '/live/Main!/whep', '/whep']) {
    assert.equal((await post(path)).status, 418, path)
  }
})

test('where WebRTC is switched off there is nothing', async () => {
  assert.equal((await post('/live/main/whep', 'offer', { ...SDP, 'X-Off': '1' })).status, 404)
})

test('a session says what may be watched, and takes a choice', async () => {
  const url = `${base}/live/main/whep/${SESSION}/layer`
  const choose = (body: string) => fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body })
  const facts = { encodingId: '480p', width: 854, height: 480, frameRate: 30, bitrate: 1_000_000 }
  const state = { chosen: null, playing: 'source', reason: null, renditions: [facts] }
  const shown = await fetch(url)
  assert.equal(shown.headers.get('access-control-allow-origin'), '*')
  assert.deepEqual(await shown.json(), state)
  assert.deepEqual(await (await choose('{"mediaId":"0","encodingId":"480p"}')).json(), { ...state, chosen: '480p' })
  assert.deepEqual(await (await choose('{}')).json(), state)
  assert.equal((await fetch(url, { method: 'OPTIONS' })).headers.get('allow'), 'GET, POST, OPTIONS')
})

test('a choice that is none changes nothing', async () => {
  const url = `${base}/live/main/whep/${SESSION}/layer`
  const status = async (body: string, to = url) => (await fetch(to, { method: 'POST', body })).status
  assert.deepEqual(
    await Promise.all(
      ['', '[]', 'null', '7', '{"encodingId":7}', '{"encodingId":"x"}', 'x'.repeat(2000)].map((b) => status(b)),
    ),
    [400, 400, 400, 400, 400, 404, 413],
  )
  assert.equal(await status('{}', url.replace(SESSION, OTHER)), 404)
  assert.equal(await status('{}', `${url}s`), 418)
  assert.equal((await fetch(url, { method: 'DELETE' })).status, 405)
})
