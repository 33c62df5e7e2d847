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
  track: 258,
  msn: 7,
  epoch: 2,
  number: 2 ** 32 + 5,
  offset: 2 ** 33,
  length: 1_000,
  duration: 30_000,
  overhang: 6_000,
  start: 2 ** 40,
  closedAt: 1_700_000_000_123,
  dataCrc: 0xdeadbeef,
  key: true,
  last: false,
  gap: true,
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

test('a record has the layout that is drawn', () => {
  const bytes = writeRecord(record)
  const expected = [
    hex(new Uint8Array(new Uint32Array([crc32(bytes.subarray(4))]).buffer).reverse()), // CRC-32 of the rest
    '05020102', // flags: key, gap; version; track
    '00000007', // media sequence number
    '00000002', // epoch
    '0000000100000005', // part number
    '0000000200000000', // offset
    '000003e8', // length
    '00007530', // duration
    '0000010000000000', // start
    '0000018bcfe5687b', // closed at
    'deadbeef', // CRC-32 of the part
    '00001770', // overhang
  ]
  assert.equal(hex(bytes), expected.join(''))
  assert.equal(bytes.byteLength, RECORD_BYTES)
  assert.deepEqual(parseRecord(bytes, 0), record)
  const lost = writeRecord({ ...record, lost: true })
  assert.equal(lost[4], 0b1101)
  assert.deepEqual(parseRecord(lost, 0), { ...record, lost: true })
})

test('a span header has the layout that is drawn', () => {
  const bytes = writeSpanHeader(150)
  assert.equal(hex(bytes.subarray(0, 12)), ['42534958', '0002', '0000', '00000096'].join(''))
  assert.equal(hex(bytes.subarray(12, 60)), '00'.repeat(48))
  assert.equal(parseSpanHeader(bytes), 150)
  for (let i = 0; i < 64; i++) {
    const damaged = bytes.slice()
    damaged[i] = (damaged[i] ?? 0) ^ 1
    assert.equal(parseSpanHeader(damaged), undefined, `byte ${i}`)
    assert.equal(parseSpanHeader(bytes.subarray(0, i)), undefined)
  }
})

/** Header and four consecutive records of track 1: in the data file a record of 64 and a part of 10 bytes each. */
function index(): Uint8Array {
  const own = { ...record, track: 1, length: 10 }
  const records = [0, 1, 2, 3].map((i) => writeRecord({ ...own, number: i, offset: 64 + i * 74, msn: i }))
  return Buffer.concat([writeSpanHeader(0), ...records])
}

const size = (bytes: number) => new Map([[1, bytes]])

test('cut at any byte, an index gives the records that are whole', () => {
  const bytes = index()
  for (let length = 0; length <= bytes.byteLength; length++) {
    const whole = Math.max(0, Math.floor(length / RECORD_BYTES) - 1)
    assert.equal(parseRecords(bytes.subarray(0, length), size(296)).length, whole)
  }
})

test('a record counts only when its bytes are in the data file', () => {
  for (let bytes = 0; bytes <= 300; bytes++) {
    assert.equal(parseRecords(index(), size(bytes)).length, Math.min(4, Math.floor(bytes / 74)))
  }
  assert.equal(parseRecords(index(), new Map([[2, 300]])).length, 0)
})

test('a damaged bit ends the index before it', () => {
  const bytes = index()
  for (let at = RECORD_BYTES; at < bytes.byteLength; at++) {
    const damaged = Uint8Array.from(bytes)
    damaged[at] = (damaged[at] ?? 0) ^ (1 << (at % 8))
    assert.equal(parseRecords(damaged, size(296)).length, Math.floor(at / RECORD_BYTES) - 1)
  }
})

test('records that do not follow on one another are left out', () => {
  const head = writeSpanHeader(0)
  const parse = (...records: Partial<PartRecord>[]) => {
    const base = { ...record, track: 1, number: 0, offset: 64, length: 10, msn: 0 }
    const bytes = Buffer.concat([head, ...records.map((r) => writeRecord({ ...base, ...r }))])
    return parseRecords(bytes, size(1_000).set(2, 1_000)).length
  }
  assert.equal(parse({}, { number: 1, offset: 138 }), 2)
  assert.equal(parse({}, { number: 1, offset: 139 }), 1)
  assert.equal(parse({ number: 5 }, { number: 5, offset: 138 }), 1)
  assert.equal(parse({ msn: 4 }, { number: 1, offset: 138, msn: 3 }), 1)
  assert.equal(parse({}, { number: 1, offset: 138, epoch: 3 }), 1)
  assert.equal(parse({ offset: 65 }), 0)
  // Tracks are counted each for itself.
  assert.equal(parse({}, { track: 2, msn: 3, epoch: 1 }, { number: 1, offset: 138 }), 3)
  assert.equal(parse({}, { track: 2, offset: 138 }), 1)
})
