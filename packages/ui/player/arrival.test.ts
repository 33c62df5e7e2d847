import assert from 'node:assert/strict'
import { test } from 'node:test'
import type Hls from 'hls.js'
import { FakeVideo, ranges } from '../testing/fake-player.ts'
import { arrivalOf } from './arrival.ts'

type Listener = (name: string, data: object) => void

const Events = { FRAG_LOADING: 'loading' }

function opened() {
  const media = new FakeVideo()
  let tell: Listener = () => undefined
  const hls = { media, on: (_: string, listener: Listener) => (tell = listener) }
  const arrived = arrivalOf({ Events } as unknown as typeof Hls, hls as unknown as Hls)
  return { media, arrived, loading: (data: object) => tell(Events.FRAG_LOADING, data) }
}

const segment = (start: number) => ({
  ...{ type: 'main', sn: start / 4, start, end: start + 4 },
  stats: { loaded: 0, aborted: false, loading: { end: 0 } },
})

test('of a segment that the picture waits for it says how much is there, until it is complete or given up', () => {
  const { arrived, loading } = opened()
  assert.equal(arrived(), undefined)
  const frag = segment(8)
  loading({ frag })
  assert.equal(arrived(), undefined)
  frag.stats.loaded = 1000
  assert.equal(arrived(), 1000)
  // As when it is tried again.
  frag.stats = { ...frag.stats, loaded: 500 }
  assert.equal(arrived(), 500)
  frag.stats.aborted = true
  assert.equal(arrived(), undefined)
  frag.stats = { ...frag.stats, aborted: false, loading: { end: 9 } }
  assert.equal(arrived(), undefined)
})

test('of another than the picture stands before it says nothing, nor of sound, parts and initialization', () => {
  const { media, arrived, loading } = opened()
  const frag = segment(8)
  frag.stats.loaded = 1000
  loading({ frag })
  media.buffered = ranges([4, 7.9])
  for (const [time, bytes] of [
    [4, undefined],
    [7.9, 1000],
    [11, 1000],
    [12, undefined],
  ] as const) {
    media.currentTime = time
    assert.equal(arrived(), bytes, `${time}`)
  }
  media.currentTime = 8
  loading({ frag: { ...frag, type: 'audio', stats: { ...frag.stats, loaded: 7 } } })
  loading({ frag: { ...frag, sn: 'initSegment', stats: { ...frag.stats, loaded: 7 } } })
  assert.equal(arrived(), 1000)
  loading({ frag, part: {} })
  assert.equal(arrived(), undefined)
})
