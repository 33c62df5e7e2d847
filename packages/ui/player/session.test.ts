import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type FakePage, fakePage } from '../testing/fake-page.ts'
import { FakeEngine, FakeVideo, ranges } from '../testing/fake-player.ts'
import { createSession, type Session } from './session.ts'

interface Playing {
  readonly page: FakePage
  readonly video: FakeVideo
  readonly engine: FakeEngine
  readonly session: Session
  readonly asked: () => number
  /** What is known of the channel's facts when the server is asked: by default they are unchanged. */
  facts: () => Promise<void>
  /** Lets the picture move. @param ms */
  play(ms: number): Promise<void>
}

const live = { type: 'channel', live: true, assetId: 'as_1', generation: 1 } as const

/** The viewer pauses for so long. @param ms */
async function pause({ video, page }: Playing, ms: number): Promise<void> {
  video.paused = true
  video.dispatchEvent(new Event('pause'))
  await page.pass(ms)
}

async function goOn({ video, page }: Playing): Promise<void> {
  video.paused = false
  video.dispatchEvent(new Event('play'))
  await page.pass(50)
}

/** A channel that is live, its playlist just loaded. */
async function playing(t: TestContext, prepare: (made: FakeEngine) => void = () => undefined): Promise<Playing> {
  const page = fakePage(t)
  const video = new FakeVideo()
  let engine: FakeEngine | undefined
  let asked = 0
  const session = createSession({
    ...{ server: 'http://server', channel: 'main', video: video.element },
    createEngine: (_, events) => {
      engine = new FakeEngine(events)
      prepare(engine)
      return engine
    },
    onLoad: () => undefined,
    onChange: () => undefined,
    ask() {
      asked++
      return made.facts()
    },
  })
  t.after(() => session.destroy())
  const play = async (ms: number) => {
    for (let left = ms; left > 0; left -= 250) {
      video.currentTime += 0.25
      await page.pass(250)
    }
  }
  const made = { page, video, session, asked: () => asked, facts: async () => undefined, play }
  session.send(live)
  await page.pass(50)
  assert.ok(engine)
  return Object.assign(made, { engine })
}

test('a picture that moves makes it live; one that stands still stalls, asks the server, and goes on', async (t) => {
  const { page, session, asked, play } = await playing(t)
  await play(1000)
  assert.equal(session.state.phase, 'live')
  await page.pass(2000)
  assert.equal(session.state.phase, 'stalled')
  assert.equal(asked(), 1)
  await play(500)
  assert.equal(session.state.phase, 'live')
})

test('the delay to be read stands still while what is measured wanders, and is not known without a date', async (t) => {
  const { engine, session, play } = await playing(t)
  const read = new Set<number | undefined>()
  for (const latency of [0.2, 0.23, 0.18, 0.21, 0.17]) {
    engine.choice = { ...engine.choice, playing: 'webrtc', latency }
    engine.date = Date.now()
    await play(250)
    read.add(session.delay)
    assert.equal(session.behind, latency)
  }
  assert.deepEqual([...read], [0.2])
  engine.date = undefined
  await play(250)
  assert.equal(session.delay, undefined)
})

test('a source that brings nothing is loaded anew after some seconds', async (t) => {
  const { page, engine } = await playing(t)
  await page.pass(5500)
  assert.equal(engine.loads.length, 1)
  await page.pass(1500)
  assert.equal(engine.loads.length, 2)
})

test('a segment that is long on its way is waited for as long as bytes of it arrive', async (t) => {
  const { page, engine, session, play } = await playing(t)
  const arrive = async (ms: number) => {
    for (let left = ms; left > 0; left -= 500) {
      engine.arrived = (engine.arrived ?? 0) + 1000
      await page.pass(500)
    }
  }
  await arrive(15_000)
  assert.equal(engine.loads.length, 1)
  await play(1000)
  assert.equal(session.state.phase, 'live')
  await arrive(15_000)
  assert.deepEqual([session.state.phase, engine.loads.length], ['stalled', 1])
  await page.pass(5000)
  assert.equal(engine.loads.length, 1)
  await page.pass(2000)
  assert.equal(engine.loads.length, 2)
})

