import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AUDIO_TRACK, VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { audioConfig, encode, videoConfig } from '../packager/fixtures/encoder.ts'
import type { RungPort } from '../packager/rung-packer.ts'
import type { AssetIndex, AssetWriter, SegmentStore } from '../store/port.ts'
import type { Ladder } from '../transcode/ladder.ts'
import type { BroadcastOptions } from './broadcast.ts'
import { openBroadcast } from './fixtures/broadcast.ts'

/** A store that takes nothing any more once `broken`. */
function brokenStore() {
  const calls: string[] = []
  const store = { broken: false, calls }
  const writer: AssetWriter = {
    epoch() {},
    part() {
      if (store.broken) throw new TypeError('injected')
    },
    reserve() {},
    end: async () => void calls.push('end'),
    suspend: async () => void calls.push('suspend'),
    written: async () => {},
    read: async () => undefined,
    state: { recording: true, droppedParts: 0 },
  }
  const port: Partial<SegmentStore> = { create: () => writer, resume: () => writer, index: async () => undefined }
  return { store, port: port as SegmentStore }
}

function live(options: Partial<BroadcastOptions> = {}) {
  const { store, port } = brokenStore()
  const broadcast = openBroadcast(port, { keepsGroup: false, onReaderFault() {}, ...options })
  const begun = 1_700_000_000_000
  broadcast.encoderArrived(begun)
  broadcast.configure(VIDEO_TRACK, videoConfig(), begun)
  broadcast.configure(AUDIO_TRACK, audioConfig(), begun)
  for (const { unit, at } of encode({ seconds: 3.1 })) broadcast.unit(unit, begun + at * 1000)
  return { broadcast, store, now: begun + 3_100 }
}

test('a broadcast whose last frames cannot be cut ends all the same, and says why afterwards', async () => {
  const { broadcast, store, now } = live()
  assert.equal(broadcast.live?.ended, false)
  store.broken = true
  assert.match(String((await broadcast.end(now)).failure), /injected/)
  assert.equal(broadcast.live?.ended, true)
  assert.deepEqual(store.calls, ['end'])
})

test('a broadcast whose last frames cannot be cut is left in order when the server stops', async () => {
  const { broadcast, store, now } = live()
  store.broken = true
  await assert.rejects(broadcast.suspend(now), /injected/)
  assert.deepEqual(store.calls, ['suspend'])
})

const RUNG = 11

/** A ladder of one rung whose pictures are the source's; any of its functions may be another. */
function ladderOf(told: unknown[], other: Partial<Ladder> = {}) {
  let packer: RungPort | undefined
  const createLadder: BroadcastOptions['createLadder'] = (ports) => {
    packer = ports.packer
    return {
      handle(event) {
        if (event.kind === 'epoch-opened') {
          ports.list([
            { track: RUNG, width: 640, height: 360, frameRate: 30, bitrate: 800_000, codecString: 'avc1.64001e' },
          ])
          packer?.add(RUNG, 3000)
          packer?.configure(RUNG, event.id, videoConfig())
          packer?.begin(RUNG, event.id, event.start)
        } else if (event.kind === 'unit' && event.unit.track === VIDEO_TRACK) {
          packer?.unit({ ...event.unit, track: RUNG }, 0)
        }
      },
      asked() {},
      reconsider() {},
      tick() {},
      fail: (error) => void told.push(error),
      close: () => void told.push('closed'),
      report: { state: 'running', encoder: 'x264', speed: 1, restarts: 0, rungs: [], message: undefined },
      ...other,
    }
  }
  return { createLadder, packer: () => packer as RungPort }
}

test('pictures of a rung that cannot be cut keep neither the recording nor the playlists from their end', async () => {
  for (const how of ['end', 'suspend'] as const) {
    const told: unknown[] = []
    const { createLadder, packer } = ladderOf(told)
    const { broadcast, store, now } = live({ createLadder })
    packer().unit({ track: RUNG, dts: 4e5, pts: 4e5, key: false, data: 7 as never, arrivedAt: now }, 0)
    await broadcast[how](now)
    assert.equal(broadcast.live?.ended, how === 'end')
    assert.deepEqual(store.calls, [how])
    assert.deepEqual(told.map(String), [String(told[0]), 'closed'])
    assert.match(String(told[0]), /RangeError/)
  }
})

function broken(): never {
  throw new TypeError('injected')
}

test('a ladder that fails whatever it is told, or cannot be made, is felt by nothing else', async () => {
  const faults: unknown[] = []
  const onReaderFault = (_reader: string, error: unknown) => void faults.push(error)
  const all: Partial<Ladder> = { handle: broken, asked: broken, tick: broken, fail: broken }
  for (const createLadder of [ladderOf([], all).createLadder, broken]) {
    const { broadcast, store, now } = live({ createLadder, onReaderFault })
    broadcast.tick(now)
    await broadcast.end(now)
    assert.equal(broadcast.live?.ended, true)
    assert.deepEqual(store.calls, ['end'])
  }
  assert.equal(faults.length, 1)
})

test('a broadcast that a former process left open is taken up again, with its ladder', async () => {
  const recovered: AssetIndex = {
    ...{
      assetId: 'as_1',
      ended: false,
      shed: false,
      version: 1,
      bytes: 0,
      removed: { segments: 0, discontinuities: 0 },
    },
    timing: { targetDuration: 4, partTarget: 0.35 },
    epochs: [{ id: 0, start: 0, wallClock: 1, tracks: [] }],
    tracks: [],
    next: { msn: 9, part: 1025 },
  }
  const told: unknown[] = []
  const { broadcast, store, now } = live({ ...ladderOf(told), recovered })
  assert.equal((await broadcast.end(now)).failure, undefined)
  assert.deepEqual(store.calls, ['end'])
  assert.deepEqual(told, ['closed'])
})

test('who is told that players must read again, and fails, is not felt by the broadcast', async () => {
  const faults: unknown[] = []
  const { createLadder } = ladderOf([])
  const { broadcast } = live({
    createLadder,
    onGeneration: broken,
    onReaderFault: (_reader, error) => void faults.push(error),
  })
  const begun = 1_700_000_010_000
  broadcast.encoderArrived(begun)
  broadcast.configure(VIDEO_TRACK, videoConfig(1), begun)
  for (const { unit, at } of encode({ seconds: 3, audioRate: 0 })) broadcast.unit(unit, begun + at * 1000)
  assert.equal((await broadcast.end(begun + 3_000)).failure, undefined)
  assert(faults.length > 0)
})

test('whatever fails at the end of a broadcast, the recording is finished, and then it is said', async () => {
  const { createLadder } = ladderOf([], { close: broken })
  const { broadcast, store, now } = live({ createLadder })
  assert.match(String((await broadcast.end(now)).failure), /injected/)
  assert.equal(broadcast.live?.ended, true)
  assert.deepEqual(store.calls, ['end'])
})
