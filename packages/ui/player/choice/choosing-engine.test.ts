import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeVideo } from '../../testing/fake-player.ts'
import type { PlaylistEngine } from '../engine.ts'
import type { WantedQuality } from '../qualities.ts'
import type { RealTime, RealTimeEvents } from '../whep/real-time.ts'
import { createChoosingEngine } from './choosing-engine.ts'
import { type Transport, transports } from './transport.ts'

const settled = () => new Promise((resolve) => setImmediate(resolve))
const live = (assetId: string) => ({ kind: 'live', url: `live/${assetId}`, assetId }) as const

/** An engine whose ways of playing are made up; `said` is what was done with them. */
function engine(wanted: Transport, settings: { forced?: boolean; soundMissing?: string; codeFails?: number } = {}) {
  const said: string[] = []
  const failures: string[] = []
  const wantedQualities: WantedQuality[] = []
  let codeFails = settings.codeFails ?? 0
  let about: RealTimeEvents | undefined
  let goesOn: (() => Promise<boolean>) | undefined
  const network = new Set<() => void>()
  const playlist = {
    lowLatency: true,
    livePosition: 10,
    load(url: string, at: number | undefined) {
      said.push(`${playlist.lowLatency ? 'parts' : 'segments'} of ${url}${at === undefined ? '' : ` from ${at}`}`)
    },
    unload: () => void said.push('unloaded'),
    destroy: () => void said.push('destroyed'),
  }
  const made = createChoosingEngine({
    ...{ video: new FakeVideo().element, able: new Set(transports), whep: 'whep' },
    wanted: () => wanted,
    forced: () => settings.forced ?? false,
    events: {
      ...{ updated() {}, leaving() {}, changed() {} },
      failed: (reason) => void failures.push(reason),
      over: () => void said.push('over'),
    },
    isLive: async () => false,
    async createPlaylist(_, wantedQuality, isLive) {
      goesOn = isLive
      wantedQualities.push(wantedQuality)
      if (codeFails-- > 0) throw new TypeError('refused')
      return playlist as unknown as PlaylistEngine
    },
    async openRealTime(url, events, wantedQuality) {
      wantedQualities.push(wantedQuality)
      said.push(`asked ${url}`)
      about = events
      const realTime: RealTime = {
        ...{
          latency: 0.1,
          height: 720,
          skew: 0,
          silent: false,
          qualities: undefined,
          encodedAgain: undefined,
        },
        get soundMissing() {
          return settings.soundMissing
        },
        renew: () => void said.push('renewed'),
        attach: () => void said.push('attached'),
        close: () => void said.push('closed'),
      }
      return realTime
    },
    onAnotherNetwork(tell) {
      network.add(tell)
      return () => network.delete(tell)
    },
  })
  return {
    ...{ made, network, failures, wantedQualities, said: () => said.splice(0) },
    ...{ tell: () => about as RealTimeEvents, goesOn: () => goesOn?.() },
  }
}

test('real time has the element from the beginning where nothing else plays', async () => {
  const { made, tell, said } = engine('webrtc')
  made.load(live('as_1'), undefined)
  await settled()
  tell().connected()
  tell().ready()
  assert.deepEqual(said(), ['asked whep', 'attached', 'attached'])
  assert.equal(made.choice.playing, 'webrtc')
  assert.equal(made.choice.latency, 0.1)
  assert.equal(made.livePosition, undefined)
})

test('what fails leaves the element to the playlist', async () => {
  const { made, tell, said } = engine('webrtc')
  made.load(live('as_1'), undefined)
  await settled()
  tell().ready()
  said()
  tell().failed({ code: 'lost' })
  await settled()
  assert.deepEqual(said(), ['closed', 'parts of live/as_1'])
  assert.deepEqual(
    made.choice.failures.map(({ transport, failure }) => `${transport} ${failure.code}`),
    ['webrtc lost'],
  )
})

test('the rendition that is wanted is one for all ways of playing', async () => {
  const { made, tell, wantedQualities } = engine('webrtc')
  made.load(live('as_1'), undefined)
  await settled()
  tell().ready()
  tell().failed({ code: 'lost' })
  await settled()
  made.load(live('as_2'), undefined)
  await settled()
  const [first, ...others] = wantedQualities
  assert.deepEqual(
    others.map((other) => other === first),
    [true, true],
  )
})

