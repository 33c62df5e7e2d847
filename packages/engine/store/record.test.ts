import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32 } from 'node:zlib'
import {
  type PartRecord,
  parseRecord,
  parseRecords,
  parseSpanHeader,
  RECORD_BYTES,
  writeRecord,
  writeSpanHeader,
} from './record.ts'

const record: PartRecord = {
  ...{ msn: 7, epoch: 2, number: 2 ** 32 + 5, offset: 2 ** 33, length: 1_000, duration: 30_000, start: 2 ** 40 },
  ...{ closedAt: 1_700_000_000_123, dataCrc: 0xdeadbeef, key: true, last: false, gap: true },
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

test('a record has the layout that is drawn', () => {
  const bytes = writeRecord(record)
  const expected = [
    hex(new Uint8Array(new Uint32Array([crc32(bytes.subarray(4))]).buffer).reverse()), // CRC-32 of the rest
    '05000000', // flags: key, gap
    '00000007', // media sequence number
    '00000002', // epoch
    '0000000100000005', // part number
    '0000000200000000', // offset
    '000003e8', // length
    '00007530', // duration
    '0000010000000000', // start
    '0000018bcfe5687b', // closed at
    'deadbeef', // CRC-32 of the part
    '00000000',
  ]
  assert.equal(hex(bytes), expected.join(''))
  assert.equal(bytes.byteLength, RECORD_BYTES)
  assert.deepEqual(parseRecord(bytes, 0), record)
})

test('a span header has the layout that is drawn', () => {
  const header = { track: 2, firstMsn: 150, timescale: 48_000 }
  const bytes = writeSpanHeader(header)
  assert.equal(hex(bytes.subarray(0, 16)), ['42534958', '0001', '0002', '00000096', '0000bb80'].join(''))
  assert.equal(hex(bytes.subarray(16, 60)), '00'.repeat(44))
  assert.deepEqual(parseSpanHeader(bytes), header)
  for (let i = 0; i < 64; i++) {
    const damaged = bytes.slice()
    damaged[i] = (damaged[i] ?? 0) ^ 1
    assert.equal(parseSpanHeader(damaged), undefined, `byte ${i}`)
    assert.equal(parseSpanHeader(bytes.subarray(0, i)), undefined)
  }
})

/** Header and four consecutive records of 10 bytes each. */
function index(): Uint8Array {
  const records = [0, 1, 2, 3].map((i) => writeRecord({ ...record, number: i, offset: i * 10, length: 10, msn: i }))
  return Buffer.concat([writeSpanHeader({ track: 1, firstMsn: 0, timescale: 90_000 }), ...records])
}

test('cut at any byte, an index gives the records that are whole', () => {
  const bytes = index()
  for (let length = 0; length <= bytes.byteLength; length++) {
    const whole = Math.max(0, Math.floor(length / RECORD_BYTES) - 1)
    assert.equal(parseRecords(bytes.subarray(0, length), 40).length, whole)
  }
})

test('a record counts only when its bytes are in the data file', () => {
  for (let size = 0; size <= 50; size++) {
    assert.equal(parseRecords(index(), size).length, Math.min(4, Math.floor(size / 10)))
  }
})

test('a damaged bit ends the index before it', () => {
  const bytes = index()
  for (let at = RECORD_BYTES; at < bytes.byteLength; at++) {
    const damaged = Uint8Array.from(bytes)
    damaged[at] = (damaged[at] ?? 0) ^ (1 << (at % 8))
    assert.equal(parseRecords(damaged, 40).length, Math.floor(at / RECORD_BYTES) - 1)
  }
})

test('records that do not follow on one another are left out', () => {
  const head = writeSpanHeader({ track: 1, firstMsn: 0, timescale: 90_000 })
  const parse = (...records: Partial<PartRecord>[]) => {
    const base = { ...record, number: 0, offset: 0, length: 10, msn: 0 }
    return parseRecords(Buffer.concat([head, ...records.map((r) => writeRecord({ ...base, ...r }))]), 1_000).length
  }
  assert.equal(parse({}, { number: 1, offset: 10 }), 2)
  assert.equal(parse({}, { number: 1, offset: 11 }), 1)
  assert.equal(parse({ number: 5 }, { number: 5, offset: 10 }), 1)
  assert.equal(parse({ msn: 4 }, { number: 1, offset: 10, msn: 3 }), 1)
  assert.equal(parse({}, { number: 1, offset: 10, epoch: 3 }), 1)
  assert.equal(parse({ offset: 1 }), 0)
})
