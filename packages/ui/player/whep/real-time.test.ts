import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { fakePage } from '../../testing/fake-page.ts'
import { FakeVideo } from '../../testing/fake-player.ts'
import type { Failure } from '../choice/choice.ts'
import { CONNECT_LIMIT } from '../choice/limits.ts'
import type { WhepConnection, WhepEvents } from './connection.ts'
import { openRealTime } from './real-time.ts'

/** A session whose server and counters are told what to do. */
class FakeSession implements WhepConnection {
  readonly stream = {} as MediaStream
  readonly url: string
  readonly events: WhepEvents
  connected = false
  hasPicture = true
  hasSound = false
  soundMissing: string | undefined
  renditions: string | undefined
  skew: number | undefined = 0
  closed = false
  packets = 0
  received = 0
  frames = 0
  frozen = 0

  constructor(url: string, events: WhepEvents) {
    this.url = url
    this.events = events
  }

  async stats(): Promise<RTCStatsReport> {
    const video = {
      ...{ type: 'inbound-rtp', kind: 'video', frameHeight: 720, totalFreezesDuration: this.frozen },
      ...{ packetsReceived: this.packets, framesDecoded: this.frames },
    }
    const audio = { type: 'inbound-rtp', kind: 'audio', packetsReceived: this.packets }
    const transport = { type: 'transport', bytesReceived: this.received }
    return new Map<string, object>([
      ['t', transport],
      ['m', this.hasPicture ? video : audio],
    ])
  }

  connect(): void {
    this.connected = true
    this.events.connected()
  }

  close(): void {
    this.closed = true
  }
}

function opened(t: TestContext) {
  const page = fakePage(t)
  const video = Object.assign(new FakeVideo(), { srcObject: null })
  const sessions: FakeSession[] = []
  const heard: (string | Failure)[] = []
  /** What the server says of the channel, `hangs` for no answer. */
  const channel: { live: boolean | 'hangs' } = { live: true }
  const realTime = openRealTime(
    'whep?CMCD=sid',
    video.element,
    { quality: undefined },
    {
      connected: () => heard.push('connected'),
      ready: () => heard.push('ready'),
      trouble: () => heard.push('trouble'),
      failed: (failure) => heard.push(failure),
      leaving: () => heard.push('leaving'),
      measured: () => undefined,
      isLive: () => (channel.live === 'hangs' ? new Promise(() => undefined) : Promise.resolve(channel.live)),
      over: () => heard.push('over'),
    },
    (url, events) => {
      const session = new FakeSession(url, events)
      sessions.push(session)
      return session
    },
  )
  t.after(() => realTime.close())
  const newest = () => sessions.at(-1) as FakeSession
  /** The newest session brings pictures for so long. @param ms */
  const play = async (ms: number) => {
    for (let left = ms; left > 0; left -= 100) {
      newest().packets += 10
      newest().received += 10_000
      newest().frames += 3
      await page.pass(100)
    }
  }
  /** The line brings reports and no media for so long. @param ms */
  const report = async (ms: number, session = newest()) => {
    for (let left = ms; left > 0; left -= 1000) {
      session.received += 60
      await page.pass(1000)
    }
  }
  return { page, video, sessions, heard, channel, realTime, newest, play, report }
}

/** One that plays on the element. */
async function playing(t: TestContext) {
  const run = opened(t)
  run.newest().connect()
  run.realTime.attach()
  await run.play(1000)
  assert.deepEqual(run.heard.splice(0), ['connected', 'leaving', 'ready'])
  return run
}

test('it is ready with its first frame, not with its connection', async (t) => {
  const { page, heard, newest, play, realTime } = opened(t)
  newest().connect()
  await page.pass(1000)
  assert.deepEqual(heard, ['connected'])
  await play(200)
  assert.deepEqual(heard, ['connected', 'ready'])
  assert.equal(realTime.height, 720)
})

test('a connection that breaks is offered anew, and the new stream follows with its first frame', async (t) => {
  const { page, video, sessions, heard, newest, play } = await playing(t)
  const [first] = sessions
  newest().events.failed({ code: 'lost' })
  await page.pass(50)
  assert.equal(sessions.length, 2)
  assert.equal(video.srcObject, first?.stream)
  newest().connect()
  assert.equal(first?.closed, true)
  await page.pass(300)
  assert.equal(video.srcObject, first?.stream)
  await play(200)
  assert.equal(video.srcObject, newest().stream)
  assert.deepEqual(heard, ['connected', 'leaving', 'ready'])
})

test('a session that is offered anew begins with the rendition that was on screen', async (t) => {
  const { page, sessions, newest, play } = opened(t)
  const rendition = (encodingId: string, height: number) => ({
    encodingId,
    height,
    frameRate: 30,
    bitrate: height * 1e3,
  })
  const renditions = [rendition('source', 1080), rendition('720p', 720), rendition('480p', 480)]
  page.answer = () => Response.json({ chosen: null, reason: null, renditions })
  newest().renditions = 'http://server/live/main/whep/1'
  newest().connect()
  await play(1000)
  newest().events.failed({ code: 'lost' })
  await page.pass(50)
  assert.deepEqual(
    sessions.map(({ url }) => url),
    ['whep?CMCD=sid', 'whep?CMCD=sid&begin=720p'],
  )
})

