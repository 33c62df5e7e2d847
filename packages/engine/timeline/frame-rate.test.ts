import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { encode, videoConfig } from '../packager/fixtures/encoder.ts'
import { createStudio } from '../packager/fixtures/studio.ts'

/** What is recorded of pictures at 25 a second of which the parameter sets say this. */
function recorded(said: number, seconds = 3) {
  const studio = createStudio()
  studio.connect({ video: videoConfig(0, said) })
  studio.send(encode({ fps: 25, seconds }))
  studio.stop()
  const [opened] = studio.recorded.opened
  const track = opened?.tracks.find((one) => one.track === VIDEO_TRACK)
  const [config] = studio.recorded.epochs.flatMap(({ tracks }) => tracks.map((one) => one.config))
  return { frameRate: config?.kind === 'video' && config.frameRate, frameDuration: track?.frameDuration ?? 0, studio }
}

test('a frame rate that the pictures bear out is recorded as the parameter sets say it', () => {
  assert.equal(recorded(25).frameRate, 25)
  assert.equal(recorded(25.000_01).frameRate, 25.000_01)
})

test('one that is nonsense is recorded as it was measured', () => {
  for (const said of [2e-10, 12.5, 50, 90_000]) assert.equal(recorded(said).frameRate, 25, `${said}`)
})

test('one that is nonsense decides nothing where too few pictures come to measure them', () => {
  for (const said of [2e-10, 90_000]) {
    const { frameRate, frameDuration, studio } = recorded(said, 0.05)
    assert.deepEqual([frameRate, frameDuration], [30, 1 / 30], `${said}`)
    assert.equal(studio.timing?.partTarget, 0.35)
  }
})
