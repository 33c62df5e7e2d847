import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { afterEach, mock, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { AUDIO_TRACK, VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { parseSdp } from '@bandstand/media/protocols/sdp/parse.ts'
import { audioConfig, videoConfig } from '../../packager/fixtures/encoder.ts'
import type { Log } from '../../ports.ts'
import { createHub, type Hub, type OpenEpoch } from '../../stream/hub.ts'
import { PROCESS_LIMITS } from '../../webrtc/limits.ts'
import { reserveUdpPort } from '../../webrtc/port.ts'
import { createWebRtcProcess, type WebRtcProcess } from '../../webrtc/supervisor.ts'
import { createWebRtcEgress } from './egress.ts'
import { WEBRTC_LIMITS } from './limits.ts'
import { slice } from './peer/fixtures.ts'
import type { Rendition } from './watchable.ts'

const OFFER = readFileSync(
  new URL(import.meta.resolve('@bandstand/media/protocols/sdp/fixtures/chromium-156-recvonly.sdp')),
  'latin1',
)
const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }

/** Waits for what is bound to happen, and fails where it does not. */
async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = performance.now() + 30_000; !(await isSo()); await sleep(10)) {
    if (performance.now() > end) assert.fail(`${what}: it did not come to pass`)
  }
}

let running: WebRtcProcess | undefined
afterEach(() => running?.close())

/** A stream of pictures without B-frames. */
function liveHub(): Hub {
  const hub = createHub({ keep: true, onFault() {} })
  begin(hub)
  return hub
}

function begin(hub: Hub, others: OpenEpoch['tracks'] = []): void {
  hub.publish({
    kind: 'epoch-opened',
    id: 0,
    start: 0,
    wallClock: 0,
    tracks: [{ track: VIDEO_TRACK, config: videoConfig(), frameDuration: 1 / 30 }, ...others],
    reason: 'encoder',
  })
  for (let n = 0; n < WEBRTC_LIMITS.judgePictures; n++) picture(hub, n, n)
}

/** The `n`th picture in decoding order. */
function picture(hub: Hub, n: number, shown: number): void {
  const unit = {
    track: VIDEO_TRACK,
    dts: n * 3000,
    pts: shown * 3000,
    key: n === 0,
    data: slice(n, n === 0),
    arrivedAt: 0,
  }
  hub.publish({ kind: 'unit', unit })
}

const rendition = (name: string, hub: Hub): Rendition => {
  return { name, width: 640, height: 360, frameRate: 30, bitrate: 500_000, hub }
}

interface StageOptions {
  readonly port?: number
  readonly plain?: Hub | string
  readonly rungs?: readonly Rendition[]
  readonly perAddress?: number
  readonly now?: () => number
  readonly ffmpeg?: string
  /** The process says of all viewers that they are connected. */
  readonly isConnected?: boolean
}

function saysConnected(process: WebRtcProcess): WebRtcProcess {
  const join: WebRtcProcess['join'] = (room) =>
    process.join({
      ...room,
      onMessage(message) {
        if (message.kind !== 'report') return room.onMessage(message)
        room.onMessage({ ...message, viewers: message.viewers.map((viewer) => ({ ...viewer, connected: true })) })
      },
    })
  return Object.create(process, { join: { value: join } }) as WebRtcProcess
}

/** The process may take many times as long beside busy ones, so patience with it goes by a slow clock. */
const slowClock = () => performance.now() / 10

