import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MediaError } from '../../../error.ts'
import { decodeAmf0 } from './decode.ts'
import { encodeAmf0 } from './encode.ts'
import { type Amf0Value, amf0Object, EcmaArray, stringField } from './value.ts'

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(/[^0-9a-f]/g, ''), 'hex'))

const golden: readonly [string, string, Amf0Value][] = [
  ['number', '00 3ff8000000000000', 1.5],
  ['boolean', '01 01', true],
  ['string', '02 0003 c3a962', 'éb'],
  ['object', '03 0001 61 00 4000000000000000 0000 09', amf0Object({ a: 2 })],
  ['null', '05', null],
  ['undefined', '06', undefined],
  ['ECMA array', '08 00000001 0001 61 01 00 0000 09', new EcmaArray([['a', false]])],
  ['strict array', '0a 00000002 05 02 0001 78', [null, 'x']],
  ['date', '0b 4276a43d7c2c0000 0000', new Date('2019-04-22T06:59:34.720Z')],
  ['nested object', '03 0001 6f 03 0000 09 0000 09', amf0Object({ o: amf0Object({}) })],
]

for (const [name, bytes, value] of golden) {
  test(`${name} is decoded and encoded to the same bytes`, () => {
    assert.deepEqual(decodeAmf0(hex(bytes)), [value])
    assert.deepEqual(encodeAmf0([value]), hex(bytes))
  })
}

test('an ECMA array is told apart from an object', () => {
  assert.ok(decodeAmf0(hex('08 00000000 0000 09'))[0] instanceof EcmaArray)
  assert.ok(!(decodeAmf0(hex('03 0000 09'))[0] instanceof EcmaArray))
})

test('strings above 65 535 bytes become long strings', () => {
  const text = 'x'.repeat(65_536)
  const bytes = encodeAmf0([text])
  assert.deepEqual(bytes.subarray(0, 5), hex('0c 00010000'))
  assert.deepEqual(decodeAmf0(bytes), [text])
})

test('what is decoded only: XML as text, typed object without class, unsupported', () => {
  assert.deepEqual(decodeAmf0(hex('0f 00000002 3c3e')), ['<>'])
  assert.deepEqual(decodeAmf0(hex('10 0001 43 0001 61 05 0000 09')), [amf0Object({ a: null })])
  assert.deepEqual(decodeAmf0(hex('0d')), [undefined])
})

test('the count of an ECMA array is a hint, and its end marker may be missing at the end of a message', () => {
  assert.deepEqual(decodeAmf0(hex('08 00000000 0001 61 05 0000 09')), [new EcmaArray([['a', null]])])
  assert.deepEqual(decodeAmf0(hex('08 00000001 0001 61 05')), [new EcmaArray([['a', null]])])
})

test('an object name cannot reach the prototype', () => {
  const [value] = decodeAmf0(encodeAmf0([new Map([['__proto__', amf0Object({ admin: true })]])]))
  assert.equal(({} as Record<string, unknown>)['admin'], undefined)
  assert.equal(stringField(value, 'admin'), '')
})

test('nesting beyond the limit is refused in both directions', () => {
  const deep = hex(`${'0a00000001'.repeat(17)}05`)
  assert.throws(() => decodeAmf0(deep), code('too-large'))
  let value: Amf0Value = null
  for (let i = 0; i < 17; i++) value = [value]
  assert.throws(() => encodeAmf0([value]), code('too-large'))
})

test('more values than the limit are refused', () => {
  assert.throws(() => decodeAmf0(new Uint8Array(5000).fill(5)), code('too-large'))
})

test('an array that claims more values than there are bytes is refused before it is built', () => {
  assert.throws(() => decodeAmf0(hex('0a ffffffff 05')), code('truncated'))
})

test('references and AMF3 values are unsupported, unknown markers malformed', () => {
  assert.throws(() => decodeAmf0(hex('07 0000')), code('unsupported'))
  assert.throws(() => decodeAmf0(hex('11 01')), code('unsupported'))
  assert.throws(() => decodeAmf0(hex('12')), code('malformed'))
})

test('a message cut anywhere throws truncated or gives the values before the cut', () => {
  const whole = encodeAmf0(['connect', 1, amf0Object({ app: 'live', n: [1, null], d: new Date(0) })])
  for (let cut = 0; cut < whole.byteLength; cut++) {
    try {
      assert.ok(decodeAmf0(whole.subarray(0, cut)).length <= 2)
    } catch (error) {
      code('truncated')(error)
    }
  }
})

function code(expected: string): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof MediaError)
    assert.equal(error.code, expected)
    return true
  }
}
