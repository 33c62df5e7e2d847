import assert from 'node:assert/strict'
import { test } from 'node:test'
import { audioConfigFromDac3, audioConfigFromDec3 } from '../../codecs/ac3/config.ts'
import { audioConfigFromStreamInfo } from '../../codecs/flac/config.ts'
import { fromHex } from '../../codecs/h264/fixtures.ts'
import { audioConfigFromMp3Header } from '../../codecs/mp3/config.ts'
import { audioConfigFromOpusChannels } from '../../codecs/opus/config.ts'
import type { AudioTrackConfig } from '../../track.ts'
import { writeInitSegment } from './init.ts'
import { parseInitSegment } from './parse-init.ts'

const FLAC = '1200 1200 000150 000517 0bb802f000005dc0 a2fc3617bc0e6c99e035cbe06fb4e52a'
const FLAC_96K = FLAC.replace('0bb802f0', '177002f0')

const tracks: readonly (readonly [string, string, AudioTrackConfig])[] = [
  ['Opus', 'stereo', audioConfigFromOpusChannels(2)],
  ['Opus', '5.1', audioConfigFromOpusChannels(6)],
  ['ac-3', '5.1', audioConfigFromDac3(fromHex('103de0'))],
  ['ec-3', 'stereo', audioConfigFromDec3(fromHex('0600200400'))],
  ['fLaC', 'stereo', audioConfigFromStreamInfo(fromHex(FLAC))],
  ['fLaC', '96 kHz', audioConfigFromStreamInfo(fromHex(FLAC_96K))],
  ['mp4a', 'MP3', audioConfigFromMp3Header({ sampleRate: 44_100, channels: 2 })],
  ['mp4a', 'MP3 at half the rate', audioConfigFromMp3Header({ sampleRate: 22_050, channels: 1 })],
]

for (const [fourcc, what, config] of tracks) {
  test(`an initialisation segment with ${fourcc}, ${what}, is read as it was written`, () => {
    const [track] = parseInitSegment(writeInitSegment(2, config)).tracks
    const [entry] = track?.entries ?? []
    assert.deepEqual([track?.handler, track?.timescale], ['soun', config.timescale])
    assert.equal(entry?.fourcc, fourcc)
    assert.equal(entry?.codecString, config.codecString)
    assert.deepEqual(entry?.config, config)
  })
}

test('a rate that does not fit is divided in FLAC', () => {
  const [track] = parseInitSegment(writeInitSegment(2, audioConfigFromStreamInfo(fromHex(FLAC_96K)))).tracks
  assert.equal(track?.entries[0]?.sampleRate, 48_000)
})