async function stage(hubs: Record<string, Hub>, options: StageOptions = {}) {
  const asked: string[] = []
  const errors: object[] = []
  const warnings: string[] = []
  const warned: object[] = []
  const { rungs = [], plain = 'there is no ffmpeg' } = options
  const now = options.now ?? slowClock
  const log = {
    ...silent,
    warn(facts: object, message: string) {
      warnings.push(message)
      warned.push(facts)
    },
    error: (facts: object, message: string) => void errors.push({ ...facts, message }),
  }
  const port = options.port ?? (await reserveUdpPort('127.0.0.1', 0))
  const process = createWebRtcProcess({ host: '127.0.0.1', port, log, now })
  const seen: string[] = []
  const egress = createWebRtcEgress({
    process: options.isConnected === true ? saysConnected(process) : process,
    publicAddresses: () => ['203.0.113.7'],
    find(channel) {
      const hub = hubs[channel]
      if (hub === undefined) return undefined
      return {
        source: rendition('source', hub),
        rungs,
        askForRungs: () => void asked.push('rungs'),
        plain: () => (typeof plain === 'string' ? plain : rendition('source', plain)),
        askForPlain: () => void asked.push('plain'),
      }
    },
    ffmpeg: options.ffmpeg,
    now,
    seen: (channel, viewer) => void seen.push(`${channel} ${viewer}`),
    log,
    limits: { sessions: 10, sessionsPerAddress: options.perAddress ?? 10 },
  })
  running = process
  const offer = (channel: string, sdp = OFFER, remote = '10.0.0.1', wanted?: string) =>
    egress.offer({ channel, sdp, remote, ...(wanted !== undefined && { rendition: wanted }) })
  const refused = async (...args: Parameters<typeof offer>) => {
    const answer = await offer(...args)
    return 'code' in answer ? answer.code : 'answered'
  }
  return { egress, offer, refused, asked, errors, warnings, warned, seen }
}

test('what cannot be read, and what nobody publishes, starts no process', async () => {
  const { egress, refused } = await stage({})
  assert.equal(await refused('main', 'v=1\r\n'), 'bad-offer')
  assert.equal(await refused('main'), 'offline')
  assert.equal(egress.pid, undefined)
})

test('an offer is answered with H.264 on the one port and the public address, and its session ends when it is left', async () => {
  const { egress, offer } = await stage({ main: liveHub() })
  const answer = await offer('main')
  assert.ok('sdp' in answer)
  const { media } = parseSdp(answer.sdp)
  const [video, sound] = media
  // It has none.
  assert.equal(sound?.port, 0)
  assert.deepEqual([video?.direction, video?.codecs.map(({ name }) => name).toSorted()], ['sendonly', ['H264', 'rtx']])
  assert.ok(video?.extensions.some(({ uri }) => uri.includes('transport-wide-cc')))
  assert.ok(video?.codecs.some(({ feedback }) => feedback.includes('transport-cc') && feedback.includes('goog-remb')))
  assert.deepEqual(video?.sourceGroups[0]?.ssrcs, [...new Set(video?.sources.map(({ ssrc }) => ssrc))])
  assert.match(video?.candidates.join() ?? '', new RegExp(`^[^,]* 203\\.0\\.113\\.7 ${egress.port} typ host`))
  assert.equal(egress.has(answer.session), true)
  assert.equal(egress.figures.sessions, 1)
  assert.equal(egress.leave(answer.session), true)
  assert.deepEqual([egress.has(answer.session), egress.figures.sessions], [false, 0])
})

test('a goodbye that crosses the server’s own is no fault: the newest that ended are known, as many as there may be', async () => {
  const hub = liveHub()
  const { egress, offer } = await stage({ main: hub, other: liveHub() })
  const enter = async (channel: string) => {
    let answer = await offer(channel)
    // The places of those who left may not be free yet.
    await until('a place', async () => 'sdp' in answer || 'sdp' in (answer = await offer(channel)))
    assert.ok('sdp' in answer)
    return answer.session
  }
  const first = await enter('main')
  hub.end()
  await until('the end of its broadcast', () => !egress.has(first))
  assert.deepEqual([egress.leave(first), egress.leave(first)], [true, true])
  assert.equal(egress.leave('0'.repeat(32)), false)
  for (let n = 0; n < 10; n++) egress.leave(await enter('other'))
  assert.equal(egress.leave(first), false)
})

test('one address has so many sessions and no more, of which the log tells once', async () => {
  const { refused, warnings } = await stage({ main: liveHub() }, { perAddress: 1 })
  assert.equal(await refused('main'), 'answered')
  assert.deepEqual([await refused('main'), await refused('main')], ['busy', 'busy'])
  assert.deepEqual(warnings, ['webrtc: there are too many viewers, more are sent to HLS'])
  assert.equal(await refused('main', OFFER, '10.0.0.2'), 'answered')
})

