import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import { readBody } from './body.ts'
import type { HttpRequest } from './message.ts'

/** A request whose chunks the test hands over, as Node's do. */
function request(headers: Record<string, string> = {}) {
  const pause = () => assert.fail('what comes on would be kept, chunk by chunk')
  const body = Object.assign(new EventEmitter(), { headers, pause })
  return { body, req: body as unknown as HttpRequest }
}

test('of a body that comes a byte at a time nothing is kept but its bytes', async () => {
  const { body, req } = request()
  const read = readBody(req, 65_536)
  const chunk = Buffer.alloc(1)
  for (let i = 0; i < 65_536; i++) {
    chunk[0] = i
    body.emit('data', chunk)
  }
  body.emit('end')
  const whole = await read
  assert.ok(Buffer.isBuffer(whole))
  assert.equal(whole.byteLength, 65_536)
  assert.ok(whole.every((byte, i) => byte === (i & 0xff)))
})

test('a body that is too large is refused at once, one that ends early is cut', async () => {
  assert.equal(await readBody(request({ 'content-length': '11' }).req, 10), 'too-large')
  const large = request()
  const read = readBody(large.req, 10)
  large.body.emit('data', Buffer.alloc(11))
  assert.equal(await read, 'too-large')
  const cut = request()
  const half = readBody(cut.req, 10)
  cut.body.emit('data', Buffer.from('offer'))
  cut.body.emit('close')
  assert.equal(await half, 'cut')
  const empty = request()
  const nothing = readBody(empty.req, 10)
  empty.body.emit('end')
  assert.deepEqual(await nothing, Buffer.alloc(0))
})
