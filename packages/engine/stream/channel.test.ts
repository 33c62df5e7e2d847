import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LiveBroadcast } from '../packager/live.ts'
import type { Log, Publisher, PublishRefusal } from '../ports.ts'
import { type Broadcast, type Channel, createChannel, UNPUBLISH_GRACE_MS } from './channel.ts'
import { ENDED_LINGER_MS, ENDED_MAX } from './ended.ts'
import { pictureConfig } from './fixtures/configs.ts'
import { createHub } from './hub.ts'
import { SILENT_AFTER_MS } from './lease.ts'
import { STREAM_LIMITS } from './limits.ts'

const allowed = { channel: { id: 'ch_1', slug: 'main' }, objection: () => undefined }
const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }
const unit = { track: 1, dts: 0, pts: 0, key: true, data: new Uint8Array(1) }

/** Sends the beginning of a stream of pictures alone. */
function begin(publisher: Publisher): void {
  publisher.announce({ video: true, audio: false })
  publisher.configure(unit.track, pictureConfig)
  publisher.unit(unit)
}

/** A broadcast that opens with its first unit and records what is asked of it. */
function stage(takeover: 'allow' | 'refuse' = 'allow') {
  let now = 1_000_000
  const calls: string[] = []
  const [hub, rung] = [createHub({ keep: false, onFault() {} }), createHub({ keep: false, onFault() {} })]
  const registered: string[] = []
  /** Calls of a broadcast that fail. */
  const failing = new Set<string>()
  /** Resolves when broadcasts may end. */
  const slow: { end?: Promise<void> } = {}
  let made = 0
  const call = (text: string, name: string) => {
    calls.push(text)
    if (failing.has(name)) throw new TypeError(`injected ${name}`)
  }
  const warned: object[] = []
  const channel: Channel = createChannel({
    record: { id: 'ch_1', slug: 'main' },
    takeover,
    reconnectWindow: 30_000,
    log: { ...silent, warn: (fields) => void warned.push(fields) },
    now: () => now,
    onChange() {},
    register: {
      started: async (broadcast) => void registered.push(`started ${broadcast.assetId}`),
      ended: async (broadcast) => void registered.push(`ended ${broadcast.assetId}`),
      open: async () => [],
    },
    createBroadcast: (_record, onOpened): Broadcast => {
      const assetId = `as_${++made}`
      let opened = false
      const live = {
        assetId,
        targetDuration: 4,
        ended: false,
        multivariant: () => undefined,
        manifest: () => undefined,
        manifestSoon: () => undefined,
        rendition: () => undefined,
        keyFrame: () => undefined,
      }
      return {
        assetId,
        hub,
        rungs: [{ name: '360p', width: 640, height: 360, frameRate: 30, bitrate: 800_000, hub: rung }],
        askForRungs() {},
        get live(): LiveBroadcast | undefined {
          return opened ? live : undefined
        },
        generation: 1,
        encoderArrived: () => call(`${assetId} arrived`, 'arrived'),
        announce() {},
        configure() {},
        unit() {
          if (!opened) onOpened(assetId, now)
          opened = true
          if (failing.has('unit')) throw new TypeError('injected unit')
        },
        encoderLeft: () => call(`${assetId} left`, 'left'),
        tick() {
          if (failing.has('tick')) throw new TypeError('injected tick')
        },
        end: async () => {
          call(`${assetId} end`, 'end')
          await slow.end
          return { duration: 1, bytes: 1, ...(failing.has('last frames') && { failure: new TypeError('injected') }) }
        },
        suspend: async () => call(`${assetId} suspend`, 'suspend'),
        describe() {},
        close: () => call(`${assetId} close`, 'close'),
        diagnose: () => undefined,
      }
    },
  })
  const publish = (remote = '10.0.0.1') => {
    const stopped: PublishRefusal[] = []
    const rights: { objection?: PublishRefusal } = {}
    const admission = { channel: channel.record, objection: () => rights.objection }
    const answer = channel.publish({ protocol: 'rtmp', remote, key: 'k' }, (why) => stopped.push(why), admission)
    if ('refusal' in answer) assert.fail(answer.refusal.reason)
    return { ...answer, stopped, rights }
  }
  const stand = (ms: number) => {
    now += ms
    channel.leapt(ms)
  }
  /** The clock is set, which the channel is told of a moment later only. */
  const set = (ms: number) => {
    now += ms
    return () => channel.leapt(ms)
  }
  const pass = async (ms: number) => {
    now += ms
    channel.tick()
    await new Promise((done) => setImmediate(done))
  }
  return { channel, hub, rung, calls, registered, warned, failing, slow, publish, pass, stand, set }
}