test('where all that is listed was played, the encoder is waited for', async (t) => {
  const { page, engine, play } = await playing(t)
  await play(1000)
  engine.ahead = 0.2
  await page.pass(39_000)
  assert.equal(engine.loads.length, 1)
  await page.pass(3000)
  assert.equal(engine.loads.length, 2)
})

for (const [why, trouble] of [
  ['it does not begin though all of it is there', ({ engine }: Playing) => (engine.ahead = 0.2)],
  ['a browser refuses to play by itself', ({ video }: Playing) => (video.paused = true)],
] as const) {
  test(`a broadcast that ends before its picture moved is over also where ${why}`, async (t) => {
    const made = await playing(t)
    trouble(made)
    await made.page.pass(2000)
    made.session.send({ ...live, live: false, assetId: '' })
    assert.equal(made.session.state.phase, 'starting')
    await made.page.pass(7000)
    assert.equal(made.session.state.phase, 'offline')
    assert.equal(made.engine.loads.length, 1)
  })
}

for (const [why, trouble] of [
  ['the browser does not tell of its end', ({ video }: Playing) => (video.ended = true)],
  // As hls.js recovers from what could not be decoded: the element is paused then without a word.
  [
    'its source was put in anew and nothing came',
    ({ video }: Playing) => Object.assign(video, { paused: true, readyState: 0 }),
  ],
] as const) {
  test(`a broadcast that was seen and has ended is over also where ${why}`, async (t) => {
    const made = await playing(t)
    await made.play(1000)
    made.session.send({ ...live, live: false, assetId: '' })
    trouble(made)
    await made.page.pass(7000)
    assert.equal(made.session.state.phase, 'offline')
  })
}

test('a browser that refuses to play by itself is not made to load again and again', async (t) => {
  const { page, engine, video, session, play } = await playing(t)
  video.paused = true
  await page.pass(60_000)
  assert.equal(engine.loads.length, 1)
  video.paused = false
  video.dispatchEvent(new Event('play'))
  await play(1000)
  assert.equal(session.state.phase, 'live')
})

test('a paused video for which nothing comes is loaded anew', async (t) => {
  const { page, engine, video } = await playing(t)
  video.paused = true
  video.readyState = 0
  await page.pass(7000)
  assert.equal(engine.loads.length, 2)
})

test('a picture that stands still while a retry is waited for does not put the retry off', async (t) => {
  t.mock.method(Math, 'random', () => 0.999)
  const { page, engine } = await playing(t, (made) => {
    made.onLoad = ({ failed }) => setTimeout(() => failed('refused'), 5)
  })
  await page.pass(200_000)
  const gaps = engine.loads.slice(1).map(({ when }, index) => when - (engine.loads[index]?.when ?? 0))
  assert.ok(Math.max(...gaps) > 4000, 'the pauses have grown')
  assert.ok(Math.max(...gaps) < 8300, `${Math.max(...gaps)} ms between two attempts`)
})

test('the network that comes back reloads a source in trouble at once, and once', async (t) => {
  const { page, engine } = await playing(t, (made) => {
    made.onLoad = ({ failed }) => setTimeout(() => failed('refused'), 5)
  })
  await page.pass(120_000)
  // Not while one is under way, whose failure would be told of the next.
  const during = engine.loads.length
  while (engine.loads.length === during) await page.pass(10)
  await page.pass(10)
  engine.onLoad = () => undefined
  const before = engine.loads.length
  page.fire('online')
  await page.pass(50)
  assert.equal(engine.loads.length, before + 1)
  await page.pass(5000)
  assert.equal(engine.loads.length, before + 1)
})

test('two reasons to load at the same moment are one load', async (t) => {
  const { page, engine, session, play } = await playing(t)
  await play(1000)
  session.send({ type: 'stalled' })
  session.send({ ...live, generation: 2 })
  session.online()
  await page.pass(50)
  assert.deepEqual(
    engine.loads.map(({ url }) => url.split('?')[1]),
    [undefined, 'of=as_1.2'],
  )
})

const off = { type: 'channel', live: false, assetId: '', generation: 0 } as const

