import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AUDIO_TRACK, VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { parsePlaylist } from '@bandstand/media/manifests/hls/parse.ts'
import { audioConfig, encode, type Sent, seeded, videoConfig } from './fixtures/encoder.ts'
import { assertInvariants, createStudio } from './fixtures/studio.ts'
import { everything, manualScheduler, text, watchedWindow } from './fixtures/watched.ts'
import { createMemoryBudget } from './window/budget.ts'

type Random = () => number

/** Whatever goes wrong between an encoder and us, one after the other. */
function* trouble(sent: Iterable<Sent>, random: Random): Generator<Sent> {
  let shift = 0
  let mute: { track: number; until: number } | undefined
  let delayed: Sent | undefined
  for (const s of sent) {
    const dice = random()
    if (dice < 0.0005)
      shift += Math.round((random() - 0.5) * 2 * [0.5, 0.9, 3, 3600][Math.floor(random() * 4)]! * 90_000)
    else if (dice < 0.001) mute = { track: random() < 0.5 ? VIDEO_TRACK : AUDIO_TRACK, until: s.at + random() * 12 }
    else if (dice < 0.0015) mute = { track: 0, until: s.at + random() * 4 }
    if (mute !== undefined && s.at >= mute.until) mute = undefined
    if (mute !== undefined && (mute.track === 0 || mute.track === s.unit.track)) continue
    const moved = { at: s.at, unit: { ...s.unit, dts: s.unit.dts + shift, pts: s.unit.pts + shift } }
    // Now and then two units change places.
    if (delayed === undefined && random() < 0.01) delayed = moved
    else {
      yield moved
      if (delayed !== undefined) yield { at: moved.at, unit: delayed.unit }
      delayed = undefined
    }
  }
}

for (let seed = 1; seed <= 40; seed++) {
  test(`whatever encoders do, numbers and times only rise and playlists stay right (seed ${seed})`, () => {
    const random = seeded(seed)
    const budget = createMemoryBudget(4_000_000)
    const window = watchedWindow({ older: everything, budget, scheduler: manualScheduler() })
    const studio = createStudio({ sinks: () => [window] })
    const seen = { msn: 0, next: 0, constants: '' }
    for (let encoder = 0; encoder < 4; encoder++) {
      const fps = [10, 15, 25, 30, 50, 60][Math.floor(random() * 6)] ?? 30
      const rate = [16_000, 44_100, 48_000][Math.floor(random() * 3)] ?? 48_000
      const sent = encode({
        fps,
        audioRate: rate,
        gop: Math.ceil(fps * (0.5 + random() * 10)),
        bFrames: random() < 0.5,
        jitter: random() * 4,
        audioOffset: random() * 0.1,
        base: random() * 1e6,
        seconds: 10 + random() * 30,
        random,
      })
      studio.connect({ video: videoConfig(), audio: audioConfig(rate), announce: random() < 0.7 })
      const from = studio.now
      let count = 0
      for (const one of trouble(sent, random)) {
        studio.now = from
        studio.send([one])
        if (random() < 0.0005)
          studio.do((t, now) => t.configure(VIDEO_TRACK, videoConfig(Math.floor(random() * 4)), now))
        if (count++ % 97 !== 0) continue
        studio.do((t, now) => t.tick(now))
        check()
      }
      if (random() < 0.7) studio.stop()
      studio.now += random() * 30_000
    }
    studio.stop()
    check()
    assertInvariants(studio, false)
    window.end()
    check()

    function check(): void {
      for (const name of ['v1', 'a2']) {
        const plain = text(window, name)
        if (window.rendition(name) === undefined || !plain.includes('EXTINF')) continue
        const parsed = parsePlaylist(plain)
        assert.ok(parsed.kind === 'media')
        // A part is as short as what an encoder sent before it left something out.
        const serious = parsed.issues.filter(({ rule }) => rule !== 'part-too-short')
        assert.deepEqual(serious, [])
        const p = parsed.playlist
        const constants = `${p.targetDuration} ${p.partTarget} ${JSON.stringify(p.serverControl)}`
        if (seen.constants === '') seen.constants = constants
        assert.equal(constants, seen.constants)
        if (name === 'v1') {
          assert.ok(p.mediaSequence >= seen.msn)
          assert.ok(p.mediaSequence + p.segments.length >= seen.next)
          seen.msn = p.mediaSequence
          seen.next = p.mediaSequence + p.segments.length
        }
        assert.ok(p.segments.every((s) => Math.round(s.duration) <= p.targetDuration))
        let time = Number.NEGATIVE_INFINITY
        for (const segment of p.segments) {
          assert.ok((segment.programDateTime ?? 0) >= time - 1_000, `date goes back at ${segment.uri}`)
          time = segment.programDateTime ?? 0
        }
      }
      assert.ok(budget.used <= 4_000_000)
    }
  })
}
