import assert from 'node:assert/strict'
import { test } from 'node:test'
import { audioConfig } from '../packager/fixtures/encoder.ts'
import type { EpochTrack } from '../packager/model.ts'
import { parseSilenceName } from '../packager/silence.ts'
import { epoch } from '../store/fixtures/material.ts'
import { silenceTemplate, withSilence } from './silence.ts'
import type { Stretch } from './stretches.ts'

const [video, audio] = epoch(0).tracks as [EpochTrack, EpochTrack]

/** Pictures of so many seconds, with sound or without. */
function stretch(id: number, from: number, seconds: number, rate?: number): Stretch {
  const like = rate === undefined ? undefined : { ...audio, config: audioConfig(rate), initNumber: rate / 1000 }
  const listed = new Map([
    [video.track, { timescale: 90_000, runs: [{ start: from * 90_000, duration: seconds * 90_000, count: 1 }] }],
  ])
  if (like !== undefined)
    listed.set(like.track, {
      timescale: rate ?? 1,
      runs: [{ start: from * (rate ?? 1), duration: seconds * (rate ?? 1), count: 1 }],
    })
  return { epoch: { ...epoch(id), tracks: like === undefined ? [video] : [video, like] }, listed }
}

test('pictures without sound get silence like the sound before them, at the start like the first that comes', () => {
  const whole = withSilence([
    stretch(0, 0, 5),
    stretch(1, 5, 4, 48_000),
    stretch(2, 9, 600),
    stretch(3, 609, 4, 32_000),
  ])
  assert.deepEqual(
    whole.map(({ listed }) => listed.get(audio.track)?.silence?.initNumber),
    [48, undefined, 48, undefined],
  )
  for (const { epoch: own, listed } of whole) {
    assert.deepEqual(
      own.tracks.map(({ track }) => track),
      [video.track, audio.track],
    )
    const silent = listed.get(audio.track)
    const [run] = silent?.runs ?? []
    if (silent?.silence === undefined || run === undefined) continue
    const end = (run.start + run.count * run.duration) / silent.timescale
    const [pictures] = listed.get(video.track)?.runs ?? []
    const wanted = ((pictures?.start ?? 0) + (pictures?.duration ?? 0)) / 90_000
    assert.ok(Math.abs(end - wanted) < 0.1, `${end} for ${wanted}`)
    assert.ok(run.duration <= 2 * silent.timescale && run.duration % 1024 === 0)
    // Filled in, it is a name of silence.
    const file = silenceTemplate(silent.silence).replace('$RepresentationID$/', '')
    const name = parseSilenceName(file.replace('$Time%010d$', String(run.start).padStart(10, '0')))
    assert.deepEqual(name, { initNumber: 48, start: run.start, duration: run.duration })
  }
})

test('where nothing has sound, or everything has, nothing is added', () => {
  for (const stretches of [[stretch(0, 0, 5), stretch(1, 5, 5)], [stretch(0, 0, 5, 48_000)]]) {
    assert.deepEqual(withSilence(stretches), stretches)
  }
})
