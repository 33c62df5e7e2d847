import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { AUDIO_TRACK } from '@bandstand/media/access-unit.ts'
import { audioConfigFromSyncFrame } from '@bandstand/media/codecs/ac3/config.ts'
import { parseSyncFrame } from '@bandstand/media/codecs/ac3/sync-frame.ts'
import type { AudioTrackConfig } from '@bandstand/media/track.ts'
import { noiseInFlac, toneFrames } from './fixtures/frames.ts'
import { createOpus } from './opus.ts'

const FFMPEG = 'exec ffmpeg "$@"'

/** @param runs what a shell does in place of the first and the second ffmpeg, whose arguments are `"$@"` */
function stage(
  t: TestContext,
  config: AudioTrackConfig,
  frames?: number,
  [first = FFMPEG, second = FFMPEG]: readonly string[] = [],
) {
  const folder = mkdtempSync(join(tmpdir(), 'bandstand-opus-'))
  const [ffmpeg, list] = [join(folder, 'ffmpeg'), join(folder, 'list')]
  const text = `#!/bin/sh
echo started >> '${list}'
case $(wc -l < '${list}') in
1) ${first} ;;
2) ${second} ;;
*) ${FFMPEG} ;;
esac
`
  writeFileSync(ffmpeg, text, { mode: 0o755 })
  const times: number[] = []
  const warnings: unknown[] = []
  const opus = createOpus({
    ...{ ffmpeg, config, ...(frames !== undefined && { frames }) },
    onPacket: (_, time) => void times.push(time),
    onFailed: (reason) => void warnings.push(reason),
    log: { debug() {}, info() {}, warn: (facts) => void warnings.push(facts), error() {} },
  })
  t.after(() => {
    opus.close()
    rmSync(folder, { recursive: true })
  })
  return {
    times,
    warnings,
    runs: () => readFileSync(list, 'utf8').split('\n').length - 1,
    /** Gives all, as fast as they are heard, and waits for the sound of that many seconds. */
    async give(data: readonly Uint8Array[], seconds: number): Promise<void> {
      for (const [i, frame] of data.entries()) {
        const dts = i * config.frameLength
        // One that the machine gives no time is waited for: how far that is behind is not what this is about.
        const given = (dts * 48_000) / config.timescale
        for (let n = 0; n < 4_000 && given - (times.at(-1) ?? 0) > 48_000; n++) await sleep(5)
        opus.write({ track: AUDIO_TRACK, dts, pts: dts, key: true, data: frame, arrivedAt: 0 })
        await sleep((config.frameLength / config.timescale) * 1_000)
      }
      for (let n = 0; n < 500 && (times.at(-1) ?? 0) < seconds * 48_000; n++) await sleep(20)
      assert.ok((times.at(-1) ?? 0) >= seconds * 48_000, `${times.length} packets; ${JSON.stringify(warnings)}`)
    },
  }
}

function ac3(seconds: number) {
  const frames = toneFrames('ac3', 'ac3', (at) => parseSyncFrame(at).frameBytes, seconds)
  return { frames, config: audioConfigFromSyncFrame(frames[0] ?? assert.fail()) }
}

const stepsOf = (times: readonly number[]) => [...new Set(times.slice(1).map((time, i) => time - (times[i] ?? 0)))]

test('after so many frames another ffmpeg goes on, and no packet is missing or comes twice', async (t) => {
  const { frames, config } = ac3(7)
  const { times, warnings, runs, give } = stage(t, config, 60)
  await give(frames, 6.8)
  assert.deepEqual([warnings, stepsOf(times)], [[], [960]])
  assert.ok(runs() >= 3, `${runs()} ffmpegs`)
})

test('when an ffmpeg ends while the next one is beside it, that goes on', async (t) => {
  const { frames, config } = ac3(5)
  // 768 bytes a frame, and the box around it: the end comes behind the 60 after which there is a next one, which is slow to begin.
  const { times, warnings, give } = stage(t, config, 60, [
    'head -c 56000 | ffmpeg "$@"; exit 1',
    `sleep 1.2; ${FFMPEG}`,
  ])
  await give(frames, 4.8)
  assert.deepEqual([warnings.length, stepsOf(times)], [1, [960]])
})

for (const samples of [4608, 192]) {
  test(`FLAC of ${samples} samples a frame becomes Opus too`, async (t) => {
    const { frames, config } = noiseInFlac(samples, 2)
    // More than an ADTS frame can have; and one that begins after 200 frames has begun late, not failed.
    const late = samples === 192 ? [`sleep 1; ${FFMPEG}`] : undefined
    const { times, warnings, give } = stage(t, config, undefined, late)
    await give(frames, 1.8)
    assert.deepEqual([warnings, stepsOf(times)], [[], [960]])
  })
}
