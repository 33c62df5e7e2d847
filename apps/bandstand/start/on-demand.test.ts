import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onDemand } from './on-demand.ts'

test('what nobody asks for is neither made nor closed', async () => {
  const started = new AsyncDisposableStack()
  const { made } = onDemand(() => assert.fail('made'), started)
  await started.disposeAsync()
  assert.equal(made, undefined)
})

test('what several ask for at once is made once, and closed once', async () => {
  const started = new AsyncDisposableStack()
  let closed = 0
  const asked = onDemand(async () => ({ close: () => void closed++ }), started)
  const [one, other] = await Promise.all([asked.get(), asked.get()])
  assert.equal(one, other)
  assert.equal(asked.made, one)
  await started.disposeAsync()
  assert.equal(closed, 1)
})

test('what is still being made when the server stops is closed too', async () => {
  const started = new AsyncDisposableStack()
  const { promise, resolve } = Promise.withResolvers<{ close(): void }>()
  const asked = onDemand(() => promise, started).get()
  const disposed = started.disposeAsync()
  let isClosed = false
  resolve({ close: () => void (isClosed = true) })
  await Promise.all([asked, disposed])
  assert.equal(isClosed, true)
})

test('an attempt that fails is told, and the next one may do better', async () => {
  await using started = new AsyncDisposableStack()
  let attempts = 0
  const asked = onDemand(async () => {
    if (++attempts === 1) throw new Error('too many open files')
    return { close() {} }
  }, started)
  await assert.rejects(asked.get(), /too many open files/)
  await asked.get()
  assert.equal(attempts, 2)
})
