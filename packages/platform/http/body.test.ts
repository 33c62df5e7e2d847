import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { readBody } from './body.ts'

/** @param chunkOf what comes, one after the other; `null` ends it, `undefined` cuts it off. */
function incoming(chunkOf: (i: number) => Buffer | null | undefined, headers: Record<string, string> = {}) {
  let i = 0
  const body = new Readable({
    highWaterMark: 1,
    read() {
      setImmediate(() => {
        const chunk = chunkOf(i++)
        if (chunk === undefined) this.destroy(new DOMException('aborted'))
        else this.push(chunk)
      })
    },
  })
  return Object.assign(body, { headers })
}

test('of a body that comes a byte at a time nothing is kept but its bytes', async () => {
  const chunk = Buffer.alloc(1)
  const body = incoming((i) => {
    chunk[0] = i
    return i < 10_000 ? chunk : null
  })
  const whole = await readBody(body, 10_000)
  assert.ok(Buffer.isBuffer(whole))
  assert.equal(whole.byteLength, 10_000)
  assert.ok(whole.every((byte, i) => byte === (i & 0xff)))
})

test('a body of any pieces is read whole, and one without any is empty', async () => {
  const sizes = [1, 5_000, 0, 70_000, 3]
  const chunks = sizes.map((size, i) => Buffer.alloc(size, i))
  assert.deepEqual(
    await readBody(
      incoming((i) => chunks[i] ?? null),
      1_000_000,
    ),
    Buffer.concat(chunks),
  )
  assert.deepEqual(
    await readBody(
      incoming(() => null),
      10,
    ),
    Buffer.alloc(0),
  )
})

test('a body that is too large is refused as soon as that is known, and read on, so that nothing of it is kept', async (t) => {
  const said = incoming(() => Buffer.from('x'), { 'content-length': '11' })
  assert.equal(await readBody(said, 10), 'too-large')
  const endless = incoming(() => Buffer.from('xxxx'))
  t.after(() => endless.destroy())
  assert.equal(await readBody(endless, 10), 'too-large')
  assert.equal(endless.readableFlowing, true)
})

test('a body that is cut off is no body', async () => {
  const body = incoming((i) => (i < 3 ? Buffer.from('x') : undefined))
  assert.equal(await readBody(body, 10), 'cut')
})

test('a body over HTTP/2 whose stream was reset is no body, though it says that it has come to its end', async () => {
  const body = incoming((i) => (i < 3 ? Buffer.from('x') : null))
  assert.equal(await readBody(Object.assign(body, { stream: { closed: true } }), 10), 'cut')
})