test('an encoder that connects and sends nothing leaves no broadcast behind', async () => {
  const { channel, registered, publish, pass } = stage()
  publish().publisher.end('disconnected')
  await pass(30_000)
  assert.deepEqual(registered, [])
  assert.equal(channel.live, undefined)
  assert.equal(channel.idle, true)
})

test('a lost encoder that returns within the window goes on in the same broadcast', async () => {
  const { channel, calls, registered, publish, pass } = stage()
  const first = publish().publisher
  first.unit(unit)
  first.end('disconnected')
  await pass(29_000)
  assert.equal(channel.onAir?.assetId, 'as_1')
  publish().publisher.unit(unit)
  await pass(60_000)
  assert.deepEqual(registered, ['started as_1'])
  assert.deepEqual(calls, ['as_1 arrived', 'as_1 left', 'as_1 arrived'])
})

test('encoders that come back and show nothing do not put the end of the broadcast off', async () => {
  const { channel, registered, publish, pass } = stage()
  const { publisher } = publish()
  publisher.unit(unit)
  publisher.end('disconnected')
  for (const how of ['disconnected', 'unpublished', 'disconnected'] as const) {
    await pass(8_000)
    const mute = publish().publisher
    mute.configure(unit.track, pictureConfig)
    await pass(1_000)
    mute.end(how)
  }
  await pass(2_999)
  assert.equal(channel.onAir?.assetId, 'as_1')
  await pass(1)
  assert.equal(registered.at(-1), 'ended as_1')
})

test('a broadcast is not ended while an encoder is there that has yet to show something', async () => {
  const { channel, registered, publish, pass } = stage()
  const { publisher } = publish()
  publisher.unit(unit)
  publisher.end('disconnected')
  await pass(29_000)
  const slow = publish().publisher
  await pass(10_000)
  slow.unit(unit)
  assert.equal(channel.onAir?.assetId, 'as_1')
  slow.end('disconnected')
  await pass(29_999)
  assert.equal(channel.onAir?.assetId, 'as_1')
  await pass(1)
  assert.equal(registered.at(-1), 'ended as_1')
})

test('a lost encoder that stays away ends the broadcast after the window', async () => {
  const { channel, registered, publish, pass } = stage()
  const { publisher } = publish()
  publisher.unit(unit)
  publisher.end('disconnected')
  await pass(29_999)
  assert.equal(registered.length, 1)
  await pass(1)
  assert.deepEqual(registered, ['started as_1', 'ended as_1'])
  assert.equal(channel.onAir, undefined)
})

test('an explicit goodbye ends the broadcast after the grace, and its playlists linger', async () => {
  const { channel, calls, registered, publish, pass } = stage()
  const { publisher } = publish()
  publisher.unit(unit)
  publisher.end('unpublished')
  await pass(UNPUBLISH_GRACE_MS)
  assert.equal(registered.at(-1), 'ended as_1')
  assert.equal(channel.live?.assetId, 'as_1')
  await pass(ENDED_LINGER_MS)
  assert.equal(channel.live, undefined)
  assert.equal(calls.at(-1), 'as_1 close')
  assert.equal(channel.idle, true)
})

