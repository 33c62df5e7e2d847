import assert from 'node:assert/strict'
import { test } from 'node:test'
import { concatBytes } from '../../bytes/bytes.ts'
import { MediaError } from '../../error.ts'
import { PacketSync } from './sync.ts'

const LIMITS = { unsyncedBytes: 5_000 }

/** Packets whose fourth byte counts; their payload has sync bytes in it. */
function packets(count: number, size = 188): Uint8Array {
  const bytes = new Uint8Array(count * size)
  for (let i = 0; i < count; i++) {
    bytes.set([0x47, 1, 0, i, 0x47, 0x47], i * size)
  }
  return bytes
}

function found(sync: PacketSync, chunks: readonly Uint8Array[]): number[] {
  const numbers: number[] = []
  for (const chunk of chunks) sync.push(chunk, (data, at) => numbers.push(data[at + 3] ?? -1))
  return numbers
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i)
const noise = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, i) => (i * 7) % 71)

test('packets are found in one piece, byte by byte, and cut anywhere', () => {
  const bytes = packets(5)
  assert.deepEqual(found(new PacketSync(LIMITS), [bytes]), upTo(5))
  assert.deepEqual(
    found(
      new PacketSync(LIMITS),
      [...bytes].map((byte) => Uint8Array.of(byte)),
    ),
    upTo(5),
  )
  for (let cut = 0; cut <= bytes.byteLength; cut++) {
    assert.deepEqual(found(new PacketSync(LIMITS), [bytes.subarray(0, cut), bytes.subarray(cut)]), upTo(5), `${cut}`)
  }
})

test('what stands in front is passed over and counted', () => {
  const sync = new PacketSync(LIMITS)
  assert.deepEqual(found(sync, [concatBytes([noise(100), packets(4)])]), upTo(4))
  assert.equal(sync.skipped, 100)
})

test('packets that are lost sight of are found again', () => {
  const sync = new PacketSync(LIMITS)
  const whole = packets(10)
  const broken = concatBytes([whole.subarray(0, 400), whole.subarray(450)])
  // The third is cut: its rest and the fourth's place are searched.
  assert.deepEqual(
    found(sync, [broken]),
    [0, 1, 2, 4, 5, 6, 7, 8, 9].filter((n) => n !== 3),
  )
  assert.ok(sync.skipped > 0)
})

for (const size of [192, 204]) {
  test(`packets of ${size} bytes are refused, with the way out`, () => {
    const lead = size === 192 ? 4 : 0
    const bytes = concatBytes([new Uint8Array(lead), packets(8, size)])
    for (const step of [bytes.byteLength, 100]) {
      const sync = new PacketSync(LIMITS)
      assert.throws(
        () => {
          for (let at = 0; at < bytes.byteLength; at += step) found(sync, [bytes.subarray(at, at + step)])
        },
        (error) => error instanceof MediaError && error.code === 'unsupported' && error.message.includes('188 bytes'),
      )
    }
  })
}

test('what is no transport stream is refused after a while', () => {
  const sync = new PacketSync(LIMITS)
  assert.throws(
    () => {
      for (let i = 0; i < 100; i++) found(sync, [noise(188)])
    },
    (error) => error instanceof MediaError && error.message.includes('set the encoder to MPEG-TS'),
  )
})

test('sync bytes alone, one at a time, are no more work than any others', () => {
  const sync = new PacketSync({ unsyncedBytes: 1e9 })
  const start = performance.now()
  for (let i = 0; i < 200_000; i++) sync.push(Uint8Array.of(i % 189 === 0 ? 0x47 : 0x48), () => {})
  assert.ok(performance.now() - start < 20_000)
})
