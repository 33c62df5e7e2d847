import assert from 'node:assert/strict'
import { test } from 'node:test'
import { videoConfig } from '../packager/fixtures/encoder.ts'
import type { ListedRung } from '../packager/model.ts'
import { createHub, type Hub } from './hub.ts'
import { createRungHubs } from './rung-hubs.ts'

function stage() {
  const cut: string[] = []
  const opened: Hub[] = []
  const hubs = createRungHubs({
    packer: {
      add: (track) => void cut.push(`add ${track}`),
      begin: (track) => void cut.push(`begin ${track}`),
      configure: (track) => void cut.push(`configure ${track}`),
      unit: ({ track, dts }) => void cut.push(`${track}@${dts}`),
      pause: (track) => void cut.push(`pause ${track}`),
      reached: () => 5,
      tick: () => void cut.push('tick'),
      starts: [7],
    },
    createHub() {
      const hub = createHub({ keep: true, onFault() {} })
      opened.push(hub)
      return hub
    },
    endHub: (hub) => hub.end(),
  })
  const unit = (track: number, epoch: number, dts: number, key = false) =>
    hubs.unit({ track, dts, pts: dts, key, data: new Uint8Array(1), arrivedAt: 0 }, epoch)
  const rung = (track: number, width: number, height: number, bitrate: number): ListedRung => {
    return { track, width, height, frameRate: 30, bitrate, codecString: '' }
  }
  return { hubs, cut, opened, unit, rung }
}

/** What a reader of a hub gets. */
function read(hub: Hub): string[] {
  const got: string[] = []
  const reader = hub.read({
    name: 'test',
    from: 'newest-key',
    maxBytes: 1e9,
    maxDuration: 1e9,
    isUrgent: () => true,
    onReady: pump,
  })
  function pump(): void {
    for (let event = reader.take(); event !== undefined; event = reader.take()) {
      if (event.kind === 'unit') got.push(`${event.unit.track}@${event.unit.dts}`)
      else got.push(`${event.kind} ${event.id}`)
    }
  }
  return got
}

test('the packer gets everything, the rung’s hub its pictures from a key frame on', () => {
  const { hubs, cut, unit, rung } = stage()
  hubs.list([rung(11, 640, 360, 800_000)])
  const [found] = hubs.renditions
  assert.equal(found?.hub.epoch, undefined)
  const got = read(found?.hub as Hub)
  hubs.configure(11, 0, videoConfig())
  unit(11, 0, 0)
  unit(11, 0, 3000, true)
  unit(11, 0, 6000)
  assert.deepEqual(cut, ['configure 11', '11@0', '11@3000', '11@6000'])
  assert.deepEqual(got, ['epoch-opened 0', '1@3000', '1@6000'])
  assert.deepEqual(hubs.starts, [7])
})

test('a rung that is not made has no epoch, and has one again when it is', () => {
  const { hubs, unit, rung } = stage()
  hubs.list([rung(11, 640, 360, 800_000)])
  const hub = hubs.renditions[0]?.hub as Hub
  const got = read(hub)
  for (const begin of [0, 90_000]) {
    hubs.configure(11, 0, videoConfig())
    unit(11, 0, begin, true)
    hubs.pause(11, 0)
    assert.equal(hub.epoch, undefined)
  }
  assert.deepEqual(got, ['epoch-opened 0', '1@0', 'epoch-closed 0', 'epoch-opened 0', '1@90000', 'epoch-closed 0'])
})

test('what an ended encoder still gives does not come among the pictures of the next', () => {
  const { hubs, unit, rung } = stage()
  hubs.list([rung(11, 640, 360, 800_000)])
  const got = read(hubs.renditions[0]?.hub as Hub)
  hubs.configure(11, 0, videoConfig())
  unit(11, 0, 0, true)
  hubs.configure(11, 1, videoConfig())
  unit(11, 0, 3000)
  unit(11, 1, 90_000, true)
  unit(11, 0, 6000)
  hubs.pause(11, 0)
  unit(11, 1, 93_000)
  const second = ['epoch-closed 0', 'epoch-opened 1', '1@90000', '1@93000']
  assert.deepEqual(got, ['epoch-opened 0', '1@0', '1@3000', ...second])
})

test('rungs are named after their shorter side, each differently, the highest bitrate first', () => {
  const { hubs, rung } = stage()
  hubs.list([rung(13, 640, 360, 500_000), rung(11, 720, 1280, 2_000_000), rung(12, 1280, 720, 1_000_000)])
  assert.deepEqual(
    hubs.renditions.map(({ name }) => name),
    ['720p', '720p-12', '360p'],
  )
})

test('at the end all hubs end', () => {
  const { hubs, opened, rung } = stage()
  hubs.list([rung(11, 640, 360, 800_000), rung(12, 320, 180, 400_000)])
  hubs.end()
  assert.deepEqual([opened.map(({ ended }) => ended), hubs.renditions], [[true, true], []])
})