test('a takeover goes on in the same broadcast and silences the former encoder', () => {
  const { calls, publish } = stage()
  const first = publish('10.0.0.1')
  first.publisher.unit(unit)
  const second = publish('10.0.0.2')
  begin(second.publisher)
  assert.equal(first.stopped[0]?.code, 'taken-over')
  calls.length = 0
  first.publisher.unit(unit)
  first.publisher.end('disconnected')
  assert.deepEqual(calls, [])
  second.publisher.unit(unit)
})

test('an encoder that is turned away for its codec, or says nothing, never disturbs the one that is live', async () => {
  const { channel, calls, publish, pass } = stage()
  const first = publish('10.0.0.1')
  begin(first.publisher)
  calls.length = 0
  // It announced and configured what can be shown, and nothing of it came.
  const mute = publish('10.0.0.2')
  mute.publisher.announce({ video: true, audio: true })
  mute.publisher.configure(unit.track, pictureConfig)
  const refused = publish('10.0.0.3')
  refused.publisher.announce({ video: true, audio: true })
  refused.publisher.end('disconnected')
  await pass(STREAM_LIMITS.candidateMs)
  assert.deepEqual([first.stopped, refused.stopped, calls], [[], [], []])
  assert.equal(mute.stopped[0]?.code, 'unavailable')
  assert.equal(channel.diagnose()?.remote, '10.0.0.1')
})

test('what could not be read of an encoder is in its diagnosis, what it makes up in such a name is not', () => {
  const { channel, publish } = stage()
  const { publisher } = publish()
  const counts = () => [channel.diagnose()?.malformedUnits, channel.diagnose()?.unconfiguredUnits]
  assert.deepEqual(counts(), [0, 0])
  publisher.describe({ droppedMalformed: 64, droppedUnconfigured: 'many' })
  assert.deepEqual(counts(), [64, 0])
  publisher.describe({ droppedMalformed: -1.5, droppedUnconfigured: 2 })
  assert.deepEqual(counts(), [0, 2])
  publisher.describe({ damagedUnits: 327 })
  assert.equal(channel.diagnose()?.damagedUnits, 327)
})

test('where taking over is refused a second encoder is told when it asks, unless the first one is silent', async () => {
  const { channel, publish, pass } = stage('refuse')
  const first = publish('10.0.0.1')
  begin(first.publisher)
  const answer = channel.publish({ protocol: 'rtmp', remote: '10.0.0.2', key: 'k' }, () => {}, allowed)
  assert.equal('refusal' in answer && answer.refusal.code, 'in-use')
  await pass(SILENT_AFTER_MS + 1)
  const late = publish('10.0.0.2')
  // The first one was only slow.
  first.publisher.unit(unit)
  begin(late.publisher)
  assert.equal(late.stopped[0]?.code, 'in-use')
  assert.deepEqual(first.stopped, [])
})

test('an encoder that returns over its half-open connection takes over with its first picture and is not blocked', async () => {
  const { channel, publish, pass } = stage()
  begin(publish().publisher)
  await pass(SILENT_AFTER_MS + 1)
  const again = publish()
  begin(again.publisher)
  await pass(SILENT_AFTER_MS + 1)
  begin(publish().publisher)
  assert.equal(again.stopped[0]?.code, 'taken-over')
  assert.equal(channel.onAir?.assetId, 'as_1')
})

test('a channel is not forgotten while an encoder waits', async () => {
  const { channel, publish, pass } = stage()
  const first = publish('10.0.0.1')
  const second = publish('10.0.0.2')
  first.publisher.end('unpublished')
  await pass(UNPUBLISH_GRACE_MS)
  assert.equal(channel.idle, false)
  begin(second.publisher)
  assert.equal(channel.publishing, true)
})

test('revoking a key turns those away that wait with it, and them alone', () => {
  const { channel, publish } = stage()
  const first = publish('10.0.0.1')
  begin(first.publisher)
  const [second, third] = [publish('10.0.0.2'), publish('10.0.0.3')]
  first.rights.objection = { code: 'stopped', reason: 'revoked' }
  second.rights.objection = { code: 'stopped', reason: 'revoked' }
  channel.review()
  begin(second.publisher)
  assert.deepEqual([first.stopped[0]?.reason, second.stopped[0]?.reason, third.stopped], ['revoked', 'revoked', []])
  assert.equal(channel.publishing, false)
  begin(third.publisher)
  assert.equal(channel.publishing, true)
})

