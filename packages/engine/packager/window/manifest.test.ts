import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AUDIO_TRACK, type TrackId, VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { audioConfig, type EncoderOptions, encode, videoConfig } from '../fixtures/encoder.ts'
import { createStudio, type Studio } from '../fixtures/studio.ts'
import { everything, type WatchedOptions, watchedWindow } from '../fixtures/watched.ts'
import type { LiveWindow } from './window.ts'

/** Key frames at no regular distance, so that nothing is foretold. */
const wild = (picture: number) => [0, 75, 140, 231].includes(picture % 310)
const STEP = 0.2

/** A broadcast whose manifest is looked at five times a second, and whose sound comes late. */
function observed(options: WatchedOptions = {}) {
  let window: LiveWindow | undefined
  const studio: Studio = createStudio({ sinks: (timing) => [(window = watchedWindow({ timing, ...options }))] })
  const seen: string[] = []
  return {
    ...{ studio, seen },
    /** An encoder connects, sends all of it and goes. */
    stream(encoder: EncoderOptions): void {
      studio.connect()
      const begun = studio.now
      const sent = [...encode(encoder)]
        .map(({ unit, at }) => ({ unit, at: unit.track === AUDIO_TRACK ? at + 0.45 : at }))
        .toSorted((a, b) => a.at - b.at)
      for (let from = 0; from < encoder.seconds + 0.5; from += STEP) {
        studio.now = begun
        studio.send(sent.filter(({ at }) => at >= from && at < from + STEP))
        const mpd = window?.manifest()
        if (mpd !== undefined) seen.push(mpd.plain.toString())
      }
      studio.stop()
    },
  }
}

const periodsOf = (mpd: string) =>
  [...mpd.matchAll(/<Period id="(\d+)"[^]*?<\/Period>/g)].map(([text, id]) => {
    return { id, kinds: [...text.matchAll(/contentType="(\w+)"/g)].map(([, kind]) => kind) }
  })

for (const gop of [wild, 60]) {
  const keys = gop === wild ? 'irregular' : 'regular'
  test(`a period has sound and pictures from the first manifest to the last that lists it; key frames ${keys}`, () => {
    const { studio, seen, stream } = observed({ older: everything })
    stream({ seconds: 10, gop })
    studio.now += 2_000
    stream({ seconds: 80, gop })
    assert.deepEqual(new Set(seen.flatMap((mpd) => periodsOf(mpd).map(({ id }) => id))), new Set(['0', '1']))
    assert.deepEqual(
      periodsOf(seen.at(-1) ?? '').map(({ id }) => id),
      ['1'],
    )
    for (const mpd of seen) for (const { kinds } of periodsOf(mpd)) assert.deepEqual(kinds, ['video', 'audio'], mpd)
  })
}

test('the period of an encoder that comes back with longer segments is not taken back, nor is its first segment', () => {
  const { studio, seen, stream } = observed({ older: everything })
  stream({ seconds: 20, gop: 60 })
  studio.now += 2_000
  const before = seen.length
  stream({ seconds: 12, gop: 120 })
  const ids = seen.slice(before).map((mpd) => periodsOf(mpd).at(-1)?.id)
  const first = ids.indexOf('1')
  assert.ok(first >= 0 && first < 1.6 / STEP, `after ${first} looks`)
  assert.deepEqual(new Set(ids.slice(first)), new Set(['1']))
})

test('a track that is waited for in vain keeps its period from nobody: it is listed with the first gap', () => {
  const window = watchedWindow()
  const wallClock = 1_700_000_000_000
  const like = { init: new Uint8Array(8), initNumber: 0 }
  window.epoch({
    ...{ id: 0, start: 0, wallClock },
    tracks: [
      { ...like, track: VIDEO_TRACK, config: videoConfig() },
      { ...like, track: AUDIO_TRACK, config: audioConfig() },
    ],
  })
  const part = (track: TrackId, msn: number, gap: boolean) => {
    const duration = 2 * (track === VIDEO_TRACK ? 90_000 : 48_000)
    const bytes = new Uint8Array(gap ? 0 : 8)
    const times = { start: (msn - 3) * duration, duration, closedAt: wallClock }
    window.part({ ...{ track, number: msn, msn, epoch: 0, independent: true, last: true, gap, bytes }, ...times })
  }
  const kinds = () => periodsOf(window.manifest()?.plain.toString() ?? '').map((period) => period.kinds)
  part(VIDEO_TRACK, 3, false)
  assert.deepEqual(kinds(), [])
  part(AUDIO_TRACK, 3, true)
  assert.deepEqual(kinds(), [['video']])
  part(VIDEO_TRACK, 4, false)
  part(AUDIO_TRACK, 4, false)
  assert.deepEqual(kinds(), [['video', 'audio']])
})
