import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { concatBytes } from '../../bytes/bytes.ts'
import { fromHex } from '../../codecs/h264/fixtures.ts'
import { crc32 } from './crc32.ts'
import { parsePat, printPat } from './pat.ts'
import { parsePmt, printPmt } from './pmt.ts'
import { parseSection, printSection, SectionAssembler } from './section.ts'
import { kindOf, languageOf } from './stream-type.ts'

/**
 * Of ffmpeg 5.1. PAT: table 00; b00d: syntax, 13 bytes; 0001: stream 1; c1: version 0, current; 00 00: section 0 of 0; 0001 f000:
 * programme 1, map on PID 0x1000; CRC.
 */
const PAT = fromHex('00 b00d 0001 c1 00 00 0001 f000 2ab104b2')

const collect = (chunks: readonly (readonly [Uint8Array, boolean])[]): { sections: string[]; bad: number } => {
  const assembler = new SectionAssembler()
  const sections: string[] = []
  let bad = 0
  for (const [payload, start] of chunks) {
    bad += assembler.push(payload, start, (section) => sections.push(Buffer.from(section).toString('hex')))
  }
  return { sections, bad }
}
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
/** A section of so many bytes. */
const long = (bytes: number): Uint8Array =>
  printSection({ tableId: 2, id: 7, version: 3, body: Uint8Array.from({ length: bytes - 12 }, (_, i) => i % 256) })

test('the CRC is that of the standard', () => {
  assert.equal(crc32(new TextEncoder().encode('123456789')), 0x0376e6e7)
  assert.equal(crc32(PAT), 0)
})

describe('sections', () => {
  test('are read and written as ffmpeg does', () => {
    const section = parseSection(PAT)
    assert.deepEqual(section && { ...section, body: hex(section.body) }, {
      tableId: 0,
      id: 1,
      version: 0,
      current: true,
      number: 0,
      body: '0001f000',
    })
    assert.deepEqual(parsePat(section?.body ?? PAT), [{ number: 1, mapPid: 0x1000 }])
    const body = printPat([{ number: 1, mapPid: 0x1000 }])
    assert.equal(hex(printSection({ tableId: 0, id: 1, version: 0, body })), hex(PAT))
  })

  test('with one wrong bit are none', () => {
    for (let i = 0; i < PAT.byteLength; i++) {
      const wrong = PAT.slice()
      wrong[i] = (wrong[i] ?? 0) ^ 4
      assert.equal(parseSection(wrong), undefined)
    }
  })

  test('lie over packets, several in one, behind a pointer, and end where stuffing begins', () => {
    const [a, b, c] = [long(300), long(20), long(15)]
    const whole = concatBytes([a, b, c, new Uint8Array(9).fill(0xff)])
    for (let cut = 1; cut < 300; cut++) {
      const first = concatBytes([Uint8Array.of(0), whole.subarray(0, cut)])
      assert.deepEqual(
        collect([
          [first, true],
          [whole.subarray(cut), false],
        ]).sections,
        [a, b, c].map(hex),
        `${cut}`,
      )
      // The second packet begins a section behind the rest of the first one.
      const second = concatBytes([Uint8Array.of(255), whole.subarray(cut)])
      if (300 - cut < 256) {
        second[0] = 300 - cut
        assert.deepEqual(
          collect([
            [first, true],
            [second, true],
          ]).sections,
          [a, b, c].map(hex),
          `${cut}`,
        )
      }
    }
  })

  test('whose beginning was not there, or that are too long, are left out', () => {
    assert.deepEqual(collect([[long(100), false]]), { sections: [], bad: 0 })
    // Length field of 4095.
    const huge = concatBytes([Uint8Array.of(0, 2, 0xbf, 0xff), new Uint8Array(100)])
    assert.deepEqual(
      collect([
        [huge, true],
        [concatBytes([Uint8Array.of(0), PAT]), true],
      ]),
      {
        sections: [hex(PAT)],
        bad: 1,
      },
    )
    // A pointer past the end of its packet.
    assert.equal(collect([[Uint8Array.of(9, 1, 2), true]]).bad, 1)
  })
})

test('a programme map is read, and its descriptors say what a stream is', () => {
  // e100: clock on PID 0x100; f000: no descriptors of the programme
  // 1b e100 f000: H.264; 0f e101 f006 0a04 64657500: AAC, language deu; 06 e102 f00a 0504 4f707573 7f02 8002: private, "Opus", 2 channels
  // 06 e103 f003 6a01 00: private with DVB's AC-3 descriptor; 06 e104 f004 5902 0000: subtitles
  const body = fromHex(
    'e100 f000 1be100f000 0fe101f006 0a0464657500 06e102f00a 05044f707573 7f028002 06e103f003 6a0100 06e104f004 59020000',
  )
  const map = parsePmt(body)
  assert.equal(map.pcrPid, 0x100)
  assert.deepEqual(
    map.streams.map((stream) => [stream.pid, kindOf(stream).format ?? kindOf(stream).kind]),
    [
      [0x100, 'h264'],
      [0x101, 'aac-adts'],
      [0x102, 'opus'],
      [0x103, 'ac3'],
      [0x104, 'other'],
    ],
  )
  assert.deepEqual(
    map.streams.map(({ descriptors }) => languageOf(descriptors)),
    [undefined, 'deu', undefined, undefined, undefined],
  )
  assert.equal(hex(printPmt(map)), hex(body))
  for (let cut = 0; cut < body.byteLength; cut++) {
    try {
      parsePmt(body.subarray(0, cut))
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'truncated')
    }
  }
})