test('a new broadcast after the end is another asset', async () => {
  const { channel, publish, pass } = stage()
  const { publisher } = publish()
  publisher.unit(unit)
  publisher.end('unpublished')
  await pass(UNPUBLISH_GRACE_MS)
  publish().publisher.unit(unit)
  assert.equal(channel.onAir?.assetId, 'as_2')
  assert.equal(channel.live?.assetId, 'as_2')
})

test('the broadcast before stays to be had by its id until its time is over, also while the next one runs', async () => {
  const { channel, calls, publish, pass } = stage()
  const first = publish().publisher
  first.unit(unit)
  first.end('unpublished')
  await pass(UNPUBLISH_GRACE_MS)
  publish().publisher.unit(unit)
  assert.equal(channel.find('as_1')?.assetId, 'as_1')
  assert.equal(channel.find('as_2')?.assetId, 'as_2')
  assert.equal(channel.find('as_3'), undefined)
  await pass(ENDED_LINGER_MS - 1)
  assert.equal(channel.find('as_1')?.assetId, 'as_1')
  await pass(1)
  assert.equal(channel.find('as_1'), undefined)
  assert.equal(calls.filter((call) => call.endsWith('close')).join(), 'as_1 close')
})

test('of many broadcasts that ended within that time the newest stay', async () => {
  const { channel, calls, publish, pass } = stage()
  for (let i = 0; i < ENDED_MAX + 2; i++) {
    const { publisher } = publish()
    publisher.unit(unit)
    publisher.end('unpublished')
    await pass(UNPUBLISH_GRACE_MS)
  }
  const found = Array.from({ length: ENDED_MAX + 2 }, (_, i) => channel.find(`as_${i + 1}`) !== undefined)
  assert.deepEqual(found, [false, false, true, true, true])
  assert.deepEqual(
    calls.filter((call) => call.endsWith('close')),
    ['as_1 close', 'as_2 close'],
  )
})

test('suspending stops the encoder and does not end the broadcast', async () => {
  const { channel, calls, registered, publish } = stage()
  const { publisher, stopped } = publish()
  publisher.unit(unit)
  await channel.suspend()
  assert.equal(stopped[0]?.code, 'restarting')
  assert.equal(calls.at(-1), 'as_1 suspend')
  assert.deepEqual(registered, ['started as_1'])
})

test('revoking the key stops the encoder at once and leaves the broadcast its grace', async () => {
  const { channel, registered, publish, pass } = stage()
  const { publisher, stopped, rights } = publish()
  publisher.unit(unit)
  rights.objection = { code: 'stopped', reason: 'revoked' }
  channel.review()
  assert.equal(stopped.length, 1)
  await pass(UNPUBLISH_GRACE_MS)
  assert.equal(registered.at(-1), 'ended as_1')
})

test('an encoder whose time is over is stopped as time passes, and told why', async () => {
  const { channel, publish, pass } = stage()
  const { publisher, stopped, rights } = publish()
  publisher.unit(unit)
  await pass(100)
  assert.equal(channel.publishing, true)
  rights.objection = { code: 'expired', reason: 'over' }
  await pass(100)
  assert.deepEqual([channel.publishing, stopped], [false, [{ code: 'expired', reason: 'over' }]])
})

