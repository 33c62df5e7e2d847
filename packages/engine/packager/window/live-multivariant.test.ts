import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { videoConfig } from '../fixtures/encoder.ts'
import { type Epoch, renditionName } from '../model.ts'
import { createLiveMultivariant, type ShownBroadcast } from './live-multivariant.ts'
import { gapBeside, type WindowSegment } from './segments.ts'

function epochOf(id: number, codecString: string): Epoch {
  const config = { ...videoConfig(), codecString }
  return {
    id,
    start: 0,
    wallClock: 0,
    tracks: [{ track: VIDEO_TRACK, config, init: new Uint8Array(), initNumber: id }],
  }
}

function segmentOf(epoch: Epoch): WindowSegment {
  return {
    ...{ msn: 3, epoch, start: 0, duration: 180_000, timescale: 90_000, firstPart: 0, lastPart: 3, parts: [], size: 9 },
    ...{ gap: false, complete: true, closed: true, bare: false, whole: true, discontinuity: false, initNumber: 0 },
  }
}

function broadcast(epoch: Epoch, ...segments: WindowSegment[]): ShownBroadcast {
  const rendition = { track: VIDEO_TRACK, segments, peak: { bitrate: 0, segments: 0 } }
  const facts = { rungs: [], sounds: [], declaredBitrate: 2_000_000, frameRate: 30 }
  return { generation: 1, epoch, renditions: [rendition], ...facts }
}

const create = () => createLiveMultivariant({ assetId: 'as_1', nonce: 'n', peakOf: () => undefined })
const codecs = (playlist: { readonly plain: Buffer }) => /CODECS="(.*?)"/.exec(playlist.plain.toString())?.[1]

test('rendered once, and again with another validator when it says something else', () => {
  const multivariant = create()
  const epoch = epochOf(0, 'avc1.640028')
  const first = multivariant.show(broadcast(epoch))
  assert.ok(first.plain.includes(`as_1/${renditionName(VIDEO_TRACK, 'video')}/`))
  assert.equal(multivariant.show(broadcast(epoch)), first)
  const faster = multivariant.show({ ...broadcast(epoch), frameRate: 60 })
  assert.notEqual(faster.etag, first.etag)
  const later = multivariant.show({ ...broadcast(epoch), generation: 2 })
  assert.deepEqual(later.plain, first.plain)
  assert.notEqual(later.etag, first.etag)
})

test('codecs are those of the encoder now and of those before it whose media is listed', () => {
  const multivariant = create()
  const before = epochOf(0, 'avc1.640028')
  const now = epochOf(1, 'avc1.4d401f')
  const old = segmentOf(before)
  assert.equal(codecs(multivariant.show(broadcast(now, old))), 'avc1.4d401f,avc1.640028')
  multivariant.changed()
  assert.equal(codecs(multivariant.show(broadcast(now, gapBeside(old, 90_000)))), 'avc1.4d401f')
})
