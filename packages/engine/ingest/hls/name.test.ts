import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cleanPath, resolvePath } from './name.ts'

test('a name is relative to the playlist that has it, percent-encoding is undone once, a query is passed over', () => {
  assert.deepEqual(resolvePath('out.m3u8', 's1.ts'), { name: 's1.ts' })
  assert.deepEqual(resolvePath('a/b/out.m3u8', '../c/s%201.ts?token=x#y'), { name: 'a/c/s 1.ts' })
  assert.deepEqual(resolvePath('a b/ü.m3u8', './s%2525.ts'), { name: 'a b/s%25.ts' })
  assert.deepEqual(cleanPath('v0/./x//list.m3u8'), { name: 'v0/x/list.m3u8' })
})

test('of an address it says the server and the file, and nothing between that may be a key', () => {
  for (const uri of [
    'http://live.example:8080/ingest/hls/secret-key-1/s1.ts',
    '//user:secret-key-1@live.example/s1.ts',
    '/ingest/hls/secret-key-1/s1.ts?x=secret-key-1',
    '/ingest/hls/secret-key-1',
    'http://live.example/ingest/hls/secret-key-1',
    '../secret-key-1/../../s1.ts',
    'secret-key-1%zz/s1.ts',
  ]) {
    const resolved = resolvePath('out.m3u8', uri)
    assert.ok('fault' in resolved)
    assert.doesNotMatch(resolved.fault, /secr/, uri)
  }
  const elsewhere = resolvePath('out.m3u8', 'http://live.example:8080/a/b/s1.ts')
  assert.ok('fault' in elsewhere && elsewhere.fault.includes('(live.example:8080/…/s1.ts)'))
})

test('what leaves the tree, or is not in it, is told in words', () => {
  const table: [string, RegExp][] = [
    ['../s1.ts', /leads out/],
    ['a/../../s1.ts', /leads out/],
    ['%2e%2e/s1.ts', /leads out/],
    ['..%2fs1.ts', /no file may have/],
    ['%2e%2e%5cs1.ts', /no file may have/],
    ['..\\s1.ts', /no file may have/],
    ['s1.ts%00.m4s', /no file may have/],
    ['s%0a1.ts', /no file may have/],
    ['/etc/passwd', /absolute path/],
    ['http://elsewhere.example/s1.ts', /names a file elsewhere.*without a base URL/],
    ['//elsewhere.example/s1.ts', /names a file elsewhere/],
    ['file:///etc/passwd', /names a file elsewhere/],
    ['%zz.ts', /percent-encoded/],
    ['', /empty/],
    ['.', /empty/],
    ['?x', /empty/],
    ['x'.repeat(300), /too long/],
    ['x/'.repeat(20), /folders/],
    ['x'.repeat(5_000), /characters/],
  ]
  for (const [uri, fault] of table) {
    const resolved = resolvePath('out.m3u8', uri)
    assert.ok('fault' in resolved && fault.test(resolved.fault), `${uri.slice(0, 40)}: ${JSON.stringify(resolved)}`)
  }
})