for (const what of ['tick', 'unit', 'arrived'] as const) {
  test(`a broadcast that fails (${what}) is ended, its encoder told, and the next one is another`, async () => {
    const { channel, registered, failing, publish, pass } = stage()
    const first = publish()
    first.publisher.unit(unit)
    failing.add(what).add('left')
    let { stopped } = first
    if (what === 'unit') first.publisher.unit(unit)
    else if (what === 'arrived') {
      const second = publish('10.0.0.2')
      begin(second.publisher)
      stopped = second.stopped
    }
    await pass(0)
    assert.equal(stopped[0]?.code, 'unavailable')
    assert.equal(registered.at(-1), 'ended as_1')
    assert.equal(channel.publishing, false)
    failing.clear()
    publish().publisher.unit(unit)
    await pass(60_000)
    assert.notEqual(channel.onAir?.assetId, 'as_1')
    assert.ok(channel.onAir)
  })
}

test('a broadcast that fails while it is taken over costs the new encoder nothing', async () => {
  const { channel, registered, failing, publish, pass } = stage()
  publish('10.0.0.1').publisher.unit(unit)
  failing.add('left')
  const second = publish('10.0.0.2')
  begin(second.publisher)
  await pass(60_000)
  assert.deepEqual(second.stopped, [])
  assert.equal(channel.onAir?.assetId, 'as_2')
  assert.ok(registered.includes('ended as_1'))
})

test('a broadcast whose end fails leaves the channel usable', async () => {
  const { channel, failing, publish, pass } = stage()
  failing.add('end')
  const { publisher } = publish()
  publisher.unit(unit)
  publisher.end('unpublished')
  await pass(UNPUBLISH_GRACE_MS)
  await pass(ENDED_LINGER_MS)
  assert.equal(channel.idle, true)
})

test('a broadcast that failed at its end is registered as ended all the same: its recording is whole', async () => {
  const { registered, failing, publish, pass } = stage()
  failing.add('last frames')
  const { publisher } = publish()
  publisher.unit(unit)
  publisher.end('unpublished')
  await pass(UNPUBLISH_GRACE_MS)
  assert.deepEqual(registered, ['started as_1', 'ended as_1'])
})

test('an older broadcast whose memory cannot be given back keeps no later one from its end', async () => {
  const { registered, failing, publish, pass } = stage()
  failing.add('close')
  for (let i = 0; i <= ENDED_MAX; i++) {
    const { publisher } = publish()
    publisher.unit(unit)
    publisher.end('unpublished')
    await pass(UNPUBLISH_GRACE_MS)
  }
  assert.equal(registered.at(-1), `ended as_${ENDED_MAX + 1}`)
})

test('closing a channel gives back the memory of its broadcast', async () => {
  const { channel, calls, publish } = stage()
  publish().publisher.unit(unit)
  await channel.close({ code: 'stopped', reason: 'deleted' })
  assert.deepEqual(calls, ['as_1 arrived', 'as_1 left', 'as_1 end', 'as_1 close'])
  assert.equal(channel.idle, true)
})

test('suspending waits for a broadcast that is being finished', async () => {
  const { channel, registered, slow, publish, pass } = stage()
  const end = Promise.withResolvers<void>()
  slow.end = end.promise
  const { publisher } = publish()
  publisher.unit(unit)
  publisher.end('unpublished')
  await pass(UNPUBLISH_GRACE_MS)
  const suspended = channel.suspend()
  end.resolve()
  await suspended
  assert.equal(registered.at(-1), 'ended as_1')
})

test('an encoder is urgent while somebody takes single frames of it, or of what is made of it', () => {
  const { hub, rung, publish } = stage()
  const { publisher } = publish()
  begin(publisher)
  const ample = { name: 'viewer', from: 'now', maxBytes: 1e6, maxDuration: 1e4, onReady() {} } as const
  hub.read({ ...ample, isUrgent: () => false })
  assert.equal(publisher.isUrgent, false)
  const viewer = hub.read({ ...ample, isUrgent: () => true })
  assert.equal(publisher.isUrgent, true)
  viewer.close()
  assert.equal(publisher.isUrgent, false)
  rung.read({ ...ample, isUrgent: () => true })
  assert.equal(publisher.isUrgent, true)
  // An encoder that waits to take over is not; once it has, it is, and the one before no more.
  const second = publish('10.0.0.2').publisher
  assert.equal(second.isUrgent, false)
  begin(second)
  assert.deepEqual([publisher.isUrgent, second.isUrgent], [false, true])
})