/** The server answers a moment later that nothing is broadcast. */
const saysOff = (session: Session) => () =>
  new Promise<void>((resolve) => {
    setTimeout(() => {
      session.send(off)
      resolve()
    }, 100)
  })

test('after a failure the server is asked before anything is loaded anew: the broadcast may have ended meanwhile', async (t) => {
  const made = await playing(t)
  const { engine, page, session, play } = made
  await play(1000)
  engine.events.failed('levelLoadError', true)
  // It cannot be reached at first.
  made.facts = saysOff(session)
  await page.pass(5000)
  assert.deepEqual([session.state.phase, engine.loads.length], ['offline', 1])
})

test('with another network too, the server is asked first', async (t) => {
  const made = await playing(t)
  const { engine, page, session, play } = made
  await play(1000)
  await page.pass(2000)
  assert.equal(session.state.phase, 'stalled')
  made.facts = saysOff(session)
  page.fire('online')
  await page.pass(2000)
  assert.deepEqual([session.state.phase, engine.loads.length], ['offline', 1])
})

test('a source that was given up on while its buffer still plays is loaded anew also where the network changes before that', async (t) => {
  t.mock.method(Math, 'random', () => 0.999)
  const { engine, page, session, play } = await playing(t)
  await play(1000)
  engine.events.failed('levelLoadError', true)
  await play(250)
  assert.equal(session.state.phase, 'live')
  page.fire('online')
  await play(1000)
  assert.equal(engine.loads.length, 2)
  // Of which nothing is left to do, however often the network changes.
  page.fire('online')
  page.fire('online')
  await play(1000)
  assert.equal(engine.loads.length, 2)
})

test('a server that does not say in time how it is with the channel puts no retry off for long', async (t) => {
  const made = await playing(t)
  const { engine, page, play } = made
  await play(1000)
  made.facts = () => new Promise(() => undefined)
  engine.events.failed('levelLoadError', true)
  await page.pass(1000)
  assert.equal(engine.loads.length, 1)
  await page.pass(1000)
  assert.equal(engine.loads.length, 2)
  engine.events.failed('levelLoadError', true)
  await page.pass(500)
  // What has been loaded meanwhile is not loaded once more.
  made.session.send({ ...live, generation: 2 })
  await page.pass(3000)
  assert.equal(engine.loads.length, 3)
})

test('a stall is the transport’s fault only where media are listed, and counts once', async (t) => {
  const { engine, page, play } = await playing(t)
  await play(1000)
  engine.ahead = 0.2
  await page.pass(2000)
  assert.equal(engine.stalls, 0)
  await play(1000)
  engine.ahead = 5
  await page.pass(2000)
  assert.equal(engine.stalls, 1)
  engine.events.failed('gone')
  assert.equal(engine.stalls, 1)
})

test('a server that is away for a moment is no fault of the transport', async (t) => {
  const { engine, play } = await playing(t)
  await play(1000)
  engine.events.failed('levelLoadError', true)
  assert.equal(engine.stalls, 0)
  await play(1000)
  engine.events.failed('levelLoadError')
  assert.equal(engine.stalls, 1)
})

/** Live, with dates: a minute is listed. */
async function dated(t: TestContext, transport: 'webrtc' | 'll-hls'): Promise<Playing> {
  const made = await playing(t)
  const { engine } = made
  engine.choice = { ...engine.choice, playing: transport }
  engine.date = Date.now() - 1500
  engine.window = { start: Date.now() - 60_000, end: Date.now() }
  if (transport === 'webrtc') engine.window = { start: Date.now() + 1000, end: Date.now() + 1000 }
  await made.play(1000)
  assert.equal(made.session.state.phase, 'live')
  return made
}

test('in real time a short pause is nothing, and a longer one leads to the recording, where it goes on', async (t) => {
  const made = await dated(t, 'webrtc')
  const { engine, session } = made
  await pause(made, 3500)
  await goOn(made)
  assert.deepEqual([engine.loads.length, session.atEdge], [1, true])
  const { date } = engine
  await pause(made, 6000)
  // Not only when he comes back: until then a session would bring pictures for nobody.
  assert.deepEqual([session.state.source?.kind, session.atEdge], ['vod', false])
  await goOn(made)
  assert.deepEqual(
    engine.loads.slice(1).map(({ at }) => at),
    [date],
  )
})

