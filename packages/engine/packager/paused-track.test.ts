import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AUDIO_TRACK, type TrackId, VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { parseFragment } from '@bandstand/media/containers/isobmff/parse-fragment.ts'
import { storedKeyFrame } from '../pictures/key-frame.ts'
import { readSheet } from '../pictures/sheet.ts'
import { planStoryboard } from '../pictures/storyboard-plan.ts'
import { planDownload } from '../replay/download.ts'
import { createDiskStore } from '../store/disk.ts'
import { quietLog, retention, temporaryFolder, until } from '../store/fixtures/material.ts'
import { encode } from './fixtures/encoder.ts'
import { createStudio } from './fixtures/studio.ts'
import { everything, playlist, watchedWindow } from './fixtures/watched.ts'
import { names, type Part } from './model.ts'

/** Parts of a track by segment. */
function segmentsOf(parts: readonly Part[], track: TrackId): Map<number, Part[]> {
  return Map.groupBy(
    parts.filter((part) => part.track === track),
    ({ msn }) => msn,
  )
}

// Sound that pauses is filled with silence long before.
test('pictures that pause: what was sent of a segment can be had as it was live', async (t) => {
  const root = await temporaryFolder(t)
  const store = createDiskStore({ root, log: quietLog, retention })
  t.after(() => store.close())
  const timing = { targetDuration: 4, partTarget: 0.35 }
  const window = watchedWindow({ timing, older: everything })
  const studio = createStudio({ sinks: () => [store.create('as_one', timing), window] })
  studio.connect()
  // Comes back within a segment, without a key frame, after one without any picture.
  const isPause = ({ unit, at }: { unit: { track: TrackId }; at: number }) =>
    unit.track === VIDEO_TRACK && at > 5.3 && at < 13.3
  studio.send([...encode({ seconds: 24, gop: 30 })].filter((sent) => !isPause(sent)))
  const { parts } = studio.recorded
  const own = segmentsOf(parts, VIDEO_TRACK)
  const mixed = [...own.values()].filter((of) => of.some(({ gap }) => gap) && of.some(({ gap }) => !gap))
  assert.ok(
    mixed.some(([first, ...rest]) => first?.gap === true && rest.some(({ gap }) => !gap)),
    'no segment has a gap and then pictures',
  )
  const last = Math.max(...own.keys())
  const index = () => store.index('as_one')
  await until(async () => ((await index())?.tracks[0]?.segments.at(-1)?.msn ?? 0) >= last - 1, 'recorded')
  const recorded = (await index()) ?? assert.fail()
  const lastRecorded = recorded.tracks[0]?.segments.at(-1)?.msn ?? 0
  for (const each of [VIDEO_TRACK, AUDIO_TRACK]) {
    const listed = recorded.tracks.find((one) => one.track === each)?.segments ?? assert.fail()
    for (const segment of listed) {
      const of = segmentsOf(parts, each).get(segment.msn) ?? []
      const media = of.filter(({ gap }) => !gap)
      assert.equal(segment.gap, media.length === 0, `segment ${segment.msn}`)
      const paused = media.length === 0 ? 0 : (media[0]?.start ?? 0) - segment.start
      assert.equal(segment.pause ?? 0, paused, `segment ${segment.msn}`)
      if (media.length === 0) continue
      assert.deepEqual([segment.firstPart, segment.lastPart], [of[0]?.number, of.at(-1)?.number])
      assert.equal(segment.independent, media[0]?.independent)
      const whole = await store.read('as_one', each, segment.firstPart, segment.lastPart)
      assert.deepEqual(Buffer.from(whole ?? []), Buffer.concat(media.map(({ bytes }) => bytes)))
      for (const { number, bytes, gap } of of)
        assert.deepEqual(await store.read('as_one', each, number, number), gap ? undefined : bytes)
      const places = await store.parts('as_one', each, segment.firstPart, segment.lastPart)
      assert.deepEqual(
        places?.map(({ number, length }) => [number, length]),
        media.map(({ number, bytes }) => [number, bytes.byteLength]),
      )
    }
  }
  // Pictures are made of parts that begin with a key frame.
  const storyboard = planStoryboard(recorded, 2) ?? assert.fail()
  for (const sheet of storyboard.sheets) assert.ok(await readSheet(sheet, 'as_one', store))
  for (let share = 0; share < 1; share += 0.1) assert.ok(await storedKeyFrame(recorded, store, share)?.read())
  const download = (await planDownload(store, recorded)) ?? assert.fail()
  const file = Buffer.concat(await Array.fromAsync(download.open(0, download.total - 1)))
  assert.equal(file.byteLength, download.total)
  const sent = parts.filter(({ msn, track, gap }) => {
    const isReplayed = track !== VIDEO_TRACK || !mixed.some(([first]) => first?.msn === msn)
    return msn <= lastRecorded && !gap && isReplayed
  })
  const samples = sent.flatMap(({ bytes }) => parseFragment(bytes).samples)
  assert.equal(
    file.readUInt32BE(file.indexOf('mdat') - 4) - 8,
    samples.reduce((sum, { size }) => sum + size, 0),
  )

  // The next process lists it as this one did.
  const before = playlist(window, 'v1')
  const left = await store.index('as_one')
  assert.ok(left)
  const after = playlist(watchedWindow({ timing, older: everything, recovered: left }), 'v1')
  const known = new Map(before.segments.map((segment, i) => [before.mediaSequence + i, segment]))
  const again = after.segments.flatMap((segment, i) => {
    const was = known.get(after.mediaSequence + i)
    return was === undefined ? [] : [[segment.uri, segment.gap, was.uri, was.gap]]
  })
  for (const of of mixed) {
    const uri = names.segment(of[0]?.number ?? 0, of.at(-1)?.number ?? 0)
    assert.ok(
      again.some((segment) => segment[0] === uri),
      `${uri}: ${JSON.stringify(again)}`,
    )
  }
  for (const [uri, gap, was, wasGap] of again) assert.deepEqual([uri, gap], [was, wasGap])
})
