import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AssetIndex } from '@bandstand/engine/store/port.ts'
import { pictureSize } from './picture-size.ts'

test('a page goes on without the size when the disk does not answer', { timeout: 30_000 }, async () => {
  assert.equal(await pictureSize({ index: () => new Promise<AssetIndex>(() => {}) }, 'as_1'), undefined)
})

test('what cannot be read has no size', async () => {
  const failing = () => Promise.reject(new TypeError('injected'))
  assert.equal(await pictureSize({ index: failing }, 'as_1'), undefined)
  assert.equal(await pictureSize({ index: async () => undefined }, 'as_1'), undefined)
})
