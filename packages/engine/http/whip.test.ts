import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import type { Patched, WhipIngest, WhipRequest, WhipSessionAddress, WhipStatus } from '../ingest/whip/ingest.ts'
import type { WhipRefusal } from '../ingest/whip/offer.ts'
import { createHttpServer, type HttpServer } from './server.ts'
import { createWhipHandler } from './whip.ts'

const SESSION = '0123456789abcdef0123456789abcdef'
const OTHER = 'ffffffffffffffffffffffffffffffff'
const FRAGMENT = { 'Content-Type': 'application/trickle-ice-sdpfrag' }

let server: HttpServer
let off: HttpServer
let base = ''
let offBase = ''
let offers: WhipRequest[] = []
let patches: unknown[][] = []
let errors: unknown[] = []
let refusal: WhipRefusal | undefined
let patched: Patched = 'taken'
let status: WhipStatus | undefined
let broken = false

const isKnown = ({ channel, session }: WhipSessionAddress) => channel === 'main' && session === SESSION

const ingest: WhipIngest = {
  async offer(request) {
    if (broken) throw new RangeError('injected')
    offers.push(request)
    return refusal ?? { session: SESSION, sdp: 'v=0\r\n', etag: 'abc' }
  },
  patch(...all) {
    patches.push(all)
    return isKnown(all[0]) ? patched : 'not-found'
  },
  leave: isKnown,
  status: (address) => (isKnown(address) ? status : undefined),
  figures: { sessions: 0, connected: 0 },
  close() {},
}

before(async () => {
  const options = {
    iceServers: () => [{ url: 'stun:stun.example.org:3478' }],
    remoteOf: () => '192.0.2.1',
    onError: (error: unknown) => void errors.push(error),
  }
  const serve = (one: WhipIngest | undefined) =>
    createHttpServer({
      handlers: [createWhipHandler({ ...options, ingest: one && (async () => one) })],
      fallback: (_req, res) => (res as { writeHead(status: number): { end(): void } }).writeHead(418).end(),
    })
  ;[server, off] = [serve(ingest), serve(undefined)]
  base = `http://127.0.0.1:${(await server.listen(0, '127.0.0.1')).port}/live/main/whip`
  offBase = `http://127.0.0.1:${(await off.listen(0, '127.0.0.1')).port}/live/main/whip`
})
after(async () => {
  await server.close(0)
  await off.close(0)
})
beforeEach(() => {
  ;[offers, patches, errors, refusal, patched, broken] = [[], [], [], undefined, 'taken', false]
  status = { isOver: false, report: undefined }
})

function post(headers: Record<string, string> = {}, body = 'v=0\r\n', url = base) {
  return fetch(url, {
    method: 'POST',
    headers: { Authorization: 'Bearer my-key', 'Content-Type': 'application/sdp', ...headers },
    body,
  })
}

/** Status and code of a problem. */
async function told(answer: Response): Promise<readonly [number, string]> {
  assert.equal(answer.headers.get('content-type'), 'application/problem+json')
  assert.equal(answer.headers.get('access-control-allow-origin'), '*')
  return [answer.status, ((await answer.json()) as { code: string }).code]
}

test('an offer is answered with the session, its ETag and the servers that there are', async () => {
  const answer = await post({ 'User-Agent': 'OBS 31' })
  assert.deepEqual([answer.status, await answer.text()], [201, 'v=0\r\n'])
  assert.equal(answer.headers.get('location'), `/live/main/whip/${SESSION}`)
  assert.equal(answer.headers.get('etag'), '"abc"')
  assert.equal(answer.headers.get('content-type'), 'application/sdp')
  assert.equal(answer.headers.get('accept-patch'), 'application/trickle-ice-sdpfrag')
  assert.match(answer.headers.get('link') ?? '', /stun\.example\.org/)
  assert.match(answer.headers.get('access-control-expose-headers') ?? '', /Location.*ETag/)
  assert.deepEqual(offers, [{ channel: 'main', key: 'my-key', sdp: 'v=0\r\n', remote: '192.0.2.1', encoder: 'OBS 31' }])
})

test('the key is handed on exactly as it was sent, whatever it is made of', async () => {
  const key = 'sk.eyJ2IjoxfQ==.a+/b c~?&'
  await post({ Authorization: `bearer ${key}` })
  assert.equal(offers[0]?.key, key)
})

test('without a key, or with a way to say it that is not known, it is 401', async () => {
  for (const authorization of ['', 'Basic bXk6a2V5', 'Bearer ', `Bearer ${'k'.repeat(1_025)}`]) {
    const answer = await post({ Authorization: authorization })
    assert.equal(answer.headers.get('www-authenticate'), 'Bearer')
    assert.deepEqual(await told(answer), [401, 'wrong-key'], authorization.slice(0, 12))
  }
  assert.deepEqual(offers, [])
})

