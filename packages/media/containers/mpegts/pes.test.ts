import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { concatBytes } from '../../bytes/bytes.ts'
import { fromHex } from '../../codecs/h264/fixtures.ts'
import { MediaError } from '../../error.ts'
import { parsePesHeader, printPesHeader } from './pes.ts'
import { PesAssembler } from './pes-assembler.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

describe('header', () => {
  test('both times are read and written', () => {
    // 000001 e0: video; 0000: no length; 84: aligned; c0: PTS and DTS; 0a: 10 bytes of them
    // PTS 133200 = 0x20850: 31 0009 10a1; DTS 126000 = 0x1ec30: 11 0007 d861
    const bytes = fromHex('000001e0 0000 84 c0 0a 31000910a1 110007d861')
    assert.deepEqual(parsePesHeader(bytes), { bytes: 19, pts: 133_200, dts: 126_000 })
    assert.equal(hex(printPesHeader(0xe0, { pts: 133_200, dts: 126_000 }, 70_000)), hex(bytes))
  })

  test('a decode time that is the presentation time is left out, and the length is told where it fits', () => {
    const bytes = printPesHeader(0xc0, { pts: 2 ** 33 - 1, dts: 2 ** 33 - 1 }, 100)
    assert.equal(hex(bytes), '000001c0006c8480052fffffffff')
    assert.deepEqual(parsePesHeader(bytes), { bytes: 14, pts: 2 ** 33 - 1, dts: 2 ** 33 - 1 })
  })

  test('times beyond the counter, and before it, are written within it', () => {
    assert.equal(parsePesHeader(printPesHeader(0xc0, { pts: 2 ** 33 + 5, dts: 2 ** 33 + 5 }, 1)).pts, 5)
    assert.equal(parsePesHeader(printPesHeader(0xc0, { pts: -1, dts: -1 }, 1)).pts, 2 ** 33 - 1)
  })

  test('what contradicts itself is refused', () => {
    const refused = (bytes: string, code: string): void =>
      assert.throws(
        () => parsePesHeader(fromHex(bytes)),
        (error) => error instanceof MediaError && error.code === code,
      )
    refused('000001e0 0000 84 c0', 'truncated')
    refused('000002e0 0000 84 00 00', 'malformed')
    refused('000001e0 0000 44 00 00', 'malformed')
    refused('000001e0 0000 b4 00 00', 'unsupported')
    refused('000001e0 0000 84 c0 05 31000910a1', 'malformed')
    refused('000001e0 0000 84 80 05 3100', 'truncated')
  })
})

describe('assembly', () => {
  const HEADER = 14

  function assemble(limit = 1000, cuts = true): { assembler: PesAssembler; seen: string[] } {
    const seen: string[] = []
    const assembler = new PesAssembler(limit, cuts, {
      onPacket: (packet, continues) => seen.push(`${packet.byteLength - HEADER}${continues ? '+' : ''}`),
      onLoss: () => seen.push('loss'),
    })
    return { assembler, seen }
  }
  const packet = (payload: number, stated = payload): Uint8Array =>
    concatBytes([printPesHeader(0xe0, { pts: 0, dts: 0 }, stated), new Uint8Array(payload)])
  const timeless = fromHex('000001e0 0000 80 00 00 0000000000')

  test('a packet that says its length is whole when it is there, one that does not when the next begins', () => {
    const { assembler, seen } = assemble()
    assembler.push(packet(100).subarray(0, 60), true)
    assembler.push(packet(100).subarray(60), false)
    assert.deepEqual(seen, ['100'])
    assembler.push(packet(50, 70_000), true)
    assert.deepEqual(seen, ['100'])
    assembler.push(packet(60, 70_000), true)
    assert.deepEqual(seen, ['100', '50'])
    assembler.flush()
    assert.deepEqual(seen, ['100', '50', '60'])
  })

  test('bytes behind the stated end, or before any beginning, are left out', () => {
    const { assembler, seen } = assemble()
    assembler.push(new Uint8Array(184), false)
    assembler.push(concatBytes([packet(20), new Uint8Array(9)]), true)
    assembler.push(new Uint8Array(184), false)
    assert.deepEqual(seen, ['20'])
  })

  test('one that is shorter than it says, or too large, is a loss', () => {
    const { assembler, seen } = assemble(300)
    assembler.push(packet(20, 50), true)
    assembler.push(packet(20, 70_000), true)
    for (let i = 0; i < 4; i++) assembler.push(new Uint8Array(184), false)
    assembler.push(packet(5), true)
    assert.deepEqual(seen, ['loss', 'loss', '5'])
  })

  test('after the first packet without a time the next one is waited for', () => {
    const { assembler, seen } = assemble()
    assembler.push(packet(20), true)
    assembler.push(timeless, true)
    assembler.push(packet(30), true)
    assert.deepEqual(seen, ['20', '0'])
    assembler.push(timeless, true)
    assert.deepEqual(seen, ['20', '0', '30+'])
  })

  test('sound without a time is not waited for', () => {
    const { assembler, seen } = assemble(1000, false)
    assembler.push(packet(20), true)
    assembler.push(timeless, true)
    assembler.push(packet(30), true)
    assert.deepEqual(seen, ['20', '0', '30'])
  })

  test('what was begun before a loss is forgotten', () => {
    const { assembler, seen } = assemble()
    assembler.push(packet(20, 50), true)
    assembler.lose()
    assembler.push(new Uint8Array(30), false)
    assembler.push(packet(9), true)
    assert.deepEqual(seen, ['9'])
  })
})
