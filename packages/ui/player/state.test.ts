import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasCaughtUp, initial, type PlayerEvent, type PlayerState, step } from './state.ts'

const on = (assetId = 'as_1', generation = 0): PlayerEvent => ({ type: 'channel', live: true, assetId, generation })
const off: PlayerEvent = { type: 'channel', live: false, assetId: '', generation: 0 }
const moving = (behind: number, date = 1000): PlayerEvent => ({ type: 'progress', behind, date })

/** Sends events one after the other; gives the last state and the effects of the last event. */
function play(...events: PlayerEvent[]): { state: PlayerState; effects: string[]; loads: (string | undefined)[] } {
  let state = initial
  let effects: ReturnType<typeof step>['effects'] = []
  for (const event of events) ({ state, effects } = step(state, event, 0.5))
  return {
    state,
    effects: effects.map((effect) => effect.do),
    loads: effects.flatMap((effect) =>
      effect.do === 'load' ? [`${effect.source.kind} ${effect.source.assetId} ${effect.at}`] : [],
    ),
  }
}

const watching = [on(), moving(1)]
const rewound: PlayerEvent[] = [...watching, { type: 'seek', date: 500, window: 900_000, edge: 1_000_000 }]

test('an offline channel waits, and starts by itself when it goes live', () => {
  assert.deepEqual(play(off).effects, [])
  const { state, loads } = play(off, on())
  assert.equal(state.phase, 'starting')
  assert.deepEqual(loads, ['live as_1 undefined'])
})

test('the picture makes it live; falling behind and catching up do not flicker', () => {
  assert.equal(play(...watching).state.phase, 'live')
  assert.equal(play(...watching, moving(9)).state.phase, 'behind')
  assert.equal(play(...watching, moving(9), moving(6)).state.phase, 'behind')
  assert.equal(play(...watching, moving(9), moving(4)).state.phase, 'live')
})

test('what the server says again changes nothing', () => {
  assert.deepEqual(play(...watching, on()).effects, [])
})

test('a new broadcast or a new generation of the playlist is followed without a reload of the page', () => {
  assert.deepEqual(play(...watching, on('as_2')).loads, ['live as_2 undefined'])
  assert.deepEqual(play(...watching, on('as_1', 1)).loads, ['live as_1 undefined'])
})

test('a restarted server, which counts no changes of its ladder yet, is no reason to load; that it lists it again is', () => {
  const restarted = [...watching, on('as_1', 2), moving(1), on('as_1', 1)]
  assert.deepEqual(play(...restarted).effects, [])
  assert.equal(play(...restarted).state.phase, 'live')
  assert.deepEqual(play(...restarted, on('as_1', 2)).loads, ['live as_1 undefined'])
  assert.deepEqual(play(...restarted, on('as_2', 0)).loads, ['live as_2 undefined'])
})

test('a stall asks the server, and playback going on clears it', () => {
  const stalled = play(...watching, { type: 'stalled' })
  assert.equal(stalled.state.phase, 'stalled')
  assert.deepEqual(stalled.effects, ['ask'])
  assert.equal(play(...watching, { type: 'stalled' }, moving(1)).state.phase, 'live')
})

test('a failed source is tried again with growing pauses, at the live edge', () => {
  let state = play(...watching).state
  const pauses: number[] = []
  for (let i = 0; i < 3; i++) {
    const failed = step(state, { type: 'failed' }, 0.5)
    for (const effect of failed.effects) if (effect.do === 'retry') pauses.push(effect.after)
    state = failed.state
  }
  assert.equal(state.phase, 'stalled')
  assert.deepEqual(pauses, [300, 600, 750])
  const retried = step(state, { type: 'retry' })
  assert.deepEqual(retried.effects, [{ do: 'load', source: { kind: 'live', assetId: 'as_1' }, at: undefined }])
})

