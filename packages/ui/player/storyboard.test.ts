import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseStoryboard, previewAt } from './storyboard.ts'

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
