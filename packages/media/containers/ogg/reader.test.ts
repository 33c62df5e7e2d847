import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MediaError } from '../../error.ts'
import { createOggReader } from './reader.ts'

/** A page with these lacing values and its body. */
function page(lacing: readonly number[], fill: number): Uint8Array {
  const header = [0x4f, 0x67, 0x67, 0x53, 0, 0, ...Array.from({ length: 20 }, () => 0), lacing.length, ...lacing]
  return Uint8Array.from([...header, ...Array.from({ length: lacing.reduce((a, b) => a + b, 0) }, () => fill)])
}

const sizes = (packets: readonly Uint8Array[]) => packets.map(({ byteLength, 0: first }) => `${byteLength}×${first}`)
const code = (expected: string) => (error: unknown) => error instanceof MediaError && error.code === expected

test('packets are told apart by their lacing, also across pages', () => {
  const reader = createOggReader()
  assert.deepEqual(sizes(reader.push(page([3, 255, 0, 255], 7))), ['3×7', '255×7'])
  assert.deepEqual(sizes(reader.push(page([10], 8))), ['265×7'])
})

test('any split of the bytes gives the same packets', () => {
  const bytes = Buffer.concat([page([3, 4], 1), page([255, 1], 2)])
  for (let cut = 1; cut < bytes.byteLength; cut++) {
    const reader = createOggReader()
    const packets = [...reader.push(bytes.subarray(0, cut)), ...reader.push(bytes.subarray(cut))]
    assert.deepEqual(sizes(packets), ['3×1', '4×1', '256×2'], `cut at ${cut}`)
  }
})

test('what is not a page is malformed, and a packet without end too large', () => {
  assert.throws(() => createOggReader().push(new Uint8Array(27)), code('malformed'))
  const reader = createOggReader()
  const endless = page(
    Array.from({ length: 255 }, () => 255),
    1,
  )
  assert.throws(() => {
    reader.push(endless)
    reader.push(endless)
  }, code('too-large'))
})
