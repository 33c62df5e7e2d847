import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AUDIO_TRACK, BROUGHT_TRACKS, VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { FakePublisher } from '../rtmp/testing/fake-port.ts'
import type { Entry, Slot } from './entry.ts'
import { createFeeder } from './feeder.ts'
import { clip } from './testing/media.ts'

function entries(slot: Slot): Entry[] {
  const config = slot === 'video' ? clip.video : clip.audio
  return [
    { kind: 'config', slot, dts: 0, config },
    { kind: 'unit', slot, dts: 0, pts: 0, key: true, data: new Uint8Array(1) },
  ]
}

test('each rendition that is brought is a track of its own, which goes by its number and not by what is listed beside it', () => {
  const feeder = createFeeder()
  const publisher = new FakePublisher()
  feeder.publishTo(publisher)
  const main = { number: 0, role: 'main', bandwidth: 9 } as const
  const sound = { number: 1, role: 'audio', bandwidth: 0 } as const
  const [second, first] = [
    { number: 3, role: 'brought', bandwidth: 7 } as const,
    { number: 2, role: 'brought', bandwidth: 5 } as const,
  ]
  const all = [main, sound, second, first].flatMap(({ number, role }) => {
    return entries(role === 'audio' ? 'audio' : 'video').map((entry) => ({ lane: number, entry }))
  })
  feeder.feed(all, [main, sound, second, first])
  const tracks = [VIDEO_TRACK, AUDIO_TRACK, BROUGHT_TRACKS.first + 1, BROUGHT_TRACKS.first]
  assert.deepEqual(
    publisher.units.map(({ track }) => track),
    tracks,
  )
  assert.deepEqual(publisher.bitrates, [undefined, undefined, 7, 5])
  // The readers give their configurations once.
  feeder.feed([{ lane: 2, entry: { ...entries('video')[1], dts: 1 } as Entry }], [main, first])
  assert.equal(publisher.units.at(-1)?.track, BROUGHT_TRACKS.first)
  // Nothing is known of one that is not listed any more.
  feeder.feed([{ lane: 3, entry: { ...entries('video')[1], dts: 1 } as Entry }], [main, first])
  assert.equal(publisher.units.length, 5)
})