test('a connection that breaks because the broadcast has ended is not offered anew', async (t) => {
  const { page, video, sessions, heard, channel, newest } = await playing(t)
  channel.live = false
  newest().events.failed({ code: 'lost' })
  await page.pass(20_000)
  assert.deepEqual([heard, sessions.length, newest().closed, video.srcObject], [['over'], 1, true, null])
})

test('a line that falls silent at the end of the broadcast is not asked for media that do not come', async (t) => {
  const { sessions, heard, channel, report } = await playing(t)
  channel.live = false
  await report(60_000)
  assert.deepEqual([heard, sessions.length], [[], 1])
})

test('who is not told in time whether there is anything to be had offers anew', async (t) => {
  const { page, sessions, heard, channel, newest, play } = await playing(t)
  channel.live = 'hangs'
  newest().events.failed({ code: 'lost' })
  await page.pass(500)
  assert.equal(sessions.length, 1)
  await page.pass(1000)
  assert.equal(sessions.length, 2)
  newest().connect()
  await play(200)
  assert.deepEqual(heard, ['connected', 'leaving', 'ready'])
})

test('who leaves while he asks whether there is anything to be had offers nothing', async (t) => {
  const { page, sessions, heard, newest, realTime } = await playing(t)
  newest().events.failed({ code: 'lost' })
  realTime.close()
  await page.pass(5000)
  assert.deepEqual([sessions.length, heard], [1, []])
})

test('renditions are asked for while media arrive: a session that has ended, or that a sleep has outlasted, has none', async (t) => {
  const run = opened(t)
  const { page, newest, play } = run
  page.answer = () => Response.json({ chosen: null, reason: null, renditions: [] })
  const asked = () => page.requests.filter(({ url }) => url.endsWith('/layer')).length
  newest().renditions = 'http://server/live/main/whep/1'
  newest().connect()
  run.realTime.attach()
  await play(25_000)
  assert.equal(asked(), 3)
  const before = asked()
  // The last packets before it came after the last look.
  newest().received += 1000
  const { now } = Date
  t.mock.method(Date, 'now', () => now() + 3_600_000)
  await page.pass(5000)
  assert.equal(asked(), before)
})

test('renditions are not asked for of a session that is gone, while it is found out whether there can be another', async (t) => {
  const run = opened(t)
  const { page, channel, newest, play } = run
  page.answer = () => Response.json({ chosen: null, reason: null, renditions: [] })
  const asked = () => page.requests.filter(({ url }) => url.endsWith('/layer')).length
  newest().renditions = 'http://server/live/main/whep/1'
  newest().connect()
  run.realTime.attach()
  // Just before they would be asked for again.
  await play(10_000)
  assert.equal(asked(), 1)
  channel.live = 'hangs'
  newest().events.failed({ code: 'lost' })
  for (let passed = 0; passed < 900; passed += 100) {
    // What had come before its goodbye.
    newest().received += 1_000
    await page.pass(100)
  }
  assert.equal(asked(), 1)
})

test('a refusal of the new offer is told as it is', async (t) => {
  const { page, sessions, heard, newest } = await playing(t)
  newest().events.failed({ code: 'lost' })
  await page.pass(50)
  newest().events.failed({ code: 'has-b-frames', lasting: true })
  assert.deepEqual(heard, ['leaving', { code: 'has-b-frames', lasting: true }])
  assert.deepEqual(
    sessions.map(({ closed }) => closed),
    [true, true],
  )
})

test('a new offer that comes to nothing in time is a loss', async (t) => {
  const { page, heard, newest } = await playing(t)
  newest().events.failed({ code: 'lost' })
  await page.pass(CONNECT_LIMIT + 50)
  assert.deepEqual(heard, ['leaving', { code: 'lost' }])
})

test('a line that brings nothing at all is a reason to offer anew, but seldom', async (t) => {
  const { page, sessions, heard, newest, realTime } = await playing(t)
  await page.pass(3500)
  assert.equal(realTime.silent, true)
  assert.equal(sessions.length, 2)
  newest().connect()
  newest().frames = 3
  await page.pass(5000)
  assert.equal(sessions.length, 2)
  await page.pass(7000)
  assert.equal(sessions.length, 3)
  assert.equal(
    heard.some((what) => typeof what === 'object'),
    false,
  )
})

