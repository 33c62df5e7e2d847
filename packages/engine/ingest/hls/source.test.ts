import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Publisher, PublishRefusal } from '../../ports.ts'
import { createRefusalLog } from '../../remote/refusals.ts'
import { UNPUBLISH_GRACE_MS } from '../../stream/channel.ts'
import { FakeLog, FakePublisher } from '../rtmp/testing/fake-port.ts'
import { HLS_LIMITS } from './limits.ts'
import type { HlsSession } from './session.ts'
import { createSourceLease, type PublishSource, type SourceRequest } from './source.ts'

const settle = () => new Promise((resolve) => setImmediate(resolve))

function stage(answers: (PublishRefusal | undefined)[]) {
  let now = 0
  const publishers: FakePublisher[] = []
  let stop: ((why: PublishRefusal) => void) | undefined
  const session: HlsSession & { publisher: Publisher | undefined; hasMedia: boolean; dropped: number } = {
    ...{ publisher: undefined, hasMedia: true, held: 0, dropped: 0 },
    advance() {},
    touch() {},
    publishTo(publisher) {
      session.publisher = publisher
    },
    stopped() {
      session.publisher = undefined
      session.dropped++
    },
    close() {},
  }
  const asked: SourceRequest[] = []
  const publish: PublishSource = async (request, onStop) => {
    asked.push(request)
    const refusal = answers.shift()
    if (refusal !== undefined) return { refusal }
    stop = onStop
    const publisher = new FakePublisher()
    publishers.push(publisher)
    return { publisher }
  }
  const log = new FakeLog()
  const refusals = createRefusalLog(log)
  const lease = createSourceLease(
    {
      ...{ publish, log, refusals, fields: () => ({ channel: 'main', source: '/x' }), now: () => now, maxBitrate: 1e9 },
      request: { remote: 'this machine', encoder: '/x' },
    },
    session,
    () => ({ source: 'folder', targetDuration: 2, renditions: 1, leftOut: 0, lost: 0 }),
  )
  return {
    lease,
    session,
    publishers,
    asked,
    log,
    refusals,
    pass: (ms: number) => (now += ms),
    stop: (why: PublishRefusal) => stop?.(why),
  }
}

const inUse: PublishRefusal = { code: 'in-use', reason: 'an encoder feeds this channel' }

test('the channel is asked for when there is something to publish', async () => {
  const { lease, session, publishers, refusals } = stage([])
  session.hasMedia = false
  lease.look()
  await settle()
  assert.equal(publishers.length, 0)
  session.hasMedia = true
  lease.look()
  lease.look()
  await settle()
  assert.equal(publishers.length, 1)
  assert.equal(session.publisher, publishers[0])
  refusals.close()
})

test('while an encoder has the channel the source waits, drops what comes and asks again', async () => {
  const { lease, session, publishers, pass, refusals, log } = stage([inUse, undefined])
  lease.look()
  await settle()
  assert.equal(session.dropped, 1)
  lease.look()
  await settle()
  assert.equal(publishers.length, 0)
  assert.equal(session.dropped, 2)
  pass(HLS_LIMITS.askAgainMs)
  lease.look()
  await settle()
  assert.equal(publishers.length, 1)
  assert.equal(log.lines.filter((line) => line.includes('waits for the channel')).length, 1)
  refusals.close()
})

test('an encoder that takes over has the channel until it is gone', async () => {
  const { lease, session, publishers, stop, pass, refusals } = stage([])
  lease.look()
  await settle()
  stop({ code: 'taken-over', reason: 'another encoder' })
  assert.equal(session.publisher, undefined)
  lease.look()
  await settle()
  assert.equal(publishers.length, 1)
  pass(HLS_LIMITS.askAgainMs)
  lease.look()
  await settle()
  assert.equal(publishers.length, 2)
  refusals.close()
})

test('a source that an encoder is in the way of asks again well within the time that a broadcast waits, and says so once', async () => {
  const { lease, publishers, pass, refusals, log } = stage([inUse, inUse, inUse, inUse, undefined])
  for (let i = 0; i < 5; i++) {
    lease.look()
    await settle()
    pass(UNPUBLISH_GRACE_MS / 5)
  }
  assert.equal(publishers.length, 1)
  assert.equal(log.lines.filter((line) => line.includes('waits for the channel')).length, 1)
  refusals.close()
})

test('a source whose next segment is still to come goes on with a broadcast before that, as long as it is alive', async () => {
  const { lease, session, publishers, asked, pass, refusals } = stage([inUse, inUse, undefined])
  lease.look()
  await settle()
  session.hasMedia = false
  pass(HLS_LIMITS.askWaitingMs)
  lease.look()
  await settle()
  lease.look()
  await settle()
  assert.deepEqual(
    asked.map(({ isAhead = false }) => isAhead),
    [false, true],
  )
  pass(HLS_LIMITS.askWaitingMs)
  lease.look()
  await settle()
  assert.equal(publishers.length, 1)
  assert.equal(asked[2]?.isAhead, true)
  refusals.close()
})

test('a source of which nothing has come for long does not ask', async () => {
  const { lease, session, asked, pass, refusals } = stage([inUse])
  lease.look()
  await settle()
  session.hasMedia = false
  pass(2 * HLS_LIMITS.aliveTargets * 2_000)
  lease.look()
  await settle()
  assert.equal(asked.length, 1)
  refusals.close()
})
