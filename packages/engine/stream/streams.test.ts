import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ChannelDirectory, Log, PublishRefusal } from '../ports.ts'
import type { AssetIndex } from '../store/port.ts'
import type { Broadcast } from './channel.ts'
import { createHub } from './hub.ts'
import { createStreams } from './streams.ts'

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }
const channel = { id: 'ch_1', slug: 'main' }
const request = { protocol: 'rtmp', remote: '10.0.0.1', key: 'k' } as const

function stage(now: () => number = () => 1_000_000, reconnectWindow = 30_000) {
  const failing = new Set<string>()
  const admitted: { next: Awaited<ReturnType<ChannelDirectory['admit']>> } = {
    next: { channel, objection: () => undefined },
  }
  const calls: string[] = []
  const ended: string[] = []
  const streams = createStreams({
    directory: { admit: async () => admitted.next },
    register: { started: async () => {}, ended: async ({ assetId }) => void ended.push(assetId), open: async () => [] },
    takeover: 'allow',
    reconnectWindow,
    log: silent,
    now,
    onChange() {
      if (failing.has('change')) throw new TypeError('injected')
    },
    createBroadcast: (_channel, _onOpened, recovered): Broadcast => {
      const assetId = recovered?.assetId ?? 'as_new'
      if (assetId === 'as_broken') throw new TypeError('injected')
      return {
        assetId,
        hub: createHub({ keep: false, onFault() {} }),
        rungs: [],
        askForRungs() {},
        live: undefined,
        generation: 0,
        encoderArrived() {},
        announce() {},
        configure() {},
        unit() {},
        encoderLeft() {},
        tick() {},
        end: async () => ({ duration: 1, bytes: 1 }),
        suspend: async () => void calls.push(`${assetId} suspend`),
        describe() {},
        close: () => void calls.push(`${assetId} close`),
        diagnose: () => undefined,
      }
    },
  })
  const open = (assetId: string) => ({ channel, startedAt: 1, index: { assetId } as AssetIndex })
  return { streams, calls, ended, open, failing, admitted }
}

test('of two open broadcasts of a channel the older one is finished and the later one goes on', async () => {
  const { streams, ended, calls, open } = stage()
  streams.restore([open('as_1'), open('as_2')])
  assert.equal(streams.onAir(channel.id)?.assetId, 'as_2')
  await streams.suspend()
  assert.deepEqual(ended, ['as_1'])
  assert.deepEqual(calls, ['as_2 suspend'])
})

test('a broadcast that cannot be taken up again keeps no other from it', async () => {
  const { streams, open } = stage()
  streams.restore([open('as_broken'), open('as_2')])
  assert.equal(streams.onAir(channel.id)?.assetId, 'as_2')
  await streams.suspend()
})

test('an encoder that comes while the server stops is refused, also on a channel that was not live', async () => {
  const { streams } = stage()
  await streams.suspend()
  const answer = await streams.publish(request, () => {})
  assert.equal('refusal' in answer && answer.refusal.code, 'unavailable')
})

test('a channel that is deleted while it is live is let go of', async () => {
  const { streams, calls, open } = stage()
  streams.restore([open('as_1')])
  await streams.remove(channel.id)
  assert.deepEqual(calls, ['as_1 close'])
  await streams.suspend()
})

test('whoever follows broadcasts is told of each that begins or is taken up again, and finds its hub', async () => {
  const { streams, open } = stage()
  const begun: string[] = []
  const stop = streams.onBroadcast(({ channel: { slug }, assetId, hub }) => {
    begun.push(`${slug} ${assetId} ${hub.ended}`)
  })
  streams.restore([open('as_1')])
  await streams.remove(channel.id)
  assert.equal(streams.units('main'), undefined)
  await streams.publish(request, () => {})
  assert.equal(streams.units('main')?.hub.ended, false)
  stop()
  await streams.remove(channel.id)
  await streams.publish(request, () => {})
  assert.deepEqual(begun, ['main as_1 false', 'main as_new false'])
  await streams.suspend()
})

test('a follower that fails keeps no broadcast from beginning', async () => {
  const { streams } = stage()
  streams.onBroadcast(() => {
    throw new TypeError('injected')
  })
  assert.ok('publisher' in (await streams.publish(request, () => {})))
  await streams.suspend()
})

test('who is told of a change and fails is not felt by the encoder', async () => {
  const { streams, failing } = stage()
  failing.add('change')
  const answer = await streams.publish(request, () => {})
  assert('publisher' in answer)
  answer.publisher.end('unpublished')
  await streams.suspend()
})

test('whoever is not admitted hears the reason, also where the right has gone while it was looked at', async () => {
  const { streams, admitted } = stage()
  const refusal = { code: 'forbidden', reason: 'not from here' } as const
  admitted.next = { refusal }
  assert.deepEqual(await streams.publish(request, () => {}), { refusal })
  admitted.next = { channel, objection: () => ({ code: 'stopped', reason: 'revoked' }) }
  assert.deepEqual(await streams.publish(request, () => {}), { refusal: { code: 'stopped', reason: 'revoked' } })
  assert.equal(streams.onAir(channel.id), undefined)
  await streams.suspend()
})

