import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { MediaError } from '../../../error.ts'
import { RTMP_LIMITS } from '../limits.ts'
import { ChunkDecoder } from './decoder.ts'
import { ChunkEncoder } from './encoder.ts'
import type { RtmpMessage } from './message.ts'
import { TimestampUnwrapper } from './timestamp.ts'

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(/[^0-9a-f]/g, ''), 'hex'))

function decode(bytes: Uint8Array, step = bytes.byteLength, chunkSize = 128): RtmpMessage[] {
  const decoder = new ChunkDecoder(RTMP_LIMITS)
  decoder.chunkSize = chunkSize
  const messages: RtmpMessage[] = []
  for (let at = 0; at < bytes.byteLength; at += step) {
    // A copy each time: the decoder may not hold on to its input.
    const piece = bytes.slice(at, at + step)
    decoder.push(piece, (message) => messages.push(message))
    piece.fill(0xee)
  }
  assert.ok(decoder.pendingBytes >= 0)
  return messages
}

const message = (type: number, timestamp: number, payload: string, streamId = 1): RtmpMessage => ({
  type,
  timestamp,
  streamId,
  payload: hex(payload),
})

/** Every header form, with the messages they make. */
const golden: readonly { name: string; bytes: string; messages: readonly RtmpMessage[] }[] = [
  {
    name: 'type 0: everything',
    // csid 4 | timestamp 10 | length 2 | type 9 | stream 1 little-endian | payload
    bytes: '04 00000a 000002 09 01000000 aabb',
    messages: [message(9, 10, 'aabb')],
  },
  {
    name: 'type 1: delta, new length and type',
    bytes: '04 00000a 000002 09 01000000 aabb  44 000005 000001 08 cc',
    messages: [message(9, 10, 'aabb'), message(8, 15, 'cc')],
  },
  {
    name: 'type 2: delta only',
    bytes: '04 00000a 000002 09 01000000 aabb  84 000007 ccdd',
    messages: [message(9, 10, 'aabb'), message(9, 17, 'ccdd')],
  },
  {
    name: 'type 3 starts a message with the last delta',
    bytes: '04 00000a 000001 09 01000000 aa  84 000007 bb  c4 cc',
    messages: [message(9, 10, 'aa'), message(9, 17, 'bb'), message(9, 24, 'cc')],
  },
  {
    name: 'type 3 behind type 0 takes a small absolute timestamp as delta, as ffmpeg writes it',
    bytes: '04 000017 000001 08 01000000 aa  c4 bb',
    messages: [message(8, 23, 'aa'), message(8, 46, 'bb')],
  },
  {
    name: 'type 3 behind type 0 means the same time where the timestamp is no sensible delta, as librtmp writes it',
    bytes: '04 010000 000001 08 01000000 aa  c4 bb',
    messages: [message(8, 65_536, 'aa'), message(8, 65_536, 'bb')],
  },
  {
    name: 'chunk stream ids of two and three bytes',
    // 64 + 6 = 70; 64 + 2 + 1 × 256 = 322
    bytes: '00 06 000000 000001 08 01000000 aa  01 02 01 000000 000001 08 01000000 bb',
    messages: [message(8, 0, 'aa'), message(8, 0, 'bb')],
  },
  {
    name: 'an empty message',
    bytes: '04 000005 000000 09 01000000  84 000005',
    messages: [message(9, 5, ''), message(9, 10, '')],
  },
  {
    name: 'extended timestamp',
    bytes: '04 ffffff 000001 09 01000000 01000000 aa',
    messages: [message(9, 0x01000000, 'aa')],
  },
  {
    name: 'extended delta, also in the type 3 chunk that starts the next message',
    bytes: '04 000000 000001 09 01000000 aa  84 ffffff 01000000 bb  c4 01000000 cc',
    messages: [message(9, 0, 'aa'), message(9, 0x01000000, 'bb'), message(9, 0x02000000, 'cc')],
  },
]