test('what somebody puts into the place of a channel is not in the log: it may be a key', async () => {
  const { refused, warned } = await stage({ main: liveHub() }, { perAddress: 0 })
  assert.deepEqual([await refused('secret-key-1'), await refused('main', OFFER, '10.0.0.2')], ['busy', 'busy'])
  assert.equal(warned.length, 2)
  assert.doesNotMatch(JSON.stringify(warned), /secr/)
})

test('a viewer is counted by what its player calls itself, and one who does not say by its session', async () => {
  const { egress, seen } = await stage({ main: liveHub() }, { isConnected: true })
  const request = { channel: 'main', sdp: OFFER, remote: '10.0.0.1' }
  await egress.offer({ ...request, viewer: 'abc' })
  const other = await egress.offer(request)
  assert.ok('session' in other)
  await until('both are counted', () => seen.includes('main abc') && seen.includes(`main ${other.session}`))
  assert.equal(new Set(seen).size, 2)
})

test('who leaves has the place until the connection is closed', async () => {
  const { egress, offer, refused } = await stage({ main: liveHub() }, { perAddress: 1 })
  const answer = await offer('main')
  assert.ok('sdp' in answer)
  egress.leave(answer.session)
  assert.deepEqual([egress.figures.sessions, await refused('main')], [0, 'busy'])
  await until('the place', async () => (await refused('main')) === 'answered')
})

test('an offer that is being answered takes one place, not two', async () => {
  const { egress, refused } = await stage({ main: liveHub() }, { perAddress: 2 })
  const first = refused('main')
  await until('an offer under way', () => egress.figures.sessions === 1)
  assert.deepEqual([await refused('main'), await first, await refused('main')], ['answered', 'answered', 'busy'])
})

test('an offer without keys is refused for what it lacks', async () => {
  const { refused } = await stage({ main: liveHub() })
  for (const attribute of ['ice-ufrag', 'ice-pwd', 'fingerprint']) {
    assert.equal(await refused('main', OFFER.replaceAll(new RegExp(`a=${attribute}:.*\r?\n`, 'g'), '')), 'bad-offer')
  }
})

test('a stream that ends while an offer is answered is offline, and a process that does not answer is unavailable', async () => {
  const ending = liveHub()
  const { egress, refused } = await stage({ ending, main: liveHub() })
  assert.equal(await refused('main'), 'answered')
  const pid = egress.pid ?? assert.fail()
  process.kill(pid, 'SIGSTOP')
  try {
    const ended = refused('ending')
    await until('an offer under way', () => egress.figures.sessions === 2)
    ending.end()
    process.kill(pid, 'SIGCONT')
    assert.equal(await ended, 'offline')
    process.kill(pid, 'SIGSTOP')
    mock.timers.enable({ apis: ['setTimeout'] })
    const slow = refused('main')
    for (let n = 0; n < 10_000 && egress.figures.sessions < 2; n++) await new Promise((done) => setImmediate(done))
    assert.equal(egress.figures.sessions, 2)
    mock.timers.tick(WEBRTC_LIMITS.answerMs)
    assert.equal(await slow, 'unavailable')
  } finally {
    mock.timers.reset()
    process.kill(pid, 'SIGCONT')
  }
})

test('a hub that too many read is busy', async () => {
  const hub = liveHub()
  const { refused } = await stage({ main: hub })
  for (;;) {
    try {
      hub.read({ name: 'other', from: 'newest-key', maxBytes: 1, maxDuration: 1, isUrgent: () => true, onReady() {} })
    } catch {
      break
    }
  }
  assert.equal(await refused('main'), 'busy')
})