test('a long pause in real time whose date is not known ends in real time', async (t) => {
  const made = await dated(t, 'webrtc')
  made.engine.date = undefined
  await pause(made, 6000)
  await goOn(made)
  assert.deepEqual([made.engine.loads.length, made.session.atEdge], [1, true])
})

test('after a short pause a viewer is live again, after a longer one he is where he was', async (t) => {
  const made = await dated(t, 'll-hls')
  const { engine, video, session, play } = made
  const stop = async (ms: number) => {
    await pause(made, ms)
    await goOn(made)
    await play(1000)
  }
  assert.deepEqual([session.atEdge, engine.free], [true, true])
  await stop(1000)
  assert.deepEqual([session.atEdge, engine.free], [true, true])
  // As the playlist has it.
  video.currentTime = (engine.date ?? 0) / 1000
  const { currentTime } = video
  await stop(6000)
  assert.deepEqual([session.atEdge, engine.free, video.currentTime], [false, false, currentTime + 1])
  // No pause makes somebody live who was not.
  await stop(1000)
  assert.equal(session.atEdge, false)
  session.send({ type: 'go-live' })
  await play(500)
  assert.deepEqual([session.atEdge, engine.free], [true, true])
})

for (const rewound of [false, true]) {
  const who = rewound ? 'somebody who had gone back' : 'a live viewer'
  test(`what ${who} missed in a pause is in the recording when the playlist no longer lists it`, async (t) => {
    const made = await dated(t, 'll-hls')
    const { engine, session, play } = made
    if (rewound) {
      session.seekDate(Date.now() - 40_000)
      engine.date = Date.now() - 40_000
      await play(500)
    }
    const { date } = engine
    await pause(made, 70_000)
    assert.equal(engine.loads.length, 1)
    engine.window = { start: Date.now() - 60_000, end: Date.now() }
    await goOn(made)
    assert.deepEqual(
      engine.loads.slice(1).map(({ url, at }) => [url.includes('/vod/'), at]),
      [[true, date]],
    )
  })
}

test('a paused viewer is still where he was after another set of tracks', async (t) => {
  const made = await dated(t, 'll-hls')
  const { engine, session, page } = made
  const { date } = engine
  await pause(made, 6000)
  session.send({ ...live, generation: 2 })
  await page.pass(50)
  assert.deepEqual(
    engine.loads.slice(1).map(({ url, at }) => [url.includes('/vod/'), at]),
    [[true, date]],
  )
})

test('a stream of real time that ends in the element, as browsers do while the encoder is away, is no pause of the viewer', async (t) => {
  const made = await dated(t, 'webrtc')
  const { engine, session, video, page } = made
  Object.assign(engine, { moving: false, ahead: 0 })
  Object.assign(video, { paused: true, ended: true })
  video.dispatchEvent(new Event('pause'))
  video.dispatchEvent(new Event('ended'))
  await page.pass(10_000)
  assert.deepEqual([session.state.phase, session.atEdge, engine.free, engine.loads.length], ['stalled', true, true, 1])
  Object.assign(engine, { moving: true, ahead: undefined, date: Date.now() })
  video.ended = false
  await goOn(made)
  await page.pass(500)
  assert.deepEqual([session.state.phase, session.atEdge, engine.loads.length], ['live', true, 1])
})

test('real time that is over with the broadcast is offline at once; before that nothing better is tried any more', async (t) => {
  const { engine, session, play } = await dated(t, 'webrtc')
  assert.equal(engine.free, true)
  session.send(off)
  await play(500)
  assert.deepEqual([session.state.phase, engine.free], ['live', false])
  engine.events.over()
  assert.deepEqual([session.state.phase, engine.loaded], ['offline', false])
})

test('who asks for another moment while he has paused gets that, not the one of the pause', async (t) => {
  const made = await dated(t, 'll-hls')
  const { session, engine, video, page } = made
  await pause(made, 2000)
  session.seekDate(Date.now() - 30_000)
  const { currentTime } = video
  await page.pass(6000)
  await goOn(made)
  assert.deepEqual([video.currentTime, session.atEdge, engine.loads.length], [currentTime, false, 1])
  await pause(made, 2000)
  session.send({ type: 'go-live' })
  await goOn(made)
  assert.equal(session.atEdge, true)
})