describe('chunk decoder', () => {
  for (const { name, bytes, messages } of golden) {
    test(name, () => {
      for (const step of [1000, 1, 2, 3, 5]) assert.deepEqual(decode(hex(bytes), step), messages)
    })
    test(`${name}: cut anywhere, nothing is made up`, () => {
      const whole = hex(bytes)
      for (let cut = 0; cut < whole.byteLength; cut++) {
        const decoder = new ChunkDecoder(RTMP_LIMITS)
        const got: RtmpMessage[] = []
        decoder.push(whole.subarray(0, cut), (m) => got.push(m))
        assert.deepEqual(got, messages.slice(0, got.length))
        decoder.push(whole.subarray(cut), (m) => got.push(m))
        assert.deepEqual(got, messages)
      }
    })
  }

  test('messages of several chunk streams are put together although their chunks alternate', () => {
    const bytes = hex(`
      04 000000 000005 09 01000000 0102
      05 000000 000003 08 01000000 a1a2
      c4 0304  c5 a3  c4 05`)
    for (const step of [1000, 1]) {
      assert.deepEqual(decode(bytes, step, 2), [message(8, 0, 'a1a2a3'), message(9, 0, '0102030405')])
    }
  })

  test('a repeated extended timestamp is taken off, and its absence is noticed', () => {
    const head = '04 ffffff 000006 09 01000000 01000010 0102'
    const want = [message(9, 0x01000010, '010203040506')]
    for (const step of [1000, 1, 3]) {
      assert.deepEqual(decode(hex(`${head} c4 01000010 0304 c4 01000010 0506`), step, 2), want)
    }
    // Without the repetition four bytes must follow before it can be told: they come with the next message.
    const next = '04 ffffff 000001 09 01000000 01000020 aa'
    for (const step of [1000, 1, 3]) {
      const got = decode(hex(`${head} c4 0304 c4 0506 ${next}`), step, 2)
      assert.deepEqual(got, [...want, message(9, 0x01000020, 'aa')])
    }
  })

  test('abort drops the partial message of one chunk stream', () => {
    const decoder = new ChunkDecoder(RTMP_LIMITS)
    decoder.chunkSize = 2
    const got: RtmpMessage[] = []
    decoder.push(hex('04 000000 000004 09 01000000 0102'), (m) => got.push(m))
    assert.equal(decoder.pendingBytes, 4)
    decoder.abort(4)
    decoder.abort(9)
    assert.equal(decoder.pendingBytes, 0)
    decoder.push(hex('04 000001 000001 09 01000000 aa'), (m) => got.push(m))
    assert.deepEqual(got, [message(9, 1, 'aa')])
  })

  test('a header that starts over drops the partial message before it', () => {
    assert.deepEqual(decode(hex('04 000000 000004 09 01000000 0102 04 000001 000001 09 01000000 aa'), 1000, 2), [
      message(9, 1, 'aa'),
    ])
  })

  test('timestamps wrap within 32 bits', () => {
    const bytes = '04 ffffff 000001 09 01000000 fffffffe aa  84 000005 bb'
    assert.deepEqual(decode(hex(bytes)), [message(9, 0xfffffffe, 'aa'), message(9, 3, 'bb')])
  })

  test('a message above the limit is refused by its header, before it is allocated', () => {
    const decoder = new ChunkDecoder(RTMP_LIMITS)
    decoder.maxMessageBytes = 1000
    assert.throws(() => decoder.push(hex('04 000000 0003e9 09 01000000'), () => {}), code('too-large'))
  })

  test('the sum of partial messages is bounded', () => {
    const decoder = new ChunkDecoder(RTMP_LIMITS)
    decoder.maxPendingBytes = 1000
    decoder.chunkSize = 1
    decoder.push(hex('04 000000 000300 09 01000000 aa'), () => {})
    assert.throws(() => decoder.push(hex('05 000000 000300 09 01000000 aa'), () => {}), code('too-large'))
  })

  test('the number of chunk streams is bounded', () => {
    const decoder = new ChunkDecoder({ ...RTMP_LIMITS, chunkStreams: 2 })
    decoder.push(hex('04 000000 000000 09 01000000 05 000000 000000 09 01000000'), () => {})
    assert.throws(() => decoder.push(hex('06 000000 000000 09 01000000'), () => {}), code('too-large'))
  })

  test('messages begun and never finished are bounded', () => {
    const decoder = new ChunkDecoder({ ...RTMP_LIMITS, abandonedMessages: 2 })
    const begin = hex('04 000000 0fffff 09 01000000 aa')
    decoder.chunkSize = 1
    for (let i = 0; i < 3; i++) decoder.push(begin, () => {})
    assert.throws(() => decoder.push(begin, () => {}), code('too-large'))
  })

  test('types 2 and 3 on a new chunk stream are malformed', () => {
    assert.throws(() => decode(hex('84 000000')), code('malformed'))
    assert.throws(() => decode(hex('c4')), code('malformed'))
  })
})

