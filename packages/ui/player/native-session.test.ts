import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { fakePage } from '../testing/fake-page.ts'
import { FakeVideo, ranges } from '../testing/fake-player.ts'
import { createChoosingEngine } from './choice/choosing-engine.ts'
import { createNativeEngine } from './native-engine.ts'
import { createSession } from './session.ts'

/** A channel in a browser without Media Source Extensions: what plays is the browser's own HLS. */

const live = { type: 'channel', live: true, assetId: 'as_1', generation: 1 } as const
const off = { type: 'channel', live: false, assetId: '', generation: 0 } as const

/** What a browser's own player makes of an address that is loaded, once it has read it. */
interface Loaded {
  /** Of media time zero, Unix milliseconds; `NaN` where the browser does not say. */
  readonly begin: number
  /** Seconds of media time that can be played. */
  readonly seekable: readonly [start: number, end: number] | undefined
  /** Where it begins to play by itself. */
  readonly at: number
}

type Kinds = Readonly<Record<'live' | 'vod', Loaded>>

async function watching(t: TestContext, kindsAt: (now: number) => Kinds) {
  const page = fakePage(t)
  const kinds = kindsAt(Date.now())
  let begin = Number.NaN
  const video = Object.assign(new FakeVideo(), { getStartDate: () => new Date(begin) })
  const session = createSession({
    ...{ server: 'http://server', channel: 'main', video: video.element },
    createEngine: (element, events) =>
      createChoosingEngine({
        ...{ video: element, events, able: new Set(['hls']), whep: '', wanted: () => 'll-hls', forced: () => false },
        createPlaylist: async (about) => createNativeEngine(element, about),
        openRealTime: () => Promise.reject(new Error('there is none')),
        isLive: async () => true,
        onAnotherNetwork: () => () => undefined,
      }),
    ...{ onLoad: () => undefined, onChange: () => undefined, ask: async () => undefined },
  })
  t.after(() => session.destroy())
  /** Waits for the next address, and has it begin. */
  async function begins(kind: 'live' | 'vod'): Promise<void> {
    await page.pass(50)
    assert.match(video.src, kind === 'live' ? /\/live\/main\/index\.m3u8/ : /\/vod\/as_1\/index\.m3u8/)
    const { at, seekable } = kinds[kind]
    begin = kinds[kind].begin
    video.currentTime = at
    if (seekable) video.seekable = ranges(seekable)
    video.dispatchEvent(new Event('loadedmetadata'))
    video.dispatchEvent(new Event('progress'))
    await play(1000)
  }
  async function play(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 250) {
      video.currentTime += 0.25
      await page.pass(250)
    }
  }
  session.send(live)
  await begins('live')
  assert.equal(session.state.phase, 'live')
  return { page, video, session, kinds, begins, play }
}

/** An hour since the broadcast began, of which the last minute is listed live. */
const hour = (now: number): Kinds => ({
  live: { begin: now - 60_000, seekable: [0, 60], at: 56 },
  vod: { begin: now - 3_600_000, seekable: [0, 3596], at: 3590 },
})

/** By a browser that tells no dates and cannot seek in what grows. */
const bare = (): Kinds => ({
  live: { begin: Number.NaN, seekable: undefined, at: 0 },
  vod: { begin: Number.NaN, seekable: undefined, at: 0 },
})

test('a step back within what is listed is a seek, and LIVE leads to the end of it', async (t) => {
  const { video, session, page, play } = await watching(t, hour)
  session.seekDate(session.edge - 30_000)
  assert.ok(Math.abs(video.currentTime - 30) < 2, `${video.currentTime}`)
  await play(500)
  assert.deepEqual([session.state.phase, session.atEdge], ['behind', false])
  session.send({ type: 'go-live' })
  await page.pass(50)
  assert.equal(video.currentTime, 59)
})

test('what is no longer listed is played from the recording, from the moment asked for, and LIVE leads back', async (t) => {
  const { video, session, kinds, begins } = await watching(t, hour)
  session.seekDate(kinds.vod.begin + 600_000)
  await begins('vod')
  assert.ok(Math.abs(video.currentTime - 601) < 0.01, `${video.currentTime}`)
  assert.equal(session.state.phase, 'behind')
  session.seekDate(kinds.vod.begin + 60_000)
  assert.equal(video.currentTime, 60)
  session.send({ type: 'go-live' })
  await begins('live')
  assert.deepEqual([session.state.phase, session.atEdge], ['live', true])
})

test('where the browser tells no dates a step back leads to the recording too, and LIVE leads back', async (t) => {
  const { session, begins } = await watching(t, bare)
  session.seekDate(session.edge - 30_000)
  await begins('vod')
  assert.equal(session.state.phase, 'behind')
  session.send({ type: 'go-live' })
  await begins('live')
  assert.equal(session.state.phase, 'live')
})

for (const [what, kinds] of Object.entries({ dates: hour, 'no dates': bare })) {
  test(`the end of a broadcast is played to its end, then the player is offline; a browser with ${what}`, async (t) => {
    const { video, session, play } = await watching(t, kinds)
    session.send(off)
    await play(500)
    assert.equal(session.state.phase, 'live')
    video.ended = true
    video.dispatchEvent(new Event('ended'))
    assert.deepEqual([session.state.phase, video.src], ['offline', ''])
  })

  test(`a pause is a pause, and it goes on; a browser with ${what}`, async (t) => {
    const { video, session, page, play } = await watching(t, kinds)
    const { src } = video
    video.paused = true
    video.dispatchEvent(new Event('pause'))
    await page.pass(30_000)
    video.paused = false
    video.dispatchEvent(new Event('play'))
    await play(1000)
    assert.deepEqual([video.src, session.state.source?.kind], [src, 'live'])
    assert.match(session.state.phase, /live|behind/)
  })
}

test('what the browser gives up on, and pauses, is loaded again at the live edge, however long that takes', async (t) => {
  const { video, session, page, begins } = await watching(t, hour)
  Object.assign(video, { error: { code: 4 }, paused: true })
  video.dispatchEvent(new Event('error'))
  video.dispatchEvent(new Event('pause'))
  assert.equal(session.state.phase, 'stalled')
  await page.pass(10_000)
  assert.deepEqual([session.state.source?.kind, session.atEdge], ['live', true])
  Object.assign(video, { error: null, paused: false })
  await begins('live')
  assert.deepEqual([session.state.phase, session.atEdge], ['live', true])
})
