import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromHex } from '../../codecs/h264/fixtures.ts'
import { emptyPacket, PACKET, parsePacket, type TsPacket } from './packet.ts'
import { packetize } from './packetize.ts'

function parse(head: string): TsPacket {
  const bytes = new Uint8Array(PACKET + 2).fill(0xff)
  bytes.set(fromHex(head), 2)
  const packet = emptyPacket()
  parsePacket(bytes, 2, packet)
  return packet
}

test('a packet with payload alone', () => {
  // 47 sync; 4100: start, PID 0x100; 1b: payload only, counter 11
  assert.deepEqual(parse('47 41 00 1b'), {
    pid: 0x100,
    damaged: false,
    start: true,
    scrambled: false,
    counter: 11,
    discontinuity: false,
    from: 6,
    to: 190,
  })
})

test('an adaptation field moves the payload, and its flags are read', () => {
  // 3f: adaptation field and payload, counter 15; 07: its length; 90: discontinuity, PCR
  const packet = parse('47 1f fe 3f 07 90 00 00 00 00 7e 00')
  assert.deepEqual([packet.pid, packet.start, packet.discontinuity, packet.from], [0x1ffe, false, true, 2 + 4 + 8])
})

test('a packet with an adaptation field alone has no payload', () => {
  const packet = parse('47 01 00 20 b7 00')
  assert.equal(packet.from, packet.to)
  assert.equal(packet.damaged, false)
})

test('error indicator, scrambling, and an adaptation field past the end are told', () => {
  assert.equal(parse('47 81 00 10').damaged, true)
  assert.equal(parse('47 01 00 90').scrambled, true)
  const packet = parse('47 01 00 30 b8')
  assert.deepEqual([packet.damaged, packet.from === packet.to], [true, true])
})

test('units of every size are laid into packets, filled up, and read back', () => {
  for (let size = 1; size < 600; size++) {
    for (const pcr of [undefined, 2 ** 33 + 5]) {
      const unit = Uint8Array.from({ length: size }, (_, i) => i % 251)
      const options = { pid: 0x123, counter: 14, isRandomAccess: size % 2 === 0, ...(pcr === undefined ? {} : { pcr }) }
      const { bytes, counter } = packetize([unit.subarray(0, size >> 1), unit.subarray(size >> 1)], options)
      assert.equal(bytes.byteLength % PACKET, 0)
      const found: number[] = []
      const packet = emptyPacket()
      for (let at = 0; at < bytes.byteLength; at += PACKET) {
        parsePacket(bytes, at, packet)
        assert.equal(packet.start, at === 0)
        assert.equal(packet.counter, (15 + at / PACKET) & 15)
        found.push(...bytes.subarray(packet.from, packet.to))
      }
      assert.equal(counter, packet.counter)
      assert.deepEqual(found, [...unit])
    }
  }
})

test('a packet for the clock alone has no payload and leaves the counter as it was', () => {
  const { bytes, counter } = packetize([], { pid: 0x100, counter: 7, pcr: 0x1_2345_6789 })
  assert.equal(counter, 7)
  // 27: no payload, counter 7; b7: field of 183 bytes; 10: PCR flag; 33 bits of 0x123456789 and 6 reserved bits, extension 0
  assert.equal(Buffer.from(bytes.subarray(0, 12)).toString('hex'), '47010027b71091a2b3c4fe00')
})
