import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from './limits.ts'
import { isPlainName, readPathNames } from './path-names.ts'

test('reads the owner and the rest, and passes a token over', () => {
  assert.deepEqual(readPathNames('/live/main/a/b', '/live/'), { owner: 'main', rest: ['a', 'b'] })
  assert.deepEqual(readPathNames('/vod/as_1/t/x.Y~z/a', '/vod/'), { owner: 'as_1', rest: ['a'] })
  assert.deepEqual(readPathNames('/vod/as_1', '/vod/'), { owner: 'as_1', rest: [] })
  assert.equal(readPathNames('/vodka/a', '/vod/'), undefined)
})

test('refuses what cannot be a token', () => {
  for (const token of ['', 'a%2e', 'ä', 'x'.repeat(limits.token + 1)]) {
    assert.equal(readPathNames(`/live/main/t/${token}/index.m3u8`, '/live/'), undefined, token)
  }
  assert.equal(readPathNames('/live/main/t', '/live/'), undefined)
})

test('a path of many names is not split to its end', () => {
  assert.equal(readPathNames(`/live/a${'/b'.repeat(10_000)}`, '/live/')?.rest.length, 6)
})

test('a plain name has no escapes, no capitals and no dot at its start', () => {
  assert.ok(isPlainName('p0001.m4s'))
  for (const name of ['', '.', '..', '.a', 'A', 'a%20b', 'a b', 'a'.repeat(129)]) assert.ok(!isPlainName(name), name)
})
