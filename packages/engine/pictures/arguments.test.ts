import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pictureArguments, sheetArguments } from './arguments.ts'

test('one picture, 640 wide at most, is these words and no others', () => {
  assert.deepEqual(pictureArguments(), [
    '-hide_banner',
    '-nostdin',
    '-loglevel',
    'error',
    '-protocol_whitelist',
    'pipe',
    '-max_pixels',
    '35651584',
    '-threads',
    '1',
    '-f',
    'mp4',
    '-i',
    'pipe:0',
    '-map',
    '0:v:0',
    '-frames:v',
    '1',
    '-filter_threads',
    '1',
    '-vf',
    "scale=w='max(2,trunc(min(640,iw*sar)/2)*2)':h='max(2,trunc(ow/dar/2)*2)',setsar=1",
    '-c:v',
    'mjpeg',
    '-threads',
    '1',
    '-pix_fmt',
    'yuvj420p',
    '-q:v',
    '5',
    '-f',
    'image2pipe',
    'pipe:1',
  ])
})

test('another width changes the scale only', () => {
  const differing = pictureArguments(320).filter((word, at) => word !== pictureArguments()[at])
  assert.deepEqual(differing, ["scale=w='max(2,trunc(min(320,iw*sar)/2)*2)':h='max(2,trunc(ow/dar/2)*2)',setsar=1"])
})

test('a sheet differs from a picture in what is done with the frames only', () => {
  const differing = sheetArguments(160, 90, 5, 3).filter((word, at) => word !== pictureArguments()[at])
  assert.deepEqual(differing, ['scale=160:90,setsar=1,tile=5x3'])
  assert.equal(sheetArguments(160, 90, 5, 3).length, pictureArguments().length)
})
