import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onAnotherNetwork } from './network.ts'

test('another network is told of, another estimate of the same one is not', () => {
  const page = new EventTarget()
  const connection = Object.assign(new EventTarget(), { type: 'wifi' })
  let told = 0
  const stop = onAnotherNetwork(() => told++, { page, connection })
  connection.dispatchEvent(new Event('change'))
  assert.equal(told, 0)
  connection.type = 'cellular'
  connection.dispatchEvent(new Event('change'))
  assert.equal(told, 1)
  page.dispatchEvent(new Event('online'))
  assert.equal(told, 2)
  stop()
  connection.type = 'wifi'
  connection.dispatchEvent(new Event('change'))
  page.dispatchEvent(new Event('online'))
  assert.equal(told, 2)
})

test('no network at all is none to try anything on', () => {
  const connection = Object.assign(new EventTarget(), { type: 'wifi' })
  let told = 0
  onAnotherNetwork(() => told++, { page: new EventTarget(), connection })
  connection.type = 'none'
  connection.dispatchEvent(new Event('change'))
  assert.equal(told, 0)
  connection.type = 'wifi'
  connection.dispatchEvent(new Event('change'))
  assert.equal(told, 1)
})