test('on another network what failed is asked for again at once', async (t) => {
  t.mock.timers.enable({ apis: ['Date'] })
  let now = 0
  t.mock.method(performance, 'now', () => now)
  // The wait that is drawn could end before the look at 4 s.
  t.mock.method(Math, 'random', () => 0.5)
  const { made, network, tell, said } = engine('webrtc')
  made.load(live('as_1'), undefined)
  await settled()
  tell().failed({ code: 'unreachable' })
  await settled()
  now = 4000
  made.tick(true)
  said()
  for (const changed of network) changed()
  made.tick(true)
  assert.deepEqual(said(), ['asked whep'])
  made.destroy()
  assert.equal(network.size, 0)
})

test('who rewinds out of real time gets the recording from there', async () => {
  const { made, tell, said } = engine('webrtc')
  made.load(live('as_1'), undefined)
  await settled()
  tell().ready()
  said()
  made.load({ kind: 'vod', url: 'vod/as_1', assetId: 'as_1' }, 5000)
  await settled()
  assert.deepEqual(said(), ['closed', 'parts of vod/as_1 from 5000'])
  assert.equal(made.choice.playing, undefined)
})

test('what is live may have ended, a recording is there', async () => {
  const { made, goesOn } = engine('ll-hls')
  made.load(live('as_1'), undefined)
  await settled()
  assert.equal(await goesOn(), false)
  made.load({ kind: 'vod', url: 'vod/as_1', assetId: 'as_1' }, 5)
  assert.equal(await goesOn(), true)
})

test('a broadcast that has ended in real time is told of, and nothing else is loaded for it', async () => {
  const { made, said, tell } = engine('webrtc')
  made.load(live('as_1'), undefined)
  await settled()
  tell().connected()
  tell().ready()
  said()
  tell().over()
  assert.deepEqual(said(), ['over'])
})

test('another generation of the playlists may bring real time sound, another broadcast is played', async () => {
  const { made, tell, said } = engine('webrtc')
  made.load(live('as_1'), undefined)
  await settled()
  tell().ready()
  said()
  made.load(live('as_1'), undefined)
  await settled()
  assert.deepEqual(said(), ['renewed'])
  made.load(live('as_2'), undefined)
  await settled()
  assert.deepEqual(said(), ['closed', 'asked whep', 'attached'])
})

test('what real time falls to is the newest generation of the playlists, which no cache has', async () => {
  const { made, tell, said } = engine('webrtc')
  made.load(live('as_1'), undefined)
  await settled()
  tell().ready()
  made.load({ ...live('as_1'), url: 'live/as_1?of=2' }, undefined)
  said()
  tell().failed({ code: 'lost' })
  await settled()
  assert.deepEqual(said(), ['closed', 'parts of live/as_1?of=2'])
})

test('real time without sound is for those who asked for it', async () => {
  const soundMissing = 'ffmpeg was not found'
  const asked = engine('webrtc', { forced: true, soundMissing })
  asked.made.load(live('as_1'), undefined)
  await settled()
  asked.tell().connected()
  asked.tell().ready()
  assert.equal(asked.made.choice.playing, 'webrtc')
  assert.equal(asked.made.choice.soundMissing, soundMissing)
  const other = engine('webrtc', { soundMissing })
  other.made.load(live('as_1'), undefined)
  await settled()
  other.tell().connected()
  await settled()
  assert.equal(other.made.choice.playing, 'll-hls')
  assert.deepEqual(other.made.choice.failures[0]?.failure, { code: 'no-sound', text: soundMissing, lasting: true })
})

test('real time that was offered anew and comes without sound is left by those who did not ask for it', async () => {
  for (const [forced, playing] of [
    [true, 'webrtc'],
    [false, 'll-hls'],
  ] as const) {
    const settings: { forced: boolean; soundMissing?: string } = { forced }
    const { made, tell } = engine('webrtc', settings)
    made.load(live('as_1'), undefined)
    await settled()
    tell().connected()
    tell().ready()
    settings.soundMissing = 'ffmpeg failed'
    tell().connected()
    await settled()
    assert.equal(made.choice.playing, playing)
  }
})

test('code that cannot be loaded is asked for again with the next load', async () => {
  const { made, failures, said } = engine('ll-hls', { codeFails: 1 })
  made.load(live('as_1'), undefined)
  await settled()
  assert.equal(failures.length, 1)
  made.load(live('as_1'), undefined)
  await settled()
  assert.deepEqual(said(), ['parts of live/as_1'])
})

test('normal delay plays whole segments', async () => {
  const { made, said } = engine('hls')
  made.load(live('as_1'), undefined)
  await settled()
  assert.deepEqual(said(), ['segments of live/as_1'])
})

test('an engine that is destroyed while its code is on the way leaves nothing', async () => {
  const { made, said } = engine('ll-hls')
  made.load(live('as_1'), undefined)
  made.destroy()
  await settled()
  assert.deepEqual(said(), ['destroyed'])
})