test('audio tracks that are left out are in the log and in the diagnosis, however often they are told', () => {
  const { channel, publish, warned } = stage()
  const { publisher } = publish()
  assert.equal(channel.diagnose()?.soundsLeftOut, 0)
  for (let i = 1; i <= 200; i++) publisher.describe({ audioTracksLeftOut: i % 2 === 0 ? 0 : i })
  assert.equal(channel.diagnose()?.soundsLeftOut, 0)
  publisher.describe({ audioTracksLeftOut: 92 })
  assert.equal(channel.diagnose()?.soundsLeftOut, 92)
  assert.deepEqual(warned[0], { channel: 'main', leftOut: 1 })
  assert.ok(warned.length <= 8, `${warned.length} lines`)
})

test('while the server itself stood no encoder was silent, and nobody was waited for', async () => {
  const { channel, publish, pass, stand } = stage()
  const first = publish()
  begin(first.publisher)
  await pass(1_000)
  stand(60_000)
  assert.equal(channel.isSending, true)
  await pass(SILENT_AFTER_MS - 999)
  assert.equal(channel.isSending, false)
  first.publisher.end('unpublished')
  await pass(UNPUBLISH_GRACE_MS - 1)
  stand(60_000)
  await pass(0)
  assert.equal(channel.onAir?.assetId, 'as_1')
  await pass(1)
  assert.equal(channel.onAir, undefined)
})

test('a clock that is set back keeps nobody alive, and nobody waiting', async () => {
  const { channel, publish, pass, stand } = stage()
  const first = publish()
  begin(first.publisher)
  await pass(1_000)
  stand(-300_000)
  await pass(SILENT_AFTER_MS - 999)
  assert.equal(channel.isSending, false)
  const second = publish('10.0.0.2')
  begin(second.publisher)
  await pass(100)
  // One that never shows anything is turned away in its time.
  const idle = publish('10.0.0.3')
  stand(-300_000)
  for (let i = 0; i < 160; i++) {
    second.publisher.unit(unit)
    await pass(100)
  }
  assert.equal(idle.stopped[0]?.code, 'unavailable')
  second.publisher.end('unpublished')
  stand(-300_000)
  await pass(UNPUBLISH_GRACE_MS)
  assert.equal(channel.onAir, undefined)
})

test('what an encoder does between the setting of a clock and its being found counts as any other time', async () => {
  const { channel, publish, pass, set } = stage()
  const first = publish()
  begin(first.publisher)
  await pass(1_000)
  for (const ms of [-3_600_000, 3_600_000]) {
    const found = set(ms)
    first.publisher.unit(unit)
    found()
    assert.equal(channel.isSending, true)
    await pass(1_000)
    assert.equal(channel.isSending, true)
  }
  const found = set(-3_600_000)
  first.publisher.end('disconnected')
  found()
  await pass(29_000)
  assert.equal(channel.onAir?.assetId, 'as_1')
  await pass(1_000)
  assert.equal(channel.onAir, undefined)
})

test('a clock that is set back keeps no broadcast in memory that has ended', async () => {
  const { channel, publish, pass, stand } = stage()
  const first = publish()
  begin(first.publisher)
  first.publisher.end('unpublished')
  await pass(UNPUBLISH_GRACE_MS)
  assert.equal(channel.idle, false)
  stand(-3_600_000)
  await pass(ENDED_LINGER_MS)
  assert.equal(channel.idle, true)
})

test('one that comes and sends nothing while the clock is set back keeps nothing live', async () => {
  const { channel, publish, pass, stand } = stage()
  const first = publish()
  begin(first.publisher)
  first.publisher.end('disconnected')
  await pass(1_000)
  const second = publish()
  stand(-3_600_000)
  second.publisher.end('disconnected')
  await pass(30_000)
  assert.equal(channel.onAir, undefined)
})
