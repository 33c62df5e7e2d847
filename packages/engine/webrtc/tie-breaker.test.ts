import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { PROCESS_LIMITS } from './limits.ts'
import { mendTieBreaker } from './tie-breaker.ts'

const PASSWORD = 'VOkJxbRl1RmTxUk/WvJxBt'
const passwordOf = (ufrag: string) => (ufrag === 'evtj' ? PASSWORD : undefined)
const bytesOf = (...lines: string[]) => Buffer.from(lines.join('').replaceAll(' ', ''), 'hex')

/** RFC 5769 §2.1: a check of somebody whose tie-breaker is 932ff9b151263b36. */
const RFC_5769 = bytesOf(
  '00 01 00 58 21 12 a4 42 b7 e7 a7 01 bc 34 d6 86 fa 87 df ae', // request, length, cookie, transaction
  '80 22 00 10 53 54 55 4e 20 74 65 73 74 20 63 6c 69 65 6e 74', // SOFTWARE
  '00 24 00 04 6e 00 01 ff', // PRIORITY
  '80 29 00 08 93 2f f9 b1 51 26 3b 36', // ICE-CONTROLLED
  '00 06 00 09 65 76 74 6a 3a 68 36 76 59 20 20 20', // USERNAME evtj:h6vY
  '00 08 00 14 9a ea a7 0c bf d8 cb 56 78 1e f2 b5 b2 d3 f2 49 c1 b5 71 a2', // MESSAGE-INTEGRITY
  '80 28 00 04 e5 7a 3b cf', // FINGERPRINT
)

/** The same check with a tie-breaker of 0, signed anew. */
const ZERO = bytesOf(
  '00 01 00 58 21 12 a4 42 b7 e7 a7 01 bc 34 d6 86 fa 87 df ae',
  '80 22 00 10 53 54 55 4e 20 74 65 73 74 20 63 6c 69 65 6e 74',
  '00 24 00 04 6e 00 01 ff',
  '80 29 00 08 00 00 00 00 00 00 00 00',
  '00 06 00 09 65 76 74 6a 3a 68 36 76 59 20 20 20',
  '00 08 00 14 bc 12 48 1a f8 4d ff 60 de fb 39 b5 55 ca 80 75 55 f2 29 c6',
  '80 28 00 04 0a 23 27 b9',
)

/** And with 1. */
const ONE = bytesOf(
  '00 01 00 58 21 12 a4 42 b7 e7 a7 01 bc 34 d6 86 fa 87 df ae',
  '80 22 00 10 53 54 55 4e 20 74 65 73 74 20 63 6c 69 65 6e 74',
  '00 24 00 04 6e 00 01 ff',
  '80 29 00 08 00 00 00 00 00 00 00 01',
  '00 06 00 09 65 76 74 6a 3a 68 36 76 59 20 20 20',
  '00 08 00 14 18 7b a9 03 fa b5 cc 8a e5 aa ea ac 20 fd 41 37 d6 c5 ba d6',
  '80 28 00 04 7b a3 44 07',
)

test('a check without a tie-breaker gets one, and is signed again', () => {
  const mended = mendTieBreaker(ZERO, passwordOf)
  assert.equal(mended?.ufrag, 'evtj')
  assert.equal(Buffer.from(mended?.datagram ?? []).toString('hex'), ONE.toString('hex'))
})

test('what was given stays as it was', () => {
  const given = Uint8Array.from(ZERO)
  mendTieBreaker(given, passwordOf)
  assert.deepEqual(given, Uint8Array.from(ZERO))
})

test('a check that has a tie-breaker needs no other', () => {
  assert.equal(mendTieBreaker(RFC_5769, passwordOf), undefined)
  assert.equal(mendTieBreaker(ONE, passwordOf), undefined)
})

test('a check that was signed with another password, or is for nobody here, is not signed for its sender', () => {
  assert.equal(
    mendTieBreaker(ZERO, () => 'another'),
    undefined,
  )
  assert.equal(
    mendTieBreaker(ZERO, () => undefined),
    undefined,
  )
  const changed = Buffer.from(ZERO)
  changed[44] = 0
  assert.equal(mendTieBreaker(changed, passwordOf), undefined)
})

test('neither media nor what is cut anywhere is taken for a check', () => {
  for (let length = 0; length < ZERO.byteLength; length++) {
    assert.equal(mendTieBreaker(ZERO.subarray(0, length), passwordOf), undefined)
    const told = Buffer.from(ZERO.subarray(0, length))
    if (length >= 4) told.writeUInt16BE(Math.max(0, length - 20), 2)
    // With the fingerprint alone cut off it is whole still.
    if (length < 100) assert.equal(mendTieBreaker(told, passwordOf), undefined, `${length} bytes`)
  }
  assert.equal(mendTieBreaker(Uint8Array.of(0x80, 108, 0, 1), passwordOf), undefined)
})

/** `ZERO` with an attribute in front that makes it so large, and with its signature last. */
function padded(bytes: number): Buffer {
  const filling = Buffer.alloc(bytes - (ZERO.byteLength - 8))
  filling.writeUInt16BE(0x8022)
  filling.writeUInt16BE(filling.byteLength - 4, 2)
  const covered = Buffer.concat([ZERO.subarray(0, 20), filling, ZERO.subarray(20, 76)])
  covered.writeUInt16BE(bytes - 20, 2)
  const signature = createHmac('sha1', PASSWORD).update(covered).digest()
  return Buffer.concat([covered, Buffer.from([0x00, 0x08, 0, 20]), signature])
}

test('what is larger than any check has to be is not read, whoever signed it', () => {
  assert.equal(mendTieBreaker(padded(PROCESS_LIMITS.checkBytes), passwordOf)?.ufrag, 'evtj')
  assert.equal(mendTieBreaker(padded(PROCESS_LIMITS.checkBytes + 4), passwordOf), undefined)
})