describe('chunk encoder', () => {
  test('writes type 0, then type 1, then type 0 when time goes back', () => {
    const encoder = new ChunkEncoder()
    const bytes = [
      ...encoder.encode(4, message(9, 10, 'aabb')),
      ...encoder.encode(4, message(8, 15, 'cc')),
      ...encoder.encode(4, message(8, 12, 'dd')),
    ]
    assert.deepEqual(
      new Uint8Array(Buffer.concat(bytes)),
      hex('04 00000a 000002 09 01000000 aabb  44 000005 000001 08 cc  04 00000c 000001 08 01000000 dd'),
    )
  })

  test('splits at the chunk size and repeats the extended timestamp', () => {
    const encoder = new ChunkEncoder()
    encoder.chunkSize = 2
    assert.deepEqual(
      new Uint8Array(Buffer.concat(encoder.encode(4, message(9, 0x01000000, '0102030405')))),
      hex('04 ffffff 000005 09 01000000 01000000 0102 c4 01000000 0304 c4 01000000 05'),
    )
  })

  test('large payloads are sent as views, not copies', () => {
    const encoder = new ChunkEncoder()
    encoder.chunkSize = 65_536
    const payload = new Uint8Array(5000)
    const [, body] = encoder.encode(4, { type: 9, timestamp: 0, streamId: 1, payload })
    assert.equal(body?.buffer, payload.buffer)
  })

  test('what it writes, the decoder reads, at any chunk size and across the wrap', () => {
    for (const chunkSize of [1, 2, 100, 128, 4096]) {
      const encoder = new ChunkEncoder()
      encoder.chunkSize = chunkSize
      const sent: RtmpMessage[] = []
      for (let i = 0; i < 30; i++) {
        const payload = Uint8Array.from({ length: (i * 37) % 300 }, (_, n) => n & 255)
        sent.push({ type: i % 2 ? 8 : 9, timestamp: (0xffffff00 + i * 23) >>> 0, streamId: 1, payload })
      }
      const bytes = new Uint8Array(Buffer.concat(sent.flatMap((m) => encoder.encode(4 + (m.type & 1), m))))
      for (const step of [100_000, 1, 13]) assert.deepEqual(decode(bytes, step, chunkSize), sent)
    }
  })
})

test('unwrapped timestamps go on past 32 bits and back again', () => {
  const unwrapper = new TimestampUnwrapper()
  const input = [0xfffffff0, 0xffffffff, 5, 0xfffffffa, 100]
  assert.deepEqual(
    input.map((value) => unwrapper.unwrap(value)),
    [0xfffffff0, 0xffffffff, 2 ** 32 + 5, 0xfffffffa, 2 ** 32 + 100],
  )
})

function code(expected: string): (error: unknown) => boolean {
  return (error) => error instanceof MediaError && error.code === expected
}
