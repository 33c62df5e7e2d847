import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { writeFragment } from '../../containers/isobmff/fragment.ts'
import { writeInitSegment } from '../../containers/isobmff/init.ts'
import { audioConfigFromAsc } from './config.ts'
import { silentFrame } from './silence.ts'

/** AAC LC at 48 kHz (index 3) or 16 kHz (index 8). */
function asc(channelConfiguration: number, rateIndex = 3): Uint8Array {
  const bits = (2 << 11) | (rateIndex << 7) | (channelConfiguration << 3)
  return Uint8Array.of(bits >> 8, bits & 0xff)
}

/**
 *   mono    000 0000                id_syn_ele SCE, tag 0
 *           0000 0000               global_gain
 *           0 00 0 000000 0         ics_info
 *           0 0 0                   pulse, TNS, gain control
 *           111                     id_syn_ele END, then padding
 *   stereo  001 0000 1              id_syn_ele CPE, tag 0, common_window
 *           0 00 0 000000 0 00      ics_info, ms_mask_present
 *           2 × (00000000 0 0 0)    global_gain, pulse, TNS, gain control
 *           111
 */
test('mono and stereo, bit for bit', () => {
  const frame = (config: number) => Buffer.from(silentFrame(audioConfigFromAsc(asc(config))) ?? []).toString('hex')
  assert.equal(frame(1), '00000007')
  assert.equal(frame(2), '21000000001c')
})

for (const config of [1, 2, 3, 4, 5, 6, 7]) {
  test(`channel configuration ${config} decodes to zeros without a word from FFmpeg`, () => {
    const track = audioConfigFromAsc(asc(config, config === 3 ? 8 : 3))
    const data = silentFrame(track)
    assert(data)
    const samples = Array.from({ length: 8 }, () => ({ data, duration: 1024, compositionOffset: 0, key: true }))
    const input = Buffer.concat([
      writeInitSegment(1, track),
      writeFragment({ sequence: 1, track: 1, baseDecodeTime: 0, samples }),
    ])
    const ffmpeg = spawnSync('ffmpeg', ['-v', 'warning', '-i', 'pipe:0', '-f', 's16le', 'pipe:1'], { input })
    assert.equal(ffmpeg.stderr.toString(), '')
    assert.equal(ffmpeg.status, 0)
    assert.equal(ffmpeg.stdout.byteLength, 8 * 1024 * track.channels * 2)
    assert(ffmpeg.stdout.every((byte) => byte === 0))
  })
}

test('there is none for SBR and for channels told by a program config element', () => {
  assert.equal(silentFrame(audioConfigFromAsc(Uint8Array.of(0x2b, 0x11, 0x88, 0x00))), undefined)
  const eleven = Uint8Array.of((2 << 3) | 1, 0x80 | (11 << 3))
  assert.equal(silentFrame(audioConfigFromAsc(eleven)), undefined)
})
