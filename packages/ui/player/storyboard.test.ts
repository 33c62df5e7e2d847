import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { fakePage } from '../testing/fake-page.ts'
import { parseStoryboard, previewAt, Storyboard } from './storyboard.ts'

const text = `WEBVTT

00:00:00.000 --> 00:00:10.500
storyboard-10-0000000001-2.jpg#xywh=0,0,160,90

00:00:10.500 --> 01:00:20.000
storyboard-10-0000000001-2.jpg#xywh=160,0,160,90

00:00:30.000 --> 00:00:40.000
a cue of another kind
`

test('cues name places in sheets beside the file', () => {
  const previews = parseStoryboard(text, 'https://stage.example/vod/as_1/storyboard.vtt?clock')
  const sheet = 'https://stage.example/vod/as_1/storyboard-10-0000000001-2.jpg'
  assert.deepEqual(previews, [
    { from: 0, sheet, x: 0, y: 0, width: 160, height: 90 },
    { from: 10.5, sheet, x: 160, y: 0, width: 160, height: 90 },
  ])
})

test('a moment has the picture that it lies in, or the last one before it', () => {
  const previews = parseStoryboard(text, 'https://stage.example/')
  assert.deepEqual(
    [0, 10.4, 10.5, 9_999].map((seconds) => previewAt(previews, seconds)?.x),
    [0, 0, 160, 160],
  )
  assert.equal(previewAt([], 5), undefined)
})

const address = 'http://server/vod/as_1/storyboard.vtt'

/** A storyboard that is looked at as while the pointer is over the bar. */
function hovered(t: TestContext) {
  const page = fakePage(t)
  page.answer = () => new Response(text)
  let told = 0
  const storyboard = new Storyboard(() => told++)
  const look = (grows: boolean, seconds = 5, of = address) => storyboard.at(of, grows, seconds)?.x
  /** Looks for so long. @param ms */
  const hover = async (grows: boolean, ms: number) => {
    for (let left = ms; left > 0; left -= 500) {
      look(grows)
      await page.pass(500)
    }
  }
  return { page, look, hover, told: () => told }
}

test('previews are loaded when one is first wanted, and the bar is told', async (t) => {
  const { page, look, told } = hovered(t)
  assert.equal(look(false, 5, ''), undefined)
  assert.equal(page.requests.length, 0)
  assert.equal(look(false), undefined)
  await page.pass(50)
  assert.deepEqual([look(false), look(false, 11), told(), page.requests.length], [0, 160, 1, 1])
})

test('those of a broadcast that goes on are loaded again after a while, others are not', async (t) => {
  const { page, hover } = hovered(t)
  await hover(false, 60_000)
  assert.equal(page.requests.length, 1)
  await hover(true, 60_000)
  assert.equal(page.requests.length, 4)
})

test('what did not come is asked for again after a while, what the server has not is not', async (t) => {
  const { page, hover, look } = hovered(t)
  page.up = false
  await hover(false, 15_000)
  assert.equal(page.requests.length, 1)
  page.up = true
  page.answer = () => new Response('busy', { status: 503 })
  await hover(false, 20_000)
  assert.equal(page.requests.length, 2)
  page.answer = () => new Response(text)
  await hover(false, 60_000)
  assert.deepEqual([page.requests.length, look(false)], [3, 0])
  const without = 'http://server/vod/as_2/storyboard.vtt'
  page.answer = () => new Response('', { status: 404 })
  for (let i = 0; i < 60; i++) {
    look(false, 5, without)
    await page.pass(1000)
  }
  assert.equal(page.requests.length, 4)
})

test('an answer that comes after the bar has gone on to another recording is not shown', async (t) => {
  const { page, look, told } = hovered(t)
  look(false)
  page.answer = () => new Response('WEBVTT')
  look(false, 5, 'http://server/vod/as_2/storyboard.vtt')
  await page.pass(50)
  assert.deepEqual([look(false, 5, 'http://server/vod/as_2/storyboard.vtt'), told()], [undefined, 1])
})