test('each refusal has its status', async () => {
  const expected: readonly (readonly [WhipRefusal['code'], number])[] = [
    ['bad-offer', 400],
    ['wrong-key', 401],
    ['expired', 403],
    ['forbidden', 403],
    ['stopped', 403],
    ['no-codec', 406],
    ['in-use', 409],
    ['taken-over', 409],
    ['busy', 503],
    ['limit', 503],
    ['restarting', 503],
    ['unavailable', 503],
  ]
  for (const [code, number] of expected) {
    refusal = { code, reason: 'because', retryAfter: 7 }
    const answer = await post()
    assert.equal(answer.headers.get('retry-after'), '7')
    assert.deepEqual(await told(answer), [number, code])
  }
})

test('bodies of another type or too long, and other methods, are refused', async () => {
  assert.deepEqual(await told(await post({ 'Content-Type': 'application/json' })), [415, 'unsupported-media-type'])
  assert.deepEqual(await told(await post({}, 'a'.repeat(70_000))), [413, 'too-large'])
  assert.deepEqual(await told(await fetch(base)), [405, 'method-not-allowed'])
  assert.deepEqual(await told(await fetch(`${base}/${SESSION}`)), [405, 'method-not-allowed'])
  assert.deepEqual(await told(await fetch(`${base}/${OTHER}`)), [404, 'not-found'])
  assert.deepEqual(await told(await post({}, 'v=0\r\n', offBase)), [404, 'not-found'])
})

test('pages of other sites may ask what they may do', async () => {
  for (const [url, methods] of [
    [base, 'POST, OPTIONS'],
    [`${base}/${SESSION}`, 'PATCH, DELETE, OPTIONS'],
  ] as const) {
    const answer = await fetch(url, { method: 'OPTIONS' })
    assert.deepEqual([answer.status, answer.headers.get('access-control-allow-methods')], [204, methods])
    assert.match(answer.headers.get('access-control-allow-headers') ?? '', /Authorization.*If-Match/)
  }
})

test('what is said later of ICE is answered as RFC 9725 has it', async () => {
  const patch = (headers: Record<string, string>, session = SESSION) =>
    fetch(`${base}/${session}`, { method: 'PATCH', headers, body: 'a=ice-ufrag:abcd\r\n' })
  assert.equal((await patch({ ...FRAGMENT, 'If-Match': '"abc"' })).status, 204)
  assert.deepEqual(patches, [[{ channel: 'main', session: SESSION }, '"abc"', 'a=ice-ufrag:abcd\r\n']])
  for (const [answer, number, code] of [
    ['precondition-required', 428, 'precondition-required'],
    ['precondition-failed', 412, 'precondition-failed'],
    ['restart', 422, 'no-restart'],
    [{ fault: 'it cannot be read' }, 400, 'bad-request'],
  ] as const) {
    patched = answer
    assert.deepEqual(await told(await patch(FRAGMENT)), [number, code])
  }
  assert.deepEqual(await told(await patch(FRAGMENT, OTHER)), [404, 'not-found'])
  assert.deepEqual(await told(await patch({ 'Content-Type': 'application/sdp' })), [415, 'unsupported-media-type'])
})

test('a goodbye needs no key', async () => {
  assert.equal((await fetch(`${base}/${SESSION}`, { method: 'DELETE' })).status, 200)
  assert.deepEqual(await told(await fetch(`${base}/${OTHER}`, { method: 'DELETE' })), [404, 'not-found'])
})

test('a session is not to be had below the address of another channel', async () => {
  const elsewhere = base.replace('/live/main/', '/live/second/')
  assert.deepEqual(await told(await fetch(`${elsewhere}/${SESSION}`, { method: 'DELETE' })), [404, 'not-found'])
  assert.deepEqual(await told(await fetch(`${elsewhere}/${SESSION}/status`)), [404, 'not-found'])
  const patch = { method: 'PATCH', headers: FRAGMENT, body: 'a=ice-ufrag:abcd\r\n' }
  assert.deepEqual(await told(await fetch(`${elsewhere}/${SESSION}`, patch)), [404, 'not-found'])
})

test('an encoder may ask how its stream fares, and why it was sent away', async () => {
  const ask = async () => (await fetch(`${base}/${SESSION}/status`)).json()
  assert.deepEqual(await ask(), { over: false })
  const counts = { packets: 9, lost: 1, recovered: 2, dropped: 3, malformed: 0, keysAsked: 4 }
  const report = { session: SESSION, connected: true, bitrate: 2_000_000.4, loss: 0.01, trip: 12.3, ...counts }
  status = { isOver: false, report }
  assert.deepEqual(await ask(), {
    ...{
      over: false,
      connected: true,
      bitrate: 2_000_000,
      loss: 0.01,
      lost: 1,
      recovered: 2,
      dropped: 3,
      roundTrip: 12,
    },
  })
  status = { isOver: true, why: { code: 'taken-over', reason: 'another encoder took over' } }
  assert.deepEqual(await ask(), { over: true, code: 'taken-over', reason: 'another encoder took over' })
})

test('what nobody has thought of ends one request and nothing else', async () => {
  broken = true
  await assert.rejects(post())
  assert.equal(errors.length, 1)
  broken = false
  assert.equal((await post()).status, 201)
})
