import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { fakePage } from '../testing/fake-page.ts'
import { FakeVideo } from '../testing/fake-player.ts'
import { createHeldFrame } from './held-frame.ts'

function held(t: TestContext, draw: () => void = () => undefined) {
  const page = fakePage(t)
  const video = Object.assign(new FakeVideo(), { videoWidth: 640, videoHeight: 360 })
  const canvas = { width: 0, height: 0, getContext: () => ({ drawImage: draw }) }
  let updates = 0
  const frame = createHeldFrame({
    video: video.element,
    canvas: canvas as unknown as HTMLCanvasElement,
    requestUpdate: () => updates++,
  })
  return { page, video, canvas, frame, updates: () => updates }
}

test('the frame on screen is held in its own size until it is dropped', (t) => {
  const { frame, canvas, updates } = held(t)
  frame.hold()
  assert.deepEqual([frame.shown, canvas.width, canvas.height], [true, 640, 360])
  frame.drop()
  frame.drop()
  assert.deepEqual([frame.shown, updates()], [false, 2])
})

test('no frame stands for longer than six seconds after it was last held', async (t) => {
  const { page, frame } = held(t)
  frame.hold()
  await page.pass(4000)
  frame.hold()
  await page.pass(5900)
  assert.equal(frame.shown, true)
  await page.pass(150)
  assert.equal(frame.shown, false)
})

test('where there is no picture, or it may not be read, nothing is held', (t) => {
  const { video, frame } = held(t)
  video.readyState = 1
  frame.hold()
  assert.equal(frame.shown, false)
})

test('a picture of another origin is not held', (t) => {
  const { frame } = held(t, () => {
    throw new DOMException('tainted', 'SecurityError')
  })
  frame.hold()
  assert.equal(frame.shown, false)
})
