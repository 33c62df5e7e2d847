import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Publisher, PublishRefusal } from '../../ports.ts'
import { createRefusalLog } from '../../remote/refusals.ts'
import { FakeLog, FakePublisher } from '../rtmp/testing/fake-port.ts'
import { HLS_LIMITS } from './limits.ts'
import type { HlsSession } from './session.ts'
import { createSourceLease, type PublishSource } from './source.ts'

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
  const publish: PublishSource = async (_request, onStop) => {
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
