import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chooseEncoder } from './encoders.ts'

test('an encoder on the graphics card is taken where this OBS has one, x264 else', () => {
  const chosen = (supported_encoders: string[]) => chooseEncoder({ client: { supported_encoders } }).id
  assert.equal(chosen(['obs_x264', 'jim_nvenc', 'obs_nvenc_h264_tex']), 'obs_nvenc_h264_tex')
  assert.equal(chosen(['obs_x264', 'ffmpeg_vaapi']), 'ffmpeg_vaapi')
  assert.equal(chosen(['obs_x264']), 'obs_x264')
  assert.equal(chosen(['something_new']), 'obs_x264')
})

test('an OBS that does not list its encoders says what cards it has', () => {
  assert.equal(chooseEncoder({ capabilities: { gpu: [{ vendor_id: 0x8086 }, { vendor_id: 0x10de }] } }).id, 'jim_nvenc')
  assert.equal(chooseEncoder({ capabilities: { gpu: null } }).id, 'obs_x264')
  assert.equal(chooseEncoder({}).id, 'obs_x264')
})