test('retries are frequent for the first minute of a trouble, whatever their number', () => {
  let state = play(...watching).state
  const pauseAt = (now: number) => {
    const failed = step(state, { type: 'failed' }, 0.999, now)
    state = failed.state
    return failed.effects.flatMap((effect) => (effect.do === 'retry' ? [effect.after] : []))[0] ?? Number.NaN
  }
  for (let now = 5_000_000; now < 5_060_000; now += 1000) assert.ok(pauseAt(now) <= 1000)
  assert.ok(pauseAt(5_060_000) > 4000)
})

test('what the server says again puts no retry forward; that it is back after all does, with short pauses', () => {
  const failures: PlayerEvent[] = Array.from({ length: 40 }, () => ({ type: 'failed' }))
  assert.deepEqual(play(...watching, ...failures, on()).effects, [])
  const back = play(...watching, ...failures, { type: 'online' })
  assert.deepEqual(back.effects, ['load'])
  assert.equal(back.state.attempt, 0)
})

test('a broadcast that follows a long trouble starts with short pauses', () => {
  const failures: PlayerEvent[] = Array.from({ length: 40 }, () => ({ type: 'failed' }))
  assert.equal(play(...watching, ...failures, on('as_2')).state.attempt, 0)
})

test('a picture sets the count of failures back', () => {
  assert.equal(play(...watching, { type: 'failed' }, { type: 'retry' }, moving(1)).state.attempt, 0)
})

test('a source that failed while its last seconds still played is waited for, not started', () => {
  assert.equal(play(...watching, { type: 'failed' }, moving(1), { type: 'retry' }).state.phase, 'stalled')
})

test('a network that comes back reloads only what is in trouble', () => {
  assert.deepEqual(play(...watching, { type: 'online' }).effects, [])
  assert.deepEqual(play(...watching, { type: 'stalled' }, { type: 'online' }).effects, ['load'])
})

test('the end of a broadcast is played to its end before the offline screen comes', () => {
  assert.equal(play(...watching, off).state.phase, 'live')
  const finished = play(...watching, off, { type: 'finished' })
  assert.equal(finished.state.phase, 'offline')
  assert.deepEqual(finished.effects, ['unload'])
})

test('a broadcast that ends while the picture stands still goes offline', () => {
  assert.equal(play(...watching, { type: 'stalled' }, off).state.phase, 'offline')
})

test('the rest of a broadcast that has ended is not tried again where it cannot be had; its recording is', () => {
  const lost = play(...watching, off, { type: 'failed' })
  assert.deepEqual([lost.state.phase, lost.effects], ['offline', ['unload']])
  const back: PlayerEvent = { type: 'seek', date: 950_000, window: 900_000, edge: 1_000_000 }
  assert.deepEqual(play(...watching, back, off, { type: 'failed' }).effects, ['ask', 'retry'])
  assert.deepEqual(play(...watching, back, off, { type: 'failed' }, { type: 'retry' }).loads, ['vod as_1 950000'])
  assert.deepEqual(play(...rewound, off, { type: 'failed' }).effects, ['ask', 'retry'])
})

test('a playlist that ends before the server says so asks it, and a new broadcast starts', () => {
  const ended = play(...watching, { type: 'finished' })
  assert.equal(ended.state.phase, 'ended')
  assert.deepEqual(ended.effects, ['ask'])
  assert.deepEqual(play(...watching, { type: 'finished' }, on('as_2')).loads, ['live as_2 undefined'])
})

test('rewinding inside the live playlist seeks, further back opens the recording at that moment', () => {
  const near = play(...watching, { type: 'seek', date: 950_000, window: 900_000, edge: 1_000_000 })
  assert.deepEqual(near.effects, ['seek'])
  assert.equal(near.state.phase, 'behind')
  assert.deepEqual(play(...rewound).loads, ['vod as_1 500'])
})

test('a seek next to the edge means live', () => {
  const seek: PlayerEvent = { type: 'seek', date: 998_000, window: 900_000, edge: 1_000_000 }
  assert.deepEqual(play(...watching, seek).effects, ['seek-live'])
  assert.deepEqual(play(...rewound, moving(400), seek).loads, ['live as_1 undefined'])
})