test('a port that another program has taken is told once, and used when it is free', async () => {
  const other = createSocket('udp4')
  await new Promise<void>((done) => other.bind(0, '127.0.0.1', done))
  let now = 0
  const options = { port: other.address().port, now: () => now }
  const { egress, refused, errors } = await stage({ main: liveHub() }, options)
  assert.equal(await refused('main'), 'unavailable')
  now += PROCESS_LIMITS.restartMs
  assert.equal(await refused('main'), 'unavailable')
  assert.deepEqual(
    errors.map((error) => 'reason' in error && error.reason),
    [`UDP port ${egress.port} of 127.0.0.1 is taken by another program`],
  )
  await new Promise<void>((done) => other.close(done))
  now += PROCESS_LIMITS.restartMs * 2
  assert.equal(await refused('main'), 'answered')
  // And it is kept when nobody watches.
  const late = createSocket('udp4')
  const taken = new Promise<NodeJS.ErrnoException>((resolve) => late.once('error', resolve))
  late.bind(egress.port, '127.0.0.1')
  assert.equal((await taken).code, 'EADDRINUSE')
})

test('an offer without H.264 is refused', async () => {
  const { refused } = await stage({ main: liveHub() })
  assert.equal(await refused('main', OFFER.replaceAll('H264/90000', 'H263/90000')), 'no-codec')
})

/** A stream whose pictures are not in the order in which they are shown. */
function reorderedHub(): Hub {
  const hub = liveHub()
  picture(hub, 10, 13)
  picture(hub, 11, 11)
  return hub
}

test('B-frames that nobody takes out are refused with the reason', async () => {
  const { offer } = await stage({ main: reorderedHub() })
  const answer = await offer('main')
  assert.ok('code' in answer)
  assert.equal(answer.code, 'has-b-frames')
  assert.match(answer.reason, /not taken out: there is no ffmpeg\. Set them to 0/)
})

test('a source with B-frames is watched without them, and that is said', async () => {
  const { egress, offer, asked } = await stage({ main: reorderedHub() }, { plain: liveHub() })
  const answer = await offer('main')
  assert.ok('session' in answer)
  assert.equal(answer.rendition, 'source')
  assert.match(answer.renditionReason ?? '', /^the encoder sends B-frames/)
  assert.match(egress.layers(answer.session)?.reason ?? '', /B-frames/)
  assert.ok(asked.includes('plain'))
})

test('a rung that is being made is there at once for a viewer of B-frames, who may climb from it', async () => {
  const idle = createHub({ keep: true, onFault() {} })
  const { offer, asked } = await stage(
    { main: reorderedHub() },
    { plain: idle, rungs: [rendition('480p', liveHub()), rendition('360p', liveHub())] },
  )
  const answer = await offer('main')
  assert.deepEqual('rendition' in answer && answer.rendition, '480p')
  assert.ok(asked.includes('plain'))
})

test('a rendition that is named is waited for until it is made; an unknown one is not found', async () => {
  const later = createHub({ keep: true, onFault() {} })
  const { offer, asked } = await stage({ main: liveHub() }, { rungs: [rendition('480p', later)] })
  const waiting = offer('main', OFFER, '10.0.0.1', '480p')
  while (!asked.includes('rungs')) await sleep(10)
  begin(later)
  const answer = await waiting
  assert.deepEqual('rendition' in answer && answer.rendition, '480p')
  const unknown = await offer('main', OFFER, '10.0.0.1', '1080p')
  assert.deepEqual('code' in unknown && unknown.code, 'no-rendition')
})

test('a viewer begins with the rendition that its offer tells of where that runs, and the server goes on choosing', async () => {
  const options = { rungs: [rendition('480p', liveHub()), rendition('360p', createHub({ keep: true, onFault() {} }))] }
  const { egress } = await stage({ main: liveHub() }, options)
  const begun = async (begin: string) => {
    const answer = await egress.offer({ channel: 'main', sdp: OFFER, remote: '10.0.0.1', begin })
    if ('code' in answer) return answer.code
    return [answer.rendition, egress.layers(answer.session)?.chosen]
  }
  assert.deepEqual(await begun('480p'), ['480p', undefined])
  for (const other of ['360p', 'source', '1080p', ''])
    assert.deepEqual(await begun(other), ['source', undefined], other)
})

