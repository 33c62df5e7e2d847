import assert from 'node:assert/strict'
import { test } from 'node:test'
import { part } from './fixtures/material.ts'
import { type PartRecord, writeRecord } from './record.ts'
import { stretchOf, stripRecords } from './strip.ts'

const media = [0, 1, 2].map((i) => part(1, i))
const records: PartRecord[] = []
for (const [i, { bytes, independent: key, ...fields }] of media.entries()) {
  const before = records[i - 1]
  const offset = before === undefined ? 1_064 : before.offset + before.length + 64
  records.push({ ...fields, key, offset, length: bytes.byteLength, dataCrc: 0 })
}
const whole = Buffer.concat(media.map(({ bytes }) => bytes))
/** As in a data file from byte 1,000 on. */
const stored = () =>
  new Uint8Array(Buffer.concat(media.flatMap(({ bytes }, i) => [writeRecord(records[i] as PartRecord), bytes])))

test('what stands between parts is taken out', () => {
  assert.deepEqual(Buffer.from(stripRecords(stored()) ?? []), whole)
  assert.deepEqual(stripRecords(new Uint8Array(0)), new Uint8Array(0))
})

test('bytes that are not records and parts are not taken for media', () => {
  const damaged = stored()
  damaged.fill(0xff, 64 + (media[0]?.bytes.byteLength ?? 0), 64 + (media[0]?.bytes.byteLength ?? 0) + 9)
  assert.equal(stripRecords(damaged), undefined)
  const bytes = stored()
  for (let length = 1; length < 64 + (media[0]?.bytes.byteLength ?? 0); length++) {
    assert.equal(stripRecords(bytes.slice(0, length)), undefined)
  }
})

test('every range is a stretch of the file that holds it', () => {
  const file = Buffer.concat([new Uint8Array(1_000), stored()])
  for (let from = 0; from < whole.length; from += 13) {
    for (let to = from; to <= whole.length + 20; to += 41) {
      const { offset, length, take } = stretchOf(records, from, to)
      assert.deepEqual(
        Buffer.from(take(new Uint8Array(file.subarray(offset, offset + length)))),
        whole.subarray(from, to),
      )
    }
  }
})
