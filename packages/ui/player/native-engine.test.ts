import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeVideo, ranges } from '../testing/fake-player.ts'
import { createNativeEngine } from './native-engine.ts'

const begin = 1_700_000_000_000

function loaded(at?: number) {
  const video = Object.assign(new FakeVideo(), { getStartDate: () => new Date(begin) })
  const edges: (number | undefined)[] = []
  const failures: string[] = []
  const engine = createNativeEngine(video.element, {
    updated: (edge) => edges.push(edge),
    failed: (why) => failures.push(why),
  })
  engine.load('http://server/live/main/index.m3u8', at)
  return { video, engine, edges, failures }
}

test('dates are those of the playlist', () => {
  const { video, engine, edges } = loaded()
  video.currentTime = 4
  video.seekable = ranges([2, 10])
  video.dispatchEvent(new Event('progress'))
  assert.equal(engine.date, begin + 4000)
  assert.deepEqual(engine.window, { start: begin + 2000, end: begin + 10_000 })
  assert.deepEqual(edges, [begin + 10_000])
  assert.deepEqual([engine.timeOf(begin + 3000), engine.livePosition, engine.ahead], [3, 9, 6])
})

test('it begins at the date that was asked for', () => {
  const { video } = loaded(begin + 7000)
  video.dispatchEvent(new Event('loadedmetadata'))
  assert.equal(video.currentTime, 7)
})

test('a stream without dates plays, and has none', () => {
  const { video, engine, edges } = loaded(begin)
  video.getStartDate = () => new Date(Number.NaN)
  video.dispatchEvent(new Event('loadedmetadata'))
  video.dispatchEvent(new Event('progress'))
  assert.deepEqual(
    [engine.date, engine.window, engine.timeOf(begin), edges[0]],
    [undefined, undefined, undefined, undefined],
  )
  assert.equal(video.currentTime, 0)
})

test('a finished playlist has a length and does not grow', () => {
  const { video, engine } = loaded()
  assert.deepEqual([engine.duration, engine.growing], [undefined, true])
  video.duration = 60
  assert.deepEqual([engine.duration, engine.growing], [60, false])
})

test('an error is a failure while something is loaded, and only then', () => {
  const { video, engine, failures } = loaded()
  video.error = { code: 4 }
  video.dispatchEvent(new Event('error'))
  engine.unload()
  video.dispatchEvent(new Event('error'))
  assert.deepEqual([failures, video.src], [['media error 4'], ''])
})

test('after its end it hears nothing of the video', () => {
  const { video, engine, edges } = loaded()
  engine.destroy()
  video.dispatchEvent(new Event('progress'))
  assert.deepEqual(edges, [])
})
