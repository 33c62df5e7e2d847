import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Failure } from '../choice/choice.ts'
import { ANSWER_LIMIT, FAREWELL_LIMIT, openWhep, type WhepBrowser } from './connection.ts'

const url = 'https://live.example/live/main/whep'
const offer = 'v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10\r\n'
const answer = 'v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=sendonly\r\nm=audio 0 UDP/TLS/RTP/SAVPF 111\r\n'

class FakePeer extends EventTarget {
  readonly steps: string[] = []
  connectionState = 'new'
  /** Of DTLS; `undefined` until there is one. */
  transport: { state: string } | undefined
  addTransceiver(kind: string, { direction }: RTCRtpTransceiverInit) {
    this.steps.push(`${direction} ${kind}`)
  }
  getReceivers() {
    return [{ transport: this.transport ?? null }]
  }
  async createOffer() {
    return { type: 'offer', sdp: offer }
  }
  getConfiguration() {
    return { bundlePolicy: 'max-bundle' }
  }
  setConfiguration(value: RTCConfiguration) {
    this.steps.push(`configured ${JSON.stringify(value)}`)
  }
  async setLocalDescription({ sdp }: { sdp: string }) {
    this.steps.push(`local ${sdp.includes('stereo=1')}`)
  }
  async setRemoteDescription({ sdp }: { sdp: string }) {
    if (sdp === 'nonsense') throw new DOMException('cannot parse', 'InvalidAccessError')
    this.steps.push('remote')
  }
  close() {
    this.steps.push('closed')
    if (this.transport) this.transport.state = 'closed'
  }
  become(state: string) {
    this.connectionState = state
    this.dispatchEvent(new Event('connectionstatechange'))
  }
}

interface Asked {
  readonly url: string
  readonly method: string | undefined
  readonly keepalive: boolean | undefined
  readonly signal: AbortSignal | null | undefined
  readonly body: string
}

/** A session against a server that answers as it is told. */
function open(respond: () => Response | Promise<Response>) {
  const peer = new FakePeer()
  const page = new EventTarget()
  const asked: Asked[] = []
  const heard: (string | Failure)[] = []
  const browser: WhepBrowser = {
    async fetch(to, { method, keepalive, body, signal }) {
      asked.push({ url: to, method, keepalive, signal, body: typeof body === 'string' ? body : '' })
      return method === 'DELETE' ? new Response() : respond()
    },
    createPeer: () => peer as unknown as RTCPeerConnection,
    createStream: () => ({}) as MediaStream,
    page,
  }
  const events = {
    connected: () => void heard.push('connected'),
    failed: (failure: Failure) => void heard.push(failure),
  }
  return { connection: openWhep(url, events, browser), peer, page, asked, heard }
}

const created = (headers: Record<string, string> = {}, body = answer) =>
  new Response(body, {
    status: 201,
    headers: { 'content-type': 'application/sdp', location: '/live/main/whep/s1', ...headers },
  })

const settled = () => new Promise((resolve) => setImmediate(resolve))

/** A server, or a proxy before it, that takes the offer and says nothing. */
function openHanging() {
  const hanging = open(
    () =>
      new Promise((_, reject) => {
        setTimeout(() => {
          const signal = hanging.asked[0]?.signal
          signal?.addEventListener('abort', () => reject(signal.reason))
        }, 0)
      }),
  )
  return hanging
}

test('an offer to receive video and sound is answered, and only then are candidates gathered', async () => {
  const link = '<turn:turn.example>; rel="ice-server"; username="u"; credential="p"'
  const headers = { link, date: 'Sat, 21 Nov 2026 08:00:00 GMT', 'bandstand-sound': 'none; there is no ffmpeg' }
  const { peer, asked, heard, connection } = open(() => created(headers))
  await settled()
  assert.deepEqual([asked[0]?.method, asked[0]?.url, asked[0]?.body.startsWith('v=0')], ['POST', url, true])
  assert.deepEqual(peer.steps, [
    'recvonly video',
    'recvonly audio',
    'configured {"bundlePolicy":"max-bundle","iceServers":[{"urls":"turn:turn.example","username":"u","credential":"p"}]}',
    'local true',
    'remote',
  ])
  assert.equal(connection.soundMissing, 'there is no ffmpeg')
  assert.ok(Math.abs((connection.skew ?? 0) - (Date.UTC(2026, 10, 21, 8, 0, 0, 500) - Date.now())) < 2000)
  peer.become('connected')
  assert.deepEqual(heard, ['connected'])
  assert.equal(connection.connected, true)
})

test('leaving ends the session on the server too, once', async () => {
  const { connection, asked, peer } = open(() => created())
  await settled()
  peer.transport = { state: 'connected' }
  connection.close()
  connection.close()
  assert.deepEqual(
    asked.slice(1).map(({ method, url: to, keepalive }) => [method, to, keepalive]),
    [['DELETE', 'https://live.example/live/main/whep/s1', true]],
  )
  assert.equal(peer.steps.at(-1), 'closed')
})

