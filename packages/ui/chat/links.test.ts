import assert from 'node:assert/strict'
import { test } from 'node:test'
import { find } from 'linkifyjs'
import { mayHoldLink, stretches } from './links.ts'

const links = (text: string) => stretches(text, (t) => find(t, { defaultProtocol: 'https' })).filter((s) => s.href)

test('a web address becomes a link and the text around it stays', () => {
  assert.deepEqual(
    stretches('see https://example.com/a?b=1, ok', (t) => find(t)),
    [{ text: 'see ' }, { text: 'https://example.com/a?b=1', href: 'https://example.com/a?b=1' }, { text: ', ok' }],
  )
})

test('a bare host leads to https', () => {
  assert.equal(links('www.example.com')[0]?.href, 'https://www.example.com/')
})

test('nothing but http and https becomes a link', () => {
  for (const text of [
    'javascript:alert(1)',
    'data:text/html,x',
    'mailto:a@example.com',
    'ftp://example.com',
    'a@b.com',
  ]) {
    assert.deepEqual(links(text), [], text)
  }
})

test('an address with a user name stays text', () => {
  assert.deepEqual(links('https://bank.example@evil.example/'), [])
})

test('the text is never lost or doubled', () => {
  for (const text of [
    '',
    'a',
    'x.co',
    'https://a.example https://b.example',
    '<b>http://a.example</b>',
    'é…https://ü.example…',
  ]) {
    const joined = stretches(text, (t) => find(t)).map((s) => s.text)
    assert.equal(joined.join(''), text)
  }
})

test('ordinary talk does not load the link finder', () => {
  assert.equal(mayHoldLink('hello there. How are you?'), false)
  assert.equal(mayHoldLink('example.com'), true)
})
