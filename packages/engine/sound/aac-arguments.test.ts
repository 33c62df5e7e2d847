import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aacArguments, TIME_ROOM } from './aac-arguments.ts'
import { MADE_SOUND } from './made.ts'

test('ffmpeg is told to make AAC of what it reads, on the same clock, from a given sample on', () => {
  assert.equal(
    aacArguments('mp4', 1_024_000).join(' '),
    [
      '-hide_banner -nostdin -loglevel error -protocol_whitelist pipe -threads 1',
      '-probesize 32 -analyzeduration 0 -fflags nobuffer -copyts -f mp4 -i pipe:0',
      '-map 0:a:0 -af aresample=48000:async=1:min_hard_comp=0.015:first_pts=1024000,aformat=channel_layouts=stereo',
      '-c:a aac -b:a 160000 -avoid_negative_ts disabled -use_editlist 0',
      '-movflags empty_moov+default_base_moof+frag_every_frame+frag_discont+skip_trailer -flush_packets 1 -f mp4 pipe:1',
    ].join(' '),
  )
})

test('the room for times is whole frames, and whole ticks at any sample rate', () => {
  assert.equal((TIME_ROOM * MADE_SOUND.sampleRate) % MADE_SOUND.frameLength, 0)
  assert.ok(Number.isInteger(TIME_ROOM))
})
