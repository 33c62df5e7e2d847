import assert from 'node:assert/strict'
import { test } from 'node:test'
import { h264Level } from './level.ts'

test('the level follows from size, rate and bitrate', () => {
  assert.equal(h264Level(640, 360, 30, 1e6), 30)
  assert.equal(h264Level(854, 480, 24, 1e6), 30)
  assert.equal(h264Level(854, 480, 30, 1e6), 31)
  assert.equal(h264Level(1280, 720, 30, 3e6), 31)
  assert.equal(h264Level(1280, 720, 30.2, 3e6), 31)
  assert.equal(h264Level(1280, 720, 60, 3e6), 32)
  assert.equal(h264Level(1920, 1080, 30, 6e6), 40)
  assert.equal(h264Level(1920, 1080, 60, 6e6), 42)
  assert.equal(h264Level(640, 360, 30, 20e6), 32)
  assert.equal(h264Level(7680, 4320, 120, 1e6), 52)
})