test('when keys have changed the encoders of that channel are looked at again', async () => {
  const { streams, admitted } = stage()
  const rights: { objection?: PublishRefusal } = {}
  admitted.next = { channel, keyId: 'key_1', objection: () => rights.objection }
  const stopped: PublishRefusal[] = []
  assert.ok('publisher' in (await streams.publish(request, (why) => stopped.push(why))))
  assert.equal(streams.diagnose(channel.id)?.keyId, 'key_1')
  rights.objection = { code: 'stopped', reason: 'revoked' }
  streams.review('ch_other')
  assert.deepEqual(stopped, [])
  streams.review(channel.id)
  assert.deepEqual(stopped, [rights.objection])
  await streams.suspend()
})

const open = { channel, objection: () => undefined }

test('a source that is configured goes with its channel, and comes no more while that is being deleted', async () => {
  const { streams } = stage()
  const source = { protocol: 'hls', remote: 'this machine', encoder: '/mnt/studio' } as const
  const gone: PublishRefusal = { code: 'stopped', reason: 'this channel was deleted' }
  const state: { why?: PublishRefusal } = {}
  const admission = { channel, objection: () => state.why }
  const stops: PublishRefusal[] = []
  assert.ok('publisher' in streams.feed(admission, source, (why) => void stops.push(why)))
  state.why = gone
  streams.review(channel.id)
  assert.deepEqual(stops, [gone])
  await streams.remove(channel.id)
  assert.deepEqual(
    streams.feed(admission, source, () => undefined),
    { refusal: gone },
  )
  assert.equal(streams.onAir(channel.id), undefined)
  await streams.suspend()
})

test('a source that is configured has the channel only while no encoder sends', async () => {
  const { streams } = stage()
  const source = { protocol: 'hls', remote: 'this machine', encoder: '/mnt/studio' } as const
  const stops: PublishRefusal[] = []
  const first = streams.feed(open, source, (why) => void stops.push(why))
  assert.ok('publisher' in first)
  first.publisher.end('disconnected')
  const encoder = await streams.publish(request, () => undefined)
  assert.ok('publisher' in encoder)
  const second = streams.feed(open, source, () => undefined)
  assert.ok('refusal' in second && second.refusal.code === 'in-use')
  encoder.publisher.end('unpublished')
  assert.ok('publisher' in streams.feed(open, source, () => undefined))
  await streams.suspend()
})

test('a source whose media are still to come goes on with a broadcast that nobody feeds, and with nothing else', async () => {
  const { streams } = stage()
  const source = { protocol: 'hls', remote: 'this machine', encoder: '/mnt/studio', isAhead: true } as const
  const none = streams.feed(open, source, () => undefined)
  assert.ok('refusal' in none && none.refusal.code === 'unavailable')
  const encoder = await streams.publish(request, () => undefined)
  assert.ok('publisher' in encoder)
  const broadcast = streams.units(channel.slug)
  const second = streams.feed(open, source, () => undefined)
  assert.ok('refusal' in second && second.refusal.code === 'in-use')
  encoder.publisher.end('unpublished')
  assert.ok('publisher' in streams.feed(open, source, () => undefined))
  assert.equal(streams.units(channel.slug), broadcast)
  await streams.suspend()
})

test('encoders of a channel that is renamed meanwhile are of its new name, those that wait to take over too', async () => {
  const { streams } = stage()
  const publishers = []
  for (const remote of ['10.0.0.1', '10.0.0.2']) {
    const answer = await streams.publish({ ...request, remote }, () => {})
    assert.ok('publisher' in answer)
    publishers.push(answer.publisher)
  }
  streams.rename({ ...channel, slug: 'renamed' })
  assert.deepEqual(
    publishers.map((publisher) => publisher.channel),
    ['renamed', 'renamed'],
  )
  await streams.suspend()
})

test('a server that stood for longer than an encoder has to come back waits for it as long as ever', async (t) => {
  const { streams, open } = stage(() => performance.now(), 2_000)
  t.after(() => streams.suspend())
  streams.restore([open('as_1')])
  // Nothing runs meanwhile, as on a machine that was suspended.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_500)
  await sleep(150)
  assert.equal(streams.onAir(channel.id)?.assetId, 'as_1')
})

test('a clock that is set back by an hour leaves nothing live for an hour', async (t) => {
  const clock = { ahead: 7_200_000 }
  const { streams, open, ended } = stage(() => performance.now() + clock.ahead, 1_000)
  t.after(() => streams.suspend())
  streams.restore([open('as_1')])
  clock.ahead -= 3_600_000
  for (const begun = performance.now(); !ended.includes('as_1'); await sleep(50))
    assert(performance.now() - begun < 60_000)
})
