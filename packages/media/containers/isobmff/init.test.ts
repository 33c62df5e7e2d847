import assert from 'node:assert/strict'
import { test } from 'node:test'
import { audioConfigFromAsc } from '../../codecs/aac/config.ts'
import { videoConfigFromAvcC } from '../../codecs/h264/config.ts'
import { AVCC, fromHex } from '../../codecs/h264/fixtures.ts'
import { writeInitSegment } from './init.ts'
import { parseInitSegment } from './parse-init.ts'

const STEREO = audioConfigFromAsc(Uint8Array.of(0x11, 0x90))

/** Hex with spaces and comments. */
function annotated(text: string): Uint8Array {
  return fromHex(text.replace(/\/\/.*$/gm, '').replace(/\s/g, ''))
}

test('audio header, byte for byte', () => {
  const zeros = (count: number): string => '00'.repeat(count)
  const expected = annotated(`
    00000020 66747970 69736f36 00000000 // ftyp iso6, minor 0
      69736f36 636d6663 636d6632 6d703431 // iso6 cmfc cmf2 mp41
    00000231 6d6f6f76 // moov
    0000006c 6d766864 00000000 00000000 00000000 // mvhd version 0, times
      0000bb80 00000000 // timescale 48000, duration 0
      00010000 0100 ${zeros(10)} // rate, volume
      00010000 ${zeros(12)} 00010000 ${zeros(12)} 40000000 // matrix
      ${zeros(24)} 00000003 // next_track_ID
    00000195 7472616b // trak
    0000005c 746b6864 00000003 00000000 00000000 // tkhd enabled, in movie
      00000002 00000000 00000000 ${zeros(8)} // track_ID 2, duration 0
      0000 0000 0100 0000 // layer, alternate_group, volume
      00010000 ${zeros(12)} 00010000 ${zeros(12)} 40000000
      00000000 00000000 // width, height
    00000131 6d646961 // mdia
    00000020 6d646864 00000000 00000000 00000000 0000bb80 00000000 55c4 0000 // mdhd, und
    00000026 68646c72 00000000 00000000 736f756e ${zeros(12)} 417564696f00 // hdlr soun "Audio"
    000000e3 6d696e66 // minf
    00000010 736d6864 00000000 00000000 // smhd
    00000024 64696e66 0000001c 64726566 00000000 00000001 0000000c 75726c20 00000001 // dinf dref url
    000000a7 7374626c // stbl
    0000005b 73747364 00000000 00000001 // stsd, one entry
    0000004b 6d703461 000000000000 0001 ${zeros(8)} // mp4a, data reference 1
      0002 0010 0000 0000 bb800000 // channels, 16 bits, 48000 Hz
    00000027 65736473 00000000 // esds
      03 19 0000 00 // ES_Descriptor, ES_ID 0
      04 11 40 15 000000 00000000 00000000 // DecoderConfigDescriptor: MPEG-4 audio
      05 02 1190 // AudioSpecificConfig
      06 01 02 // SLConfigDescriptor
    00000010 73747473 00000000 00000000 // stts
    00000010 73747363 00000000 00000000 // stsc
    00000014 7374737a 00000000 00000000 00000000 // stsz
    00000010 7374636f 00000000 00000000 // stco
    00000028 6d766578 // mvex
    00000020 74726578 00000000 00000002 00000001 00000400 00000000 02000000 // trex
  `)
  const written = writeInitSegment(2, STEREO)
  assert.equal(Buffer.from(written).toString('hex'), Buffer.from(expected).toString('hex'))
})

test('the same configuration gives the same bytes', () => {
  const config = videoConfigFromAvcC(AVCC.hd1080)
  assert.deepEqual(writeInitSegment(1, config), writeInitSegment(1, videoConfigFromAvcC(AVCC.hd1080)))
})

test('what is written is read back', () => {
  for (const [name, avcC] of Object.entries(AVCC)) {
    const config = videoConfigFromAvcC(avcC)
    const { tracks, fragmented, defaults, compatibleBrands } = parseInitSegment(writeInitSegment(7, config))
    assert.deepEqual(compatibleBrands, ['iso6', 'cmfc', 'cmf2', 'mp41'])
    assert.equal(fragmented, true)
    assert.equal(tracks.length, 1)
    assert.deepEqual(defaults.get(7), { duration: 0, size: 0, flags: 0x0101_0000 })
    const [track] = tracks
    assert.deepEqual([track?.track, track?.handler, track?.timescale, track?.language], [7, 'vide', 90_000, 'und'])
    assert.deepEqual(track?.edits, [])
    assert.deepEqual(track?.entries[0]?.config, config, name)
    assert.equal(track?.entries[0]?.codecString, config.codecString)
  }
})

test('pixels that are not square and colours are told in the sample entry', () => {
  const bytes = Buffer.from(writeInitSegment(1, videoConfigFromAvcC(AVCC.sarColour)))
  const pasp = bytes.indexOf('pasp')
  assert.equal(bytes.subarray(pasp - 4, pasp + 12).toString('hex'), '0000001070617370000000400000002d')
  const colr = bytes.indexOf('colr')
  assert.equal(bytes.subarray(colr - 4, colr + 15).toString('hex'), '00000013636f6c726e636c7800050001000580')
  // Track width: 720 × 64 / 45 = 1024, in 16.16.
  const tkhd = bytes.indexOf('tkhd')
  assert.equal(bytes.subarray(tkhd + 80, tkhd + 88).toString('hex'), '0400000002400000')
  assert.equal(Buffer.from(writeInitSegment(1, videoConfigFromAvcC(AVCC.hd1080))).indexOf('pasp'), -1)
})

test('a rate above 65535 Hz is left to the AudioSpecificConfig', () => {
  const { tracks } = parseInitSegment(writeInitSegment(2, audioConfigFromAsc(Uint8Array.of(0x10, 0x10))))
  assert.equal(tracks[0]?.timescale, 96_000)
  assert.equal(tracks[0]?.entries[0]?.sampleRate, 0)
  assert.equal(tracks[0]?.entries[0]?.config?.timescale, 96_000)
})
