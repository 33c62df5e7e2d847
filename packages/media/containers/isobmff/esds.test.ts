import assert from 'node:assert/strict'
import { test } from 'node:test'
import { audioConfigFromAsc } from '../../codecs/aac/config.ts'
import { fromHex } from '../../codecs/h264/fixtures.ts'
import { MediaError } from '../../error.ts'
import { parseBoxes } from './box.ts'
import { fullBox, writeBoxes } from './box-writer.ts'
import { type Esds, parseEsds } from './esds.ts'
import { writeInitSegment } from './init.ts'
import { parseInitSegment } from './parse-init.ts'

function parse(hex: string): Esds {
  const [box] = parseBoxes(writeBoxes(fullBox('esds', 0, 0, fromHex(hex))))
  assert(box)
  return parseEsds(box)
}

/** As FFmpeg writes it: every size in four bytes; ES_Descriptor, DecoderConfigDescriptor, AudioSpecificConfig, SL. */
const FFMPEG = '0380808025 0001 00 0480808017 40 15 000000 00010d88 0000d258 0580808005 140856e500 0680808001 02'

test('sizes of four bytes', () => {
  assert.deepEqual(parse(FFMPEG), { objectType: 0x40, asc: fromHex('140856e500') })
})

test('fields that flags announce are passed over', () => {
  // streamDependence, URL "ab", OCR stream; then the decoder configuration of an MP3.
  assert.deepEqual(parse(`0319 0000 e0 0001 026162 0002 040d 6b15${'00'.repeat(11)}`), {
    objectType: 0x6b,
  })
})

test('missing descriptors give nothing', () => {
  assert.deepEqual(parse('060102'), { objectType: 0 })
  assert.deepEqual(parse('0303000000'), { objectType: 0 })
})

test('cut at every byte it throws MediaError or says less', () => {
  for (let length = 0; length < FFMPEG.length; length++) {
    try {
      parse(FFMPEG.slice(0, length))
    } catch (error) {
      assert(error instanceof MediaError)
    }
  }
})

test('a configuration above 127 bytes is written with a longer size', () => {
  const asc = new Uint8Array(200)
  asc.set([0x11, 0x90])
  const { tracks } = parseInitSegment(writeInitSegment(2, audioConfigFromAsc(asc)))
  assert.equal(tracks[0]?.entries[0]?.config?.decoderConfig.byteLength, 200)
})
