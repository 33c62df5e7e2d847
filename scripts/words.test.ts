import assert from 'node:assert/strict'
import { it } from 'node:test'
import { findWords } from './words.ts'

it('names the line of a private path, a registry and a key', () => {
  // Put together here, so that this file passes the check itself.
  const key = ['-----BEGIN', 'PRIVATE', 'KEY-----'].join(' ')
  const text = ['fine', ['', 'home', 'ada', 'x'].join('/'), ['https://registry', 'npmjs', 'org/a'].join('.'), key]
  assert.deepEqual(
    findWords('a.md', text.join('\n')).map((line) => line.split('  ')[0]),
    ['a.md:2', 'a.md:3', 'a.md:4'],
  )
})

it('leaves addresses and system folders alone', () => {
  assert.deepEqual(findWords('a.md', 'see https://example.org/home/page and /etc/nginx/nginx.conf, ./homework/x'), [])
})