test('a session that the server has ended gets no farewell', async () => {
  const { connection, peer, asked } = open(() => created())
  await settled()
  peer.become('connected')
  peer.transport = { state: 'closed' }
  connection.close()
  assert.deepEqual(
    asked.map(({ method }) => method),
    ['POST'],
  )
})

test('nor does one that the browser has given up, unless it never came up: then the server waits for it', async () => {
  const methods = async (...states: string[]) => {
    const { connection, peer, asked } = open(() => created())
    await settled()
    for (const state of states) peer.become(state)
    connection.close()
    return asked.map(({ method }) => method)
  }
  assert.deepEqual(await methods('connected', 'disconnected', 'failed'), ['POST'])
  assert.deepEqual(await methods('connected', 'disconnected'), ['POST', 'DELETE'])
  assert.deepEqual(await methods('connecting', 'failed'), ['POST', 'DELETE'])
})

test('a page that goes away says farewell with a request that outlives it', async () => {
  const { page, asked, heard } = open(() => created())
  await settled()
  page.dispatchEvent(new Event('pagehide'))
  assert.deepEqual([asked[1]?.method, asked[1]?.keepalive], ['DELETE', true])
  assert.deepEqual(heard, [{ code: 'lost' }])
})

test('who leaves before the answer says farewell when it comes, and hears nothing more', async () => {
  let answerNow: (response: Response) => void = () => undefined
  const { connection, asked, heard } = open(() => new Promise((resolve) => (answerNow = resolve)))
  await settled()
  connection.close()
  assert.equal(asked.length, 1)
  answerNow(created())
  await settled()
  assert.equal(asked[1]?.method, 'DELETE')
  assert.deepEqual(heard, [])
})

test('an offer without an answer is given up, and the server called unreachable', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { asked, heard } = openHanging()
  await settled()
  t.mock.timers.tick(ANSWER_LIMIT - 1)
  assert.equal(asked[0]?.signal?.aborted, false)
  t.mock.timers.tick(1)
  await settled()
  assert.deepEqual(heard, [{ code: 'unreachable' }])
})

test('who leaves waits for the answer no longer than a farewell needs', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { connection, asked, heard } = openHanging()
  await settled()
  t.mock.timers.tick(2000)
  connection.close()
  t.mock.timers.tick(FAREWELL_LIMIT - 1)
  assert.equal(asked[0]?.signal?.aborted, false)
  t.mock.timers.tick(1)
  await settled()
  assert.equal(asked[0]?.signal?.aborted, true)
  assert.deepEqual(heard, [])
})

test('an answer longer than any is not read to its end', async () => {
  let sent = 0
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      sent += 50_000
      controller.enqueue(new Uint8Array(50_000).fill(97))
    },
  })
  const headers = { location: '/live/main/whep/s1' }
  const { heard, asked, connection } = open(() => new Response(endless, { status: 201, headers }))
  for (let i = 0; i < 20; i++) await settled()
  assert.deepEqual(heard, [{ code: 'not-understood', lasting: true }])
  assert.ok(sent < 1_000_000, `${sent} bytes`)
  connection.close()
  assert.equal(asked[1]?.method, 'DELETE')
})

test('a refusal is told with the code and the words of the problem', async () => {
  const problem = { code: 'has-b-frames', detail: 'the encoder sends B-frames', status: 409 }
  const { heard } = open(() => Response.json(problem, { status: 409 }))
  await settled()
  assert.deepEqual(heard, [{ code: 'has-b-frames', text: 'the encoder sends B-frames', lasting: true }])
})

test('a server that is too busy is asked again later, one that knows no WHEP is not', async () => {
  const codes = async (status: number) => {
    const { heard } = open(() => new Response('<html>', { status }))
    await settled()
    return heard
  }
  assert.deepEqual(await codes(503), [{ code: 'http-503' }])
  assert.deepEqual(await codes(405), [{ code: 'http-405', lasting: true }])
})

test('no network, and an answer that is none', async () => {
  const offline = open(() => Promise.reject(new TypeError('Failed to fetch')))
  await settled()
  assert.deepEqual(offline.heard, [{ code: 'unreachable' }])
  const nonsense = open(() => created({}, 'nonsense'))
  await settled()
  assert.deepEqual(nonsense.heard, [{ code: 'not-understood', lasting: true }])
})

test('a connection that breaks is told once', async () => {
  const { peer, heard } = open(() => created())
  await settled()
  peer.become('connected')
  peer.become('disconnected')
  peer.become('failed')
  assert.deepEqual(heard, ['connected', { code: 'lost' }])
})

test('a connection that never comes up is told when the browser gives up', async () => {
  const { peer, heard } = open(() => created())
  await settled()
  peer.become('connecting')
  peer.become('failed')
  assert.deepEqual(heard, [{ code: 'lost' }])
})
