import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Entry } from './entry.ts'
import { unpin } from './unpin.ts'

const unit = (data: Uint8Array): Entry => ({ kind: 'unit', slot: 'audio', dts: 0, pts: 0, key: true, data })

for (const [what, file] of [
  ['a file', new Uint8Array(1_000)],
  ['a Buffer', Buffer.from(new ArrayBuffer(1_000))],
  ['a range of a larger file', new Uint8Array(1_000).subarray(400, 600)],
] as const) {
  test(`units of ${what} that are little of it do not hold it`, () => {
    file.fill(7, 0, 100)
    const [one] = unpin([unit(file.subarray(0, 100))], file)
    assert.ok(one?.kind === 'unit')
    assert.equal(one.data.buffer.byteLength, 100)
    assert.deepEqual(
      [...one.data],
      Array.from({ length: 100 }, () => 7),
    )
  })
}

test('units that are most of their file, and those with bytes of their own, are left as they are', () => {
  const file = new Uint8Array(1_000)
  const most = [unit(file.subarray(0, 300)), unit(file.subarray(300, 500))]
  assert.equal(unpin(most, file), most)
  const own = unit(new Uint8Array(10))
  assert.equal(unpin([own, unit(file.subarray(0, 10))], file)[0], own)
})