test('the live button leads back from the recording to the live playlist', () => {
  assert.deepEqual(play(...rewound, moving(400), { type: 'go-live' }).loads, ['live as_1 undefined'])
})

test('somebody who has rewound stays where he is when the broadcast ends or another begins', () => {
  const ended = play(...rewound, moving(400), off)
  assert.deepEqual(ended.effects, [])
  assert.equal(ended.state.phase, 'replay')
  assert.deepEqual(play(...rewound, moving(400), on('as_2')).effects, [])
  assert.deepEqual(play(...rewound, moving(400), on('as_2'), { type: 'finished' }).loads, ['live as_2 undefined'])
})

const back: PlayerEvent[] = [
  ...watching,
  { type: 'seek', date: 950_000, window: 900_000, edge: 1_000_000 },
  moving(40, 960_000),
]

test('somebody who has gone back within the live playlist goes on where he is, whatever it is loaded for', () => {
  assert.deepEqual(play(...back, on('as_1', 1)).loads, ['vod as_1 960000'])
  assert.deepEqual(play(...back, { type: 'failed' }, { type: 'retry' }).loads, ['vod as_1 960000'])
  assert.deepEqual(play(...back, { type: 'stalled' }, { type: 'online' }).loads, ['vod as_1 960000'])
  assert.deepEqual(play(...back, on('as_2')).loads, ['live as_2 undefined'])
})

test('who is live again, or late without having gone back, is loaded at the live edge', () => {
  assert.deepEqual(play(...back, { type: 'go-live' }, on('as_1', 1)).loads, ['live as_1 undefined'])
  assert.deepEqual(play(...watching, moving(20), on('as_1', 1)).loads, ['live as_1 undefined'])
})

test('a failed recording goes on where it was', () => {
  const failed: PlayerEvent[] = [...rewound, moving(400, 7000), { type: 'failed' }, { type: 'retry' }]
  assert.deepEqual(play(...failed).loads, ['vod as_1 7000'])
})

test('who has gone back in what is not kept sees what is live, or that nothing is', () => {
  const failed: PlayerEvent[] = [...rewound, moving(400, 7000), { type: 'failed' }]
  const gone: PlayerEvent = { type: 'gone', assetId: 'as_1' }
  const { state, effects } = play(...failed, off, gone)
  assert.deepEqual([state.phase, effects], ['offline', ['unload']])
  assert.deepEqual(play(...failed, on('as_2'), gone).loads, ['live as_2 undefined'])
  assert.deepEqual(play(...failed, off, { ...gone, assetId: 'as_0' }).effects, [])
  assert.deepEqual(play(...watching, gone).effects, [])
})

test('an asset plays from its beginning and ends', () => {
  const asset: PlayerEvent = { type: 'asset', assetId: 'as_9' }
  assert.deepEqual(play(asset).loads, ['vod as_9 0'])
  assert.equal(play(asset, moving(5)).state.phase, 'replay')
  assert.equal(play(asset, moving(5), { type: 'finished' }).state.phase, 'ended')
})

test('who has gone back has caught up when he has seen all that is listed, by a list that was just read', () => {
  const played = { ahead: 0.1, age: 3000 }
  const gone = [...rewound, moving(400)]
  assert.equal(hasCaughtUp(play(...gone).state, played), true)
  // Near live he may stand because media do not come, or where he has just gone to.
  assert.equal(hasCaughtUp(play(...rewound, moving(4)).state, { ...played, ahead: 2 }), false)
  // Of what is recorded since then he cannot know: the server does not answer, or has not yet.
  assert.equal(hasCaughtUp(play(...gone).state, { ...played, age: 20_000 }), false)
  assert.equal(hasCaughtUp(play(...gone).state, { ahead: undefined, age: Number.POSITIVE_INFINITY }), false)
  assert.equal(hasCaughtUp(play(...gone, off).state, played), false)
  assert.equal(hasCaughtUp(play(...gone, on('as_2')).state, played), false)
  assert.equal(hasCaughtUp(play(...watching).state, played), false)
})
