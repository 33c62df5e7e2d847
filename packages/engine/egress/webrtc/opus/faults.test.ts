import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { AUDIO_TRACK } from '@bandstand/media/access-unit.ts'
import { audioConfig } from '../../../packager/fixtures/encoder.ts'
import type { Log } from '../../../ports.ts'
import { OPUS_LIMITS } from '../limits.ts'
import { createOpus } from './opus.ts'

function stage(ffmpeg: string) {
  const at = { now: 0 }
  const failed: string[] = []
  let warnings = 0
  const log: Log = { debug() {}, info() {}, warn: () => void warnings++, error() {} }
  const config = audioConfig()
  const opus = createOpus({
    ffmpeg,
    config,
    onPacket() {},
    onFailed: (reason) => void failed.push(reason),
    log,
    now: () => at.now,
  })
  let dts = 0
  return {
    at,
    failed,
    warnings: () => warnings,
    opus,
    write(bytes = 8) {
      dts += config.frameLength
      opus.write({ track: AUDIO_TRACK, dts, pts: dts, key: true, data: new Uint8Array(bytes), arrivedAt: 0 })
    },
  }
}

test('a program that cannot run is tried again after a rest, a few times, whatever sound comes', async () => {
  const { at, failed, warnings, write } = stage('/nonexistent/ffmpeg')
  for (let tries = 1; tries < OPUS_LIMITS.failures; tries++) {
    for (let n = 0; n < 100 && warnings() < tries; n++) {
      write()
      await sleep(5)
    }
    // It rests.
    write()
    await sleep(5)
    assert.deepEqual([warnings(), failed.length], [tries, 0])
    at.now += OPUS_LIMITS.restartMs * 2 ** tries
  }
  write()
  for (let n = 0; n < 100 && failed.length === 0; n++) await sleep(5)
  assert.equal(failed.length, 1)
})

test('one that is closed says nothing more', async () => {
  const { failed, warnings, opus, write } = stage('/nonexistent/ffmpeg')
  write()
  opus.close()
  write()
  await sleep(5)
  assert.deepEqual([warnings(), failed], [0, []])
})

test('a frame that is longer than any is left out', () => {
  const { opus, write } = stage('ffmpeg')
  write(OPUS_LIMITS.adtsFrameBytes)
  write(OPUS_LIMITS.adtsFrameBytes + 1)
  opus.close()
})
