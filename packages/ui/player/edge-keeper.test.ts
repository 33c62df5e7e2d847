import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { fakePage } from '../testing/fake-page.ts'
import { FakeVideo, ranges } from '../testing/fake-player.ts'
import { createEdgeKeeper } from './edge-keeper.ts'

/** A viewer at the edge at second 10; all up to second 20 is buffered. */
function kept(t: TestContext) {
  const page = fakePage(t)
  const video = new FakeVideo()
  video.currentTime = 10
  video.buffered = ranges([0, 20])
  const keeper = createEdgeKeeper(video.element)
  keeper.atEdge = true
  const live = (livePosition: number, hole?: { time: number; length: number }) => ({
    ...{ livePosition, behindHole: () => hole },
  })
  return { page, video, keeper, live }
}

test('who is a little behind plays faster until he has caught up, then as before', (t) => {
  const { video, keeper, live } = kept(t)
  keeper.jump(live(10.1))
  keeper.keepUp(live(11))
  assert.equal(video.playbackRate, 1.06)
  keeper.keepUp(live(10.4))
  assert.equal(video.playbackRate, 1.06)
  keeper.keepUp(live(10.2))
  assert.equal(video.playbackRate, 1)
})

test('a rate that the viewer has chosen is left alone', (t) => {
  const { video, keeper, live } = kept(t)
  keeper.atEdge = false
  video.playbackRate = 1.5
  keeper.keepUp(live(11))
  assert.equal(video.playbackRate, 1.5)
})

test('the first move of a source is made soon, later ones when far behind and not one after another', async (t) => {
  const { page, video, keeper, live } = kept(t)
  keeper.keepUp(live(11))
  assert.equal(video.currentTime, 11)
  keeper.keepUp(live(14))
  assert.equal(video.currentTime, 11)
  await page.pass(4100)
  keeper.keepUp(live(13))
  assert.equal(video.currentTime, 11)
  keeper.keepUp(live(14))
  assert.equal(video.currentTime, 14)
  keeper.begin()
  keeper.keepUp(live(15))
  assert.equal(video.currentTime, 15)
})

test('nobody is moved back, nor to what is not buffered', (t) => {
  const { video, keeper, live } = kept(t)
  keeper.jump(live(9))
  keeper.keepUp(live(21))
  assert.equal(video.currentTime, 10)
})

test('over a hole when enough is behind it, not before the first picture of a source', (t) => {
  const { video, keeper, live } = kept(t)
  keeper.leapHole(live(12, { time: 12, length: 0.3 }), false)
  assert.equal(video.currentTime, 10)
  keeper.leapHole(live(12, { time: 12, length: 1 }), false)
  assert.equal(video.currentTime, 12.01)
  video.currentTime = 0
  keeper.leapHole(live(12, { time: 12, length: 1 }), true)
  assert.equal(video.currentTime, 0)
})
