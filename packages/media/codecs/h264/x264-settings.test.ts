import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseX264Settings } from './x264-settings.ts'

test("reads the settings of OBS's defaults", () => {
  const text =
    'x264 - core 164 r3095 baee400 - H.264/MPEG-4 AVC codec - Copyleft 2003-2022 - ' +
    'http://www.videolan.org/x264.html - options: cabac=1 ref=1 deblock=1:0:0 threads=6 sliced_threads=0 ' +
    'bframes=3 open_gop=0 keyint=250 keyint_min=25 scenecut=40 intra_refresh=0 rc_lookahead=10 rc=cbr ' +
    'mbtree=1 bitrate=2500 ratetol=1.0 qcomp=0.60 vbv_maxrate=2500 vbv_bufsize=2500 nal_hrd=none filler=1'
  assert.deepEqual(parseX264Settings(text), {
    core: '164',
    keyint: 250,
    keyintMin: 25,
    bframes: 3,
    sceneCut: 40,
    openGop: false,
    intraRefresh: false,
    rateControl: 'cbr',
    bitrate: 2500,
    vbvMaxrate: 2500,
    threads: 6,
    lookahead: 10,
  })
})

test('an endless key-frame distance is infinite', () => {
  assert.equal(parseX264Settings('x264 - options: keyint=infinite')?.keyint, Number.POSITIVE_INFINITY)
})

test('what is absent or no number is left out', () => {
  assert.deepEqual(parseX264Settings('x264 - core 1 - options: keyint=abc bframes= ='), { core: '1' })
})

test('other texts are none of ours', () => {
  assert.equal(parseX264Settings('x265 (build 199) keyint=250'), undefined)
  assert.equal(parseX264Settings(''), undefined)
})
