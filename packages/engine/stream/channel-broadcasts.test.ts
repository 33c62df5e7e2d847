import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Log } from '../ports.ts'
import { createChannelBroadcasts, type FinishedBroadcast } from './channel-broadcasts.ts'

/** Broadcasts that end when they are told to, and what becomes of them. */
function stage() {
  const calls: string[] = []
  const log: Log = { debug() {}, info() {}, warn() {}, error: (_fields, message) => void calls.push(message) }
  const opening = new Map<string, () => void>()
  const ending = new Map<string, PromiseWithResolvers<FinishedBroadcast>>()
  let now = 1_000_000
  let made = 0
  let slug = 'main'
  function make(assetId: string) {
    return {
      assetId,
      live: undefined,
      end() {
        const finished = Promise.withResolvers<FinishedBroadcast>()
        ending.set(assetId, finished)
        return finished.promise
      },
      close: () => void calls.push(`${assetId} closed`),
    }
  }
  const broadcasts = createChannelBroadcasts({
    record: () => ({ id: 'ch_1', slug }),
    createBroadcast(record, onOpened) {
      const assetId = `${record.slug}_${++made}`
      opening.set(assetId, () => onOpened(assetId, now))
      return make(assetId)
    },
    register: {
      started: async ({ assetId }) => void calls.push(`${assetId} started`),
      ended: async ({ assetId }) => void calls.push(`${assetId} ended`),
      open: async () => [],
    },
    log,
    longestWait: 30_000,
    now: () => now,
    onChange() {},
  })
  return {
    ...{ broadcasts, calls, make },
    open: (assetId: string) => opening.get(assetId)?.(),
    endOnDisk: (assetId: string) => ending.get(assetId)?.resolve({ duration: 1, bytes: 1 }),
    failToEnd: (assetId: string) => ending.get(assetId)?.reject(new TypeError('injected')),
    rename: (to: string) => (slug = to),
    pass(ms: number) {
      now += ms
      broadcasts.tick(now)
    },
  }
}

test('a broadcast begins once; none runs as soon as it is being finished, and the next is another', async () => {
  const { broadcasts, calls, open, endOnDisk, rename } = stage()
  const first = broadcasts.begin()
  assert.equal(broadcasts.begin(), first)
  open('main_1')
  const done = broadcasts.finish()
  assert.equal(broadcasts.running, undefined)
  rename('other')
  assert.equal(broadcasts.begin().broadcast.assetId, 'other_2')
  endOnDisk('main_1')
  await done
  assert.deepEqual(calls, ['main_1 started', 'main_1 ended'])
})

test('one that never opened is not noted, and its memory goes at once', async () => {
  const { broadcasts, calls, endOnDisk } = stage()
  broadcasts.begin()
  const done = broadcasts.finish()
  endOnDisk('main_1')
  await done
  assert.deepEqual(calls, ['main_1 closed'])
  assert.equal(broadcasts.idle, true)
})

test('the memory of one that never opened goes also where it cannot be ended', async () => {
  const { broadcasts, calls, failToEnd } = stage()
  broadcasts.begin()
  const done = broadcasts.finish()
  failToEnd('main_1')
  await done
  assert.deepEqual(calls, ['the broadcast could not be finished', 'main_1 closed'])
})

test('a step that fails ends its own broadcast only, also when another runs by then', () => {
  const { broadcasts } = stage()
  const fail = () => {
    throw new TypeError('injected')
  }
  const first = broadcasts.begin()
  assert.equal(broadcasts.attempt(first, fail), false)
  const second = broadcasts.begin()
  assert.notEqual(second, first)
  assert.equal(broadcasts.attempt(first, fail), false)
  assert.equal(broadcasts.running, second)
  assert.equal(
    broadcasts.attempt(second, () => undefined),
    true,
  )
})

test('one that is restored takes the place of an older one and ends at its deadline', () => {
  const { broadcasts, make, pass } = stage()
  broadcasts.restore(make('older'), 900_000, 1_030_000)
  broadcasts.restore(make('newer'), 950_000, 1_030_000)
  assert.equal(broadcasts.running?.broadcast.assetId, 'newer')
  pass(29_999)
  assert.equal(broadcasts.running?.broadcast.assetId, 'newer')
  pass(1)
  assert.equal(broadcasts.running, undefined)
})

test('what is being finished is waited for', async () => {
  const { broadcasts, open, calls, endOnDisk } = stage()
  broadcasts.begin()
  open('main_1')
  void broadcasts.finish()
  const settled = broadcasts.settled().then(() => calls.push('settled'))
  await new Promise((done) => setImmediate(done))
  assert.deepEqual(calls, ['main_1 started'])
  endOnDisk('main_1')
  await settled
  assert.deepEqual(calls, ['main_1 started', 'main_1 ended', 'settled'])
})
