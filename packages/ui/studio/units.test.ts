import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codecText, rateText, sizeText, slugOf } from './units.ts'

test('sizes', () => {
  assert.equal(sizeText(0), '0\u00a0kB')
  assert.equal(sizeText(1_500_000), '1.5\u00a0MB')
  assert.equal(sizeText(3_400_000_000), '3.4\u00a0GB')
  assert.equal(sizeText(12_000_000_000), '12\u00a0GB')
  assert.equal(sizeText(250_000_000_000), '250\u00a0GB')
  assert.equal(sizeText(1_000_000_000_000), '1\u00a0TB')
})

test('rates', () => {
  assert.equal(rateText(160_000), '160\u00a0kbit/s')
  assert.equal(rateText(2_480_000), '2.5\u00a0Mbit/s')
})

test('codecs are called by the names that encoders use', () => {
  assert.equal(codecText('avc1.64001f'), 'H.264')
  assert.equal(codecText('mp4a.40.2'), 'AAC')
  assert.equal(codecText('mp4a.40.34'), 'MP3')
  assert.equal(codecText('ec-3'), 'E-AC-3')
  assert.equal(codecText('fLaC'), 'FLAC')
  assert.equal(codecText('xyz1.2'), 'xyz1.2')
})

test('a title becomes a name that addresses can hold', () => {
  assert.equal(slugOf('  Café Köln: Late Night! ', []), 'cafe-koln-late-night')
  assert.equal(slugOf(' ', []), '')
  assert.equal(slugOf('日本', ['main']), 'channel-2')
  assert.equal(slugOf('Привет', ['channel-2', 'channel-3']), 'channel-4')
  assert.match(slugOf('a'.repeat(39) + ' b', []), /^[a-z0-9]+(?:-+[a-z0-9]+)*$/)
})
