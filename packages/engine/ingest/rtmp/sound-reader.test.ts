import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MediaError } from '@bandstand/media/error.ts'
import { createSoundReader } from './sound-reader.ts'

/** 20 ms of CELT, stereo; 10 ms. */
const packet = Uint8Array.of(0xfc, 0xff)
const short = Uint8Array.of(0xf4, 0xff)

/** MPEG-1 layer III, 128 kbit/s, 48 kHz, joint stereo: 384 bytes. */
const mp3 = new Uint8Array(384)
mp3.set([0xff, 0xfb, 0x94, 0x44])

test('Opus: an empty header is stereo, with a layout its channels, and the first packet says how long packets are', () => {
  const stereo = createSoundReader('opus', 256)
  assert.equal(stereo.configure(new Uint8Array(0)), undefined)
  const first = stereo.read(packet)
  assert.deepEqual([first.config?.channels, first.config?.frameLength], [2, 960])
  assert.equal(stereo.read(short).config, undefined)
  const surround = createSoundReader('opus', 256)
  surround.configure(new Uint8Array(0))
  surround.layout({ order: 'native', channels: 6, mask: 0x3f })
  const config = surround.read(short).config
  assert.deepEqual([config?.channels, config?.frameLength], [6, 480])
})

test('Opus: a header that cannot be read is an error at once', () => {
  assert.throws(() => createSoundReader('opus', 256).configure(Uint8Array.of(1, 2, 3)), MediaError)
})

test('Opus without a header has no configuration', () => {
  assert.equal(createSoundReader('opus', 256).read(packet).config, undefined)
})

test('MP3: every frame of a tag is one, and a tag at the end is passed over', () => {
  const reader = createSoundReader('mp3', 256)
  const tag = Uint8Array.of(...mp3, ...mp3, ...new TextEncoder().encode('TAGsomething'))
  const { config, frames } = reader.read(tag)
  assert.deepEqual([config?.codec, config?.sampleRate, config?.frameLength], ['mp3', 48_000, 1152])
  assert.deepEqual(
    frames.map(({ byteLength }) => byteLength),
    [384, 384],
  )
  assert.equal(reader.read(mp3).config, undefined)
  const mono = mp3.slice()
  mono[3] = 0xc4
  assert.equal(reader.read(mono).config?.channels, 1)
})

test('MP3: what is cut or garbage behind the first frame is passed over, a garbage beginning is an error', () => {
  const reader = createSoundReader('mp3', 256)
  assert.equal(reader.read(Uint8Array.of(...mp3, 0xff, 0xfb, 0x94, 0x44, 1)).frames.length, 1)
  assert.throws(() => reader.read(Uint8Array.of(1, 2, 3, 4)), MediaError)
})

test('MP3: a tag of more frames than any encoder puts into one is refused before they are all made', () => {
  const tag = (count: number) => Uint8Array.from({ length: count * mp3.byteLength }, (_, i) => mp3[i % 384] ?? 0)
  assert.equal(createSoundReader('mp3', 256).read(tag(256)).frames.length, 256)
  assert.throws(() => createSoundReader('mp3', 256).read(tag(257)), /more than 256 frames/)
})