test('an encoder that is away is waited for: the line carries, and a refusal changes nothing', async (t) => {
  // Asked for anew after 22.5 s.
  t.mock.method(Math, 'random', () => 0.5)
  const { sessions, heard, newest, realTime, report, play } = await playing(t)
  const first = newest()
  await report(21_000)
  assert.deepEqual([realTime.silent, sessions.length], [true, 1])
  await report(3000)
  assert.equal(sessions.length, 2)
  newest().events.failed({ code: 'not-ready' })
  assert.deepEqual([first.closed, newest().closed, heard], [false, true, []])
  // The next offer waits its time too, and one without an answer changes as little.
  await report(7000, first)
  assert.equal(sessions.length, 2)
  await report(6000, first)
  assert.deepEqual([sessions.length, newest().closed, first.closed, heard], [3, true, false, []])
  sessions.length = 1
  await play(1000)
  assert.deepEqual([realTime.silent, sessions.length, heard], [false, 1, []])
})

test('a line that breaks while an absent encoder is asked for is as lost as any other', async (t) => {
  const { sessions, heard, newest, report } = await playing(t)
  const first = newest()
  while (sessions.length === 1) await report(1000)
  first.events.failed({ code: 'lost' })
  assert.deepEqual(heard, [])
  newest().events.failed({ code: 'not-ready' })
  assert.deepEqual(heard, ['leaving', { code: 'not-ready' }])
})

test('sound alone is ready with its first packets', async (t) => {
  const { page, heard, newest } = opened(t)
  newest().hasPicture = false
  newest().hasSound = true
  newest().connect()
  await page.pass(500)
  assert.deepEqual(heard, ['connected'])
  newest().packets = 5
  await page.pass(500)
  assert.deepEqual(heard, ['connected', 'ready'])
})

test('sound that joins late is asked for, and what plays goes on where none comes', async (t) => {
  const { page, sessions, heard, realTime, newest, play } = await playing(t)
  const first = newest()
  const renew = () => {
    realTime.renew()
    return page.pass(50)
  }
  await renew()
  assert.equal(sessions.length, 2)
  newest().connect()
  assert.deepEqual([first.closed, newest().closed], [false, true])
  await renew()
  newest().events.failed({ code: 'unavailable' })
  await renew()
  for (let waited = 0; waited <= CONNECT_LIMIT; waited += 100) {
    first.packets += 10
    first.received += 10_000
    await page.pass(100)
  }
  assert.deepEqual([sessions.length, first.closed, newest().closed, heard], [4, false, true, []])
  await renew()
  newest().hasSound = true
  newest().connect()
  assert.equal(first.closed, true)
  await play(300)
  assert.deepEqual(heard, ['connected', 'leaving', 'ready'])
  await renew()
  assert.equal(sessions.length, 5)
})

test('pictures that join late are asked for, as of a camera that begins after the microphone', async (t) => {
  const { page, sessions, heard, realTime, newest, play } = opened(t)
  const first = newest()
  Object.assign(first, { hasPicture: false, hasSound: true })
  first.connect()
  realTime.attach()
  await play(1000)
  heard.splice(0)
  const renew = () => {
    realTime.renew()
    return page.pass(50)
  }
  await renew()
  Object.assign(newest(), { hasPicture: false, hasSound: true })
  newest().connect()
  assert.deepEqual([sessions.length, first.closed, newest().closed], [2, false, true])
  await renew()
  newest().hasSound = true
  newest().connect()
  assert.deepEqual([sessions.length, first.closed, newest().closed], [3, true, false])
  await play(300)
  assert.deepEqual(heard, ['connected', 'leaving', 'ready'])
  await renew()
  assert.equal(sessions.length, 3)
})

test('a connection that breaks while its sound is asked for is as lost as any other', async (t) => {
  const { page, sessions, heard, realTime } = await playing(t)
  realTime.renew()
  sessions[0]?.events.failed({ code: 'lost' })
  await page.pass(CONNECT_LIMIT + 100)
  assert.deepEqual(heard, ['leaving', { code: 'lost' }])
})

test('standing still although data arrive is a trouble, each second of it once', async (t) => {
  const { heard, newest, play } = await playing(t)
  newest().frozen = 0.9
  await play(1000)
  assert.deepEqual(heard, [])
  newest().frozen = 2.1
  await play(1500)
  assert.deepEqual(heard, ['trouble'])
})

test('one frame at a time is looked at, however long none is shown', async (t) => {
  const { video, play } = await playing(t)
  const asked: (() => void)[] = []
  const show = () => asked.splice(0).map((callback) => callback())
  Object.assign(video, {
    requestVideoFrameCallback: (callback: (now: number, frame: object) => void) =>
      asked.push(() => callback(0, { expectedDisplayTime: 5, receiveTime: 3 })),
  })
  await play(5000)
  assert.equal(asked.length, 1)
  show()
  await play(5000)
  assert.equal(asked.length, 1)
})

test('after its end nothing is heard, looked at or left on the element', async (t) => {
  const { page, video, heard, newest, realTime } = await playing(t)
  realTime.close()
  newest().events.failed({ code: 'lost' })
  await page.pass(20_000)
  assert.deepEqual([heard, video.srcObject, newest().closed], [[], null, true])
})