test('who goes back further while the recording is still being loaded gets it from there', async (t) => {
  const { engine, page, session, video, play } = await playing(t)
  await play(1000)
  engine.window = { start: 900_000, end: 1_000_000 }
  engine.listed = false
  // As a key that is held does it: opened once more, and not for each.
  for (const date of [500_000, 498_000, 494_000, 490_000]) {
    session.seekDate(date)
    await page.pass(50)
  }
  await page.pass(200)
  assert.deepEqual(
    engine.loads.slice(1).map(({ url, at }) => [url.includes('/vod/'), at]),
    [
      [true, 500_000],
      [true, 490_000],
    ],
  )
  // Listed, and no media: hls.js would begin where it was told to, whatever the video is sent to.
  engine.listed = true
  video.readyState = 0
  session.seekDate(485_000)
  assert.notEqual(video.currentTime, 485)
  await page.pass(250)
  assert.equal(engine.loads.at(-1)?.at, 485_000)
  video.readyState = 1
  session.seekDate(480_000)
  assert.equal(video.currentTime, 480)
  video.readyState = 4
  await play(1000)
  // Streams without dates are left where they are.
  engine.listed = false
  session.seekDate(470_000)
  await page.pass(50)
  assert.equal(engine.loads.length, 4)
})

test('a step back before the first live picture is not lost', async (t) => {
  const { engine, session, video } = await playing(t)
  engine.window = { start: 400_000, end: 500_000 }
  video.readyState = 0
  session.seekDate(480_000)
  assert.deepEqual([video.currentTime, engine.loads.length], [480, 1])
})

/** Gone back into the recording, which plays half a minute behind live. */
async function inRecording(t: TestContext): Promise<Playing> {
  const made = await playing(t)
  const { engine, session, page, play } = made
  await play(1000)
  engine.window = { start: Date.now() - 10_000, end: Date.now() }
  session.seekDate(Date.now() - 30_000)
  engine.date = Date.now() - 30_000
  await page.pass(50)
  engine.events.updated(Date.now())
  await play(1000)
  assert.deepEqual([session.state.source?.kind, engine.loads.length], ['vod', 2])
  return made
}

test('the delay in the recording is true, however long ago its list ends', async (t) => {
  const { engine, session, page, play } = await playing(t)
  engine.events.updated(Date.now() - 300)
  await play(1000)
  engine.window = { start: Date.now() - 10_000, end: Date.now() }
  session.seekDate(Date.now() - 30_000)
  await page.pass(50)
  assert.equal(session.state.source?.kind, 'vod')
  // A segment of 2 s is nearly there, and a slow link has taken a second for the list.
  engine.events.updated(Date.now() - 2900)
  engine.date = Date.now() - 30_000
  assert.ok(Math.abs(session.behind - 30) < 0.1, `${session.behind} s`)
})

const livesOf = ({ engine }: Playing) => engine.loads.slice(2).filter(({ url }) => url.includes('/live/')).length

test('who has gone back and stands though media are listed is left there, however near live is', async (t) => {
  const made = await inRecording(t)
  const { engine, page, session } = made
  engine.date = Date.now() - 9000
  engine.ahead = 6
  await page.pass(5000)
  assert.deepEqual([session.state.source?.kind, session.state.phase, livesOf(made)], ['vod', 'stalled', 0])
})

test('who has gone back and has seen all that is recorded is live again, however far that is', async (t) => {
  const made = await inRecording(t)
  const { engine, page, session } = made
  engine.ahead = 0
  await page.pass(5000)
  assert.deepEqual([session.state.source?.kind, session.atEdge, livesOf(made)], ['live', true, 1])
})

