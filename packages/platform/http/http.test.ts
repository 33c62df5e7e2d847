import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ERROR_CODES } from '@bandstand/contract/errors.ts'
import { printCookie, readCookie } from './cookie.ts'
import { isOwnOrigin } from './origin.ts'
import { statusOf } from './problem.ts'

test('a cookie is found among others and not by a part of its name', () => {
  assert.equal(readCookie('a=1; bandstand=x-y; b=2', 'bandstand'), 'x-y')
  assert.equal(readCookie('xbandstand=1; bandstand2=2', 'bandstand'), undefined)
  assert.equal(readCookie('bandstand', 'bandstand'), undefined)
  assert.equal(readCookie(undefined, 'bandstand'), undefined)
  assert.equal(readCookie('a=b=c', 'a'), 'b=c')
})

test('cookies are out of reach of scripts and other sites', () => {
  assert.equal(
    printCookie('a', 'b', { maxAge: 5, secure: true }),
    'a=b; Path=/; Max-Age=5; HttpOnly; SameSite=Strict; Secure',
  )
})

test('pages of other sites are refused, own pages and programs are not', () => {
  const base = { origin: undefined, site: undefined, host: 'live.example.org', publicUrl: undefined }
  const own = ['http://live.example.org', 'https://live.example.org']
  for (const origin of own) assert.equal(isOwnOrigin({ ...base, origin }), true, origin)
  const others = [
    'https://evil.example',
    'https://live.example.org.evil.example',
    'https://live.example.org:8443',
    'null',
    '',
    'file://',
  ]
  for (const origin of others) assert.equal(isOwnOrigin({ ...base, origin }), false, origin)
  assert.equal(isOwnOrigin(base), true)
  assert.equal(isOwnOrigin({ ...base, site: 'cross-site' }), false)
  assert.equal(isOwnOrigin({ ...base, site: 'same-site' }), false)
  assert.equal(isOwnOrigin({ ...base, site: 'same-origin' }), true)
  assert.equal(isOwnOrigin({ ...base, host: 'inner:8080', origin: 'https://a.org', publicUrl: 'https://a.org/' }), true)
})

test('every code has a status', () => {
  for (const code of ERROR_CODES) assert.ok(statusOf(code) >= 400, code)
})