test('a viewer chooses a rendition on the connection it has, and leaves the choice to the server again', async () => {
  const { egress, offer } = await stage({ main: liveHub() }, { rungs: [rendition('480p', liveHub())] })
  const answer = await offer('main')
  assert.ok('session' in answer)
  const { session } = answer
  const facts = { width: 640, height: 360, frameRate: 30, bitrate: 500_000 }
  const renditions = ['source', '480p'].map((name) => ({ name, ...facts }))
  const before = { chosen: undefined, playing: 'source', reason: undefined, renditions }
  assert.deepEqual(egress.layers(session), before)
  assert.equal(egress.choose(session, '1080p'), false)
  assert.equal(egress.choose(session, '480p'), true)
  while (egress.layers(session)?.playing !== '480p') await sleep(10)
  assert.equal(egress.choose(session, undefined), true)
  assert.equal(egress.layers(session)?.chosen, undefined)
  assert.equal(egress.choose('nobody', undefined), false)
})

test('what a viewer leaves is sent on until it has arrived, however long the next key frame takes', async () => {
  const main = liveHub()
  const { egress, offer } = await stage({ main }, { rungs: [rendition('480p', liveHub())] })
  const answer = await offer('main')
  assert.ok('session' in answer)
  mock.timers.enable({ apis: ['setTimeout'] })
  try {
    assert.equal(egress.choose(answer.session, '480p'), true)
    mock.timers.tick(WEBRTC_LIMITS.lingerMs)
    assert.equal(main.readers, 1)
    assert.equal(egress.leave(answer.session), true)
    mock.timers.tick(WEBRTC_LIMITS.lingerMs)
    assert.equal(main.readers, 0)
  } finally {
    mock.timers.reset()
  }
})

test('a viewer for whom nothing is made any more is let go of, one whose encoder is away is not', async () => {
  let skipped = 0
  const [main, plain] = [reorderedHub(), liveHub()]
  const { egress, offer } = await stage({ main }, { plain, now: () => slowClock() + skipped })
  const answer = await offer('main')
  assert.ok('session' in answer)
  // Each looks at the viewer again, as a report does.
  const look = () => egress.choose(answer.session, undefined)
  plain.publish({ kind: 'epoch-closed', id: 0, end: 0 })
  look()
  skipped += WEBRTC_LIMITS.stillMs - 1_000
  look()
  assert.equal(egress.has(answer.session), true)
  main.publish({ kind: 'epoch-closed', id: 0, end: 0 })
  look()
  skipped += 2_000
  begin(main)
  picture(main, 10, 13)
  picture(main, 11, 11)
  look()
  assert.equal(egress.has(answer.session), true)
  // The process is not to be thought hung.
  await sleep(PROCESS_LIMITS.reportMs * 1.5)
  skipped += WEBRTC_LIMITS.stillMs + 1
  look()
  assert.equal(egress.has(answer.session), false)
})

/** Another encoder, with B-frames, takes over. */
function takeOver(hub: Hub): void {
  hub.publish({ kind: 'epoch-closed', id: 0, end: 0 })
  begin(hub)
  picture(hub, 10, 13)
  picture(hub, 11, 11)
}

test('when an encoder with B-frames takes over, who watched the source goes on with what is made without them, on its connection', async () => {
  const [main, plain] = [liveHub(), createHub({ keep: true, onFault() {} })]
  const { egress, offer, asked } = await stage({ main }, { plain })
  const answer = await offer('main')
  assert.ok('session' in answer)
  const look = () => egress.choose(answer.session, undefined)
  look()
  takeOver(main)
  look()
  assert.ok(asked.includes('plain'))
  begin(plain)
  look()
  const { playing, reason } = egress.layers(answer.session) ?? assert.fail('the session was ended')
  assert.equal(playing, 'source')
  assert.match(reason ?? '', /B-frames/)
  assert.equal(plain.readers, 1)
})

test('when an encoder with B-frames takes over and nothing is made without them, who watched the source comes again and is told why', async () => {
  const main = liveHub()
  const { egress, offer, refused } = await stage({ main })
  const answer = await offer('main')
  assert.ok('session' in answer)
  takeOver(main)
  egress.choose(answer.session, undefined)
  assert.equal(egress.has(answer.session), false)
  assert.equal(await refused('main'), 'has-b-frames')
})

