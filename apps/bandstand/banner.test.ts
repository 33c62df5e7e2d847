import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printBanner } from './banner.ts'
import { loadSettings } from './settings/load.ts'

const banner = (args: readonly string[], rtmps?: string) =>
  printBanner({
    settings: loadSettings({ args, env: {}, cwd: '/nonexistent' }).settings,
    addresses: { http: '0.0.0.0:8080', rtmp: '0.0.0.0:1935', ...(rtmps !== undefined && { rtmps }) },
    demo: false,
    firstStart: undefined,
    version: '1',
  })

test('links are of the address that viewers use, with a slash at its end or without', () => {
  for (const url of ['https://live.example.org', 'https://live.example.org/']) {
    const text = banner(['--public-url', url])
    assert.match(text, /Watch +https:\/\/live\.example\.org\/\n/)
    assert.match(text, /Studio +https:\/\/live\.example\.org\/studio\n/)
    assert.match(text, /OBS server +rtmp:\/\/live\.example\.org:1935\/live\n/)
  }
  assert.match(banner([]), /Studio +http:\/\/localhost:8080\/studio\n/)
})

test('RTMPS has a line of its own where there is a certificate', () => {
  assert.doesNotMatch(banner([]), /rtmps/)
  assert.match(banner([], '0.0.0.0:1936'), /encrypted +rtmps:\/\/localhost:1936\/live\n/)
  assert.match(
    banner(['--public-url', 'https://live.example.org'], '0.0.0.0:1936'),
    /encrypted +rtmps:\/\/live\.example\.org:1936\/live\n/,
  )
})
