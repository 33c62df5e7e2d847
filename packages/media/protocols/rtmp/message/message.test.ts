import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MediaError } from '../../../error.ts'
import { amf0Object } from '../amf0/value.ts'
import type { RtmpMessage } from '../chunk/message.ts'
import { parseAggregate } from './aggregate.ts'
import { parseCommand, printCommand } from './command.ts'
import { type ControlMessage, parseControl, printControl } from './control.ts'
import { parseData, printSetDataFrame } from './data.ts'
import { parseUserControl, printUserControl } from './user-control.ts'

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(/[^0-9a-f]/g, ''), 'hex'))
const wire = (type: number, payload: string, timestamp = 0): RtmpMessage => ({
  type,
  streamId: 0,
  timestamp,
  payload: hex(payload),
})

const controls: readonly [number, string, ControlMessage][] = [
  [1, '00001000', { kind: 'set-chunk-size', bytes: 4096 }],
  [2, '00000004', { kind: 'abort', chunkStreamId: 4 }],
  [3, 'ffffffff', { kind: 'acknowledgement', sequence: 0xffffffff }],
  [5, '002625a0', { kind: 'window-acknowledgement-size', bytes: 2_500_000 }],
  [6, '002625a0 02', { kind: 'set-peer-bandwidth', bytes: 2_500_000, limit: 'dynamic' }],
]

for (const [type, bytes, control] of controls) {
  test(`${control.kind} is parsed and printed to the same bytes, and cut is refused`, () => {
    assert.deepEqual(parseControl(wire(type, bytes)), control)
    assert.deepEqual(printControl(control), wire(type, bytes))
    for (let cut = 0; cut < 4; cut++) {
      const payload = hex(bytes).subarray(0, cut)
      assert.throws(() => parseControl({ ...wire(type, ''), payload }), MediaError)
    }
  })
}

test('chunk sizes of zero and with the top bit are malformed', () => {
  assert.throws(() => parseControl(wire(1, '00000000')), MediaError)
  assert.throws(() => parseControl(wire(1, '80000000')), MediaError)
})

test('set-peer-bandwidth without its limit type is dynamic', () => {
  assert.deepEqual(parseControl(wire(6, '00000001')), { kind: 'set-peer-bandwidth', bytes: 1, limit: 'dynamic' })
})

test('user control messages', () => {
  for (const [kind, bytes] of [
    ['stream-begin', '0000 00000001'],
    ['stream-eof', '0001 00000001'],
    ['ping-request', '0006 00000001'],
    ['ping-response', '0007 00000001'],
  ] as const) {
    assert.deepEqual(parseUserControl(hex(bytes)), { kind, value: 1 })
    assert.deepEqual(printUserControl({ kind, value: 1 }), wire(4, bytes))
  }
  assert.deepEqual(parseUserControl(hex('0003 00000001 00000bb8')), { kind: 'other', value: 0 })
  assert.throws(() => parseUserControl(hex('0006 0000')), MediaError)
})

test('a command both ways', () => {
  // "FCPublish", transaction 3, null, "k"
  const bytes = '02 0009 46435075626c697368 00 4008000000000000 05 02 0001 6b'
  const command = { name: 'FCPublish', transaction: 3, object: null, args: ['k'] }
  assert.deepEqual(parseCommand(wire(20, bytes)), command)
  assert.deepEqual(printCommand(command, 0), wire(20, bytes))
})

test('a command in the AMF3 wrapper is AMF0 behind a zero byte', () => {
  const command = { name: 'publish', transaction: 5, object: null, args: ['k', 'live'] }
  const { payload } = printCommand(command, 1)
  const wrapped = { type: 17, streamId: 1, timestamp: 0, payload: Uint8Array.of(0, ...payload) }
  assert.deepEqual(parseCommand(wrapped), command)
  assert.deepEqual(parseCommand({ ...wrapped, payload }), command)
})

test('a command without a name is malformed', () => {
  assert.throws(() => parseCommand(wire(20, '05')), MediaError)
  assert.throws(() => parseCommand(wire(20, '')), MediaError)
})

test('script data with and without @setDataFrame', () => {
  const data = { name: 'onMetaData', values: [amf0Object({ width: 1280 })] }
  const message = printSetDataFrame(data, 1, 40)
  assert.equal(message.timestamp, 40)
  assert.deepEqual(parseData(message), data)
  // "onMetaData" { } without it
  assert.deepEqual(parseData(wire(18, '02 000a 6f6e4d65746144617461 03 0000 09')), {
    name: 'onMetaData',
    values: [new Map()],
  })
  assert.deepEqual(parseData(wire(18, '05')), { name: '', values: [] })
})

test('an aggregate is its tags, timed from its own timestamp', () => {
  // type | length | time | time high | stream id | payload | back pointer
  const bytes = '08 000001 0003e8 00 000000 aa 0000000c  09 000002 0003fd 00 000000 bbcc 0000000d'
  const want = [
    { type: 8, streamId: 0, timestamp: 5000, payload: hex('aa') },
    { type: 9, streamId: 0, timestamp: 5021, payload: hex('bbcc') },
  ]
  assert.deepEqual([...parseAggregate(wire(22, bytes, 5000))], want)
  assert.deepEqual([...parseAggregate(wire(22, bytes.slice(0, -9), 5000))], want)
  const whole = hex(bytes)
  for (let cut = 1; cut < whole.byteLength - 4; cut++) {
    if (cut === 12 || cut === 16) continue // Ends of the first tag, without and with its back pointer.
    assert.throws(() => [...parseAggregate({ ...wire(22, ''), payload: whole.subarray(0, cut) })], MediaError)
  }
})