test('what is made for a viewer and has B-frames all the same is left for what has none', async () => {
  let skipped = 0
  const [main, rung] = [liveHub(), liveHub()]
  const options = { rungs: [rendition('480p', rung)], now: () => slowClock() + skipped }
  const { egress, offer } = await stage({ main }, options)
  const other = await offer('main')
  const answer = await offer('main', OFFER, '10.0.0.1', '480p')
  assert.ok('session' in other)
  assert.ok('session' in answer)
  picture(rung, 10, 13)
  picture(rung, 11, 11)
  for (const ms of [0, 3_000]) {
    skipped += ms
    egress.choose(answer.session, undefined)
  }
  assert.equal(egress.layers(answer.session)?.playing, 'source')
})

test('where the sound is given up, who hears it is let go of, and is told why when coming again', async () => {
  const hub = createHub({ keep: true, onFault() {} })
  // Frames of 960 samples: AAC that ffmpeg cannot be given (see `createAdtsHeader`).
  const config = { ...audioConfig(), decoderConfig: Uint8Array.of(0x11, 0x94) }
  begin(hub, [{ track: AUDIO_TRACK, config, frameDuration: 1024 / 48_000 }])
  const { egress, offer } = await stage({ main: hub }, { ffmpeg: process.execPath })
  const first = await offer('main')
  assert.ok('session' in first && first.soundMissing === undefined)
  const frame = { track: AUDIO_TRACK, dts: 0, pts: 0, key: true, data: Uint8Array.of(1), arrivedAt: 0 }
  hub.publish({ kind: 'unit', unit: frame })
  await until('it has gone', () => !egress.choose(first.session, undefined) || !egress.has(first.session))
  const second = await offer('main')
  assert.ok('session' in second)
  assert.match(second.soundMissing ?? '', /cannot be made into Opus/)
  await sleep(0)
  assert.equal(egress.choose(second.session, undefined), true)
  assert.equal(egress.has(second.session), true)
})

test('a stream that ends takes its sessions with it', async () => {
  const hub = liveHub()
  const { egress, refused } = await stage({ main: hub })
  assert.equal(await refused('main'), 'answered')
  hub.end()
  await until('nobody there', () => egress.figures.sessions === 0)
  assert.equal(await refused('main'), 'offline')
})

test('a killed process loses its sessions; the next offer is put off, then answered by a new one', async () => {
  let now = 0
  const { egress, refused, offer } = await stage({ main: liveHub() }, { now: () => now })
  assert.equal(await refused('main'), 'answered')
  const killed = egress.pid ?? assert.fail()
  process.kill(killed, 'SIGKILL')
  await until('nobody there', () => egress.figures.sessions === 0)
  const answer = await offer('main')
  assert.deepEqual('code' in answer && [answer.code, answer.retryAfter], ['unavailable', 1])
  now += PROCESS_LIMITS.restartMs
  assert.equal(await refused('main'), 'answered')
  assert.notEqual(egress.pid, killed)
})

test('a process that dies while a rendition is waited for does not keep the channel from the next one', async () => {
  const later = createHub({ keep: true, onFault() {} })
  let now = 0
  const options = { rungs: [rendition('480p', later)], now: () => now }
  const { egress, refused, asked } = await stage({ main: liveHub() }, options)
  const waiting = refused('main', OFFER, '10.0.0.1', '480p')
  await until('a rendition that is waited for', () => asked.includes('rungs'))
  const killed = egress.pid ?? assert.fail()
  process.kill(killed, 'SIGKILL')
  await until('no process', () => egress.pid === undefined)
  begin(later)
  assert.equal(await waiting, 'unavailable')
  now += PROCESS_LIMITS.restartMs
  assert.equal(await refused('main', OFFER, '10.0.0.1', '480p'), 'answered')
})

test('a process that cannot work is said to be unavailable', async () => {
  const { refused } = await stage({ main: liveHub() }, { port: 70_000 })
  assert.equal(await refused('main'), 'unavailable')
})
