import assert from 'node:assert/strict'
import { test } from 'node:test'
import { skeleton } from './confusables.ts'
import { printFrame } from './frame.ts'
import { parseName } from './name.ts'
import { parseChatText } from './text.ts'

const nobody = { owner: '', channel: [] }

test('text is one line, composed, without what changes how other text is shown', () => {
  const cases: [string, string | undefined][] = [
    ['  hello \n\t world ', 'hello world'],
    ['e\u0301', 'é'],
    ['a\u202eb\u2066c\u200fd', 'abcd'],
    ['a\u0000\u001b[31mb', 'a[31mb'],
    ['\u{1f469}\u200d\u{1f4bb}', '\u{1f469}\u200d\u{1f4bb}'],
    ['می\u200cخواهم', 'می\u200cخواهم'],
    ['\ud800x', '\ufffdx'],
    ['Z' + '\u0363'.repeat(50), `Z${'\u0363'.repeat(4)}`],
    ['<b>&amp;</b>', '<b>&amp;</b>'],
    ['', undefined],
    [' \u200b\u2060\u3164\u2800 ', undefined],
    ['x'.repeat(500), 'x'.repeat(500)],
    ['x'.repeat(501), undefined],
    ['😀'.repeat(500), '😀'.repeat(500)],
  ]
  for (const [text, expected] of cases) assert.equal(parseChatText(text), expected, JSON.stringify(text))
})

test('names of people are taken as they are', () => {
  const names = [
    'Ada',
    'Jürgen',
    'Ольга',
    '李小龍',
    'محمد',
    'x',
    '7',
    'Downer',
    'Modesto',
    'Adminton',
    'Hostile Harry',
    '😀',
    "O'Neil",
    'Staffan',
    'Systeme D',
    'DJ Вася',
    '東京タワー',
    'ᎣᏏᏲ',
    'ᐊᓐᓇ',
    'Ada 🇩🇪',
    'Ada ❤\ufe0f',
  ]
  for (const name of names) assert.deepEqual(parseName(name, { owner: 'Owner', channel: ['The Channel'] }), { name })
})

test('names that look like the owner, the channel or a title of office are refused', () => {
  const taken = { owner: 'Maria', channel: ['Late Show', 'main'] }
  const names = [
    'owner',
    'Owner',
    'OWNER',
    '0wner',
    'оwnеr',
    'o w n e r',
    'ｏｗｎｅｒ',
    'ównér',
    '𝓞𝔀𝓷𝓮𝓻',
    'The Owner',
    'owner1',
    '★owner★',
    'ovvner',
    'Owиer',
    'ɱain',
    'mɑin',
    'ꓳꓪꓠꓰꓣ',
    'ᎾᎳᏁᎬᎡ',
    'ошиег',
    'ɐdɯin',
    'ƚate show',
    'ownəя',
    'ɔwner',
    'мαριa',
    'ow\u200bner',
    'Maria\u3164',
    'Ma\uffa0ria',
    '\u115fmaria',
    'Late\u1160 Show',
    'Late\u00ad Show',
    'The Ow\u00adner',
    '🇴🇼🇳🇪🇷',
    '🇴 🇼 🇳 🇪 🇷',
    'The 🇴🇼🇳🇪🇷',
    'owner🇩🇪',
    'Maria 🇩🇪',
    '🅾🆆🅽🅴🆁 Ada',
    '🅞🅦🅝🅔🅡 A',
    'ᗝᗯᑎᗴᖇ',
    '〇wner',
    '°wner',
    '∘wner',
    '⭕wner',
    'ᗩᗪᗰIᑎ',
    'admin',
    'аdmin',
    'adrnin',
    'm0derator',
    'mod',
    'Official Ada',
    'BANDSTAND',
    'ᴀᴅᴍɪɴ',
    'Maria',
    'maria',
    'Mаria',
    'M a r i a',
    'Marⅰa',
    'MARlA',
    'late show',
    'LateShow',
    'Late  Sh0w',
  ]
  for (const name of names) assert.equal('refusal' in parseName(name, taken) && 'taken', 'taken', name)
})

test('names that nobody could read are refused', () => {
  for (const name of ['', '   ', '\u200b', '\u202e', '...', '\u3164', 'x'.repeat(31)]) {
    const result = parseName(name, nobody)
    assert.equal('refusal' in result && result.refusal, 'bad-name', JSON.stringify(name))
  }
})

test('a name of characters that stand for whole words is refused, the longest one of Hangul is not', () => {
  for (const taken of [{ owner: 'Owner', channel: [] }, undefined]) {
    const result = parseName('\ufdfa'.repeat(28), taken)
    assert.equal('refusal' in result && result.refusal, 'bad-name')
    const long = '닭'.repeat(30)
    assert.deepEqual(parseName(long, taken), { name: long })
  }
})

test('a name loses what could turn the text around it', () => {
  assert.deepEqual(parseName('Ada\u202e\u0007', nobody), { name: 'Ada' })
})

test('a name loses letters that show nothing, so that none looks like another but for them', () => {
  for (const name of ['Ada\u3164', '\uffa0Ada', 'A\u115fd\u1160a', 'A\u00adda', 'Ada \u3164', 'Ad\u034fa', 'Ada\u180b'])
    assert.deepEqual(parseName(name, nobody), { name: 'Ada' }, JSON.stringify(name))
})

test('a skeleton of a skeleton is itself', () => {
  for (const name of ['Owner', 'Ольга', 'Ill1l', 'rn', 'VV', '李', 'ﬁ', 'Mæstro', 'ẞ', 'Ĳ'])
    assert.equal(skeleton(skeleton(name)), skeleton(name), name)
})

test('frames carry their length as RFC 6455 says', () => {
  const of = (length: number) =>
    printFrame({ type: 'banned', text: 'x'.repeat(length - '{"type":"banned","text":""}'.length) })
  assert.deepEqual([...of(125).subarray(0, 2)], [0x81, 125])
  assert.deepEqual([...of(126).subarray(0, 4)], [0x81, 126, 0, 126])
  assert.deepEqual([...of(65_535).subarray(0, 4)], [0x81, 126, 255, 255])
  assert.deepEqual([...of(65_536).subarray(0, 10)], [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0])
  assert.equal(of(65_536).length, 65_546)
  const text = printFrame({ type: 'banned', text: 'ü😀' })
  assert.equal(text.subarray(2).toString('utf8'), '{"type":"banned","text":"ü😀"}')
})