test('while a server that does not answer lists nothing more, who has gone back is waited with; then it is known', async (t) => {
  const made = await inRecording(t)
  const { engine, page, session, play } = made
  await play(12_000)
  engine.ahead = 0
  await page.pass(20_000)
  assert.deepEqual([session.state.source?.kind, livesOf(made)], ['vod', 0])
  engine.events.updated(Date.now())
  await page.pass(1000)
  assert.deepEqual([session.state.source?.kind, livesOf(made)], ['live', 1])
})

test('a step to what is not listed yet leads to live, or in the recording to the end of what is recorded', async (t) => {
  const made = await dated(t, 'll-hls')
  const { engine, session, video, play } = made
  const forth = async () => {
    session.seekDate(Date.now() - 5000)
    await play(500)
  }
  session.seekDate(Date.now() - 30_000)
  assert.equal(session.atEdge, false)
  engine.window = { start: Date.now() - 60_000, end: Date.now() - 8000 }
  await forth()
  assert.deepEqual([session.atEdge, session.state.rewound, engine.loads.length], [true, false, 1])
  session.seekDate(Date.now() - 90_000)
  engine.date = Date.now() - 90_000
  await play(1000)
  assert.equal(session.state.source?.kind, 'vod')
  const before = video.currentTime
  await forth()
  assert.deepEqual([session.atEdge, session.state.source?.kind, engine.loads.length], [false, 'vod', 2])
  assert.ok(video.currentTime > before)
})

test('a list that was read before the machine slept says nothing of what is recorded by now', async (t) => {
  const made = await inRecording(t)
  const { engine, page, session } = made
  engine.ahead = 0
  const { now } = Date
  const steady = performance.now() - now()
  t.mock.method(performance, 'now', () => steady + now())
  t.mock.method(Date, 'now', () => now() + 3_600_000)
  await page.pass(5000)
  assert.deepEqual([session.state.source?.kind, livesOf(made)], ['vod', 0])
})

test('a live viewer is moved over a hole once enough is listed behind it; one who went back is not', async (t) => {
  const { engine, video, session, play } = await playing(t)
  await play(1000)
  engine.hole = { time: 20, length: 0.3 }
  engine.events.updated(1_000_000)
  assert.ok(video.currentTime < 2)
  engine.hole = { time: 20, length: 0.7 }
  engine.events.updated(1_000_500)
  assert.equal(video.currentTime, 20.01)
  session.seekDate(5000)
  engine.hole = { time: 40, length: 2 }
  engine.events.updated(1_001_000)
  assert.ok(video.currentTime < 40)
})

test('a start at a distant key frame leaps to live; later a rate nobody hears catches up, and a leap when far behind', async (t) => {
  const { engine, video, page, play } = await playing(t)
  await play(500)
  video.buffered = ranges([0, 100])
  engine.livePosition = video.currentTime + 1.5
  await page.pass(250)
  assert.equal(video.currentTime, engine.livePosition)
  engine.livePosition = undefined
  await play(5000)
  engine.livePosition = video.currentTime + 1.5
  await page.pass(250)
  assert.equal(video.playbackRate, 1.06)
  engine.livePosition = video.currentTime
  await page.pass(250)
  assert.equal(video.playbackRate, 1)
  engine.livePosition = video.currentTime + 30
  await page.pass(250)
  assert.equal(video.currentTime, engine.livePosition)
})

test('after its end nothing is loaded and no timer is left', async (t) => {
  const { page, engine, session } = await playing(t)
  session.send({ type: 'failed' })
  session.destroy()
  await page.pass(20_000)
  assert.equal(engine.loads.length, 1)
  assert.equal(engine.destroyed, true)
})

test('what the browser cannot play is said, until the tracks are others', async (t) => {
  const { page, engine, session } = await playing(t)
  Object.assign(globalThis, { MediaSource: { isTypeSupported: () => false } })
  t.after(() => Reflect.deleteProperty(globalThis, 'MediaSource'))
  engine.events.failed('levelLoadError')
  assert.equal(session.unplayable, undefined)
  engine.events.failed('CODECS not supported: ["hvc1.1.6.L93.B0,mp4a.40.2"]')
  assert.match(session.unplayable ?? '', /cannot play H\.265 and AAC\./)
  session.send({ ...live, generation: 2 })
  await page.pass(50)
  assert.equal(session.unplayable, undefined)
})
