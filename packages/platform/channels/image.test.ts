import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sniffImage } from './image.ts'

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))

test('images are known by their first bytes', () => {
  //                                 signature                 IHDR…
  assert.equal(sniffImage(hex('89504e470d0a1a0a 0000000d')), 'png')
  assert.equal(sniffImage(hex('ffd8ff e0')), 'jpeg')
  //                           R I F F  size     W E B P
  assert.equal(sniffImage(hex('52494646 00000000 57454250')), 'webp')
  //                           size     f t y p  m i f 1  minor    m i f 1  a v i f
  assert.equal(sniffImage(hex('00000018 66747970 6d696631 00000000 6d696631 61766966')), 'avif')
  assert.equal(sniffImage(hex('00000014 66747970 61766966 00000000 6d696631')), 'avif')
})

test('what only resembles an image is none', () => {
  const others = [
    '',
    '89504e470d0a1a0a',
    '89504e470d0a1a0b 00',
    'ffd8',
    '52494646 00000000 57415645',
    '00000018 66747970 6d703432 00000000 6d703431 69736f6d', // MP4
    '00000010 66747970 6d696631 00000000 61766966', // brand outside the box
    '00000014 66747970 6d696631 61766966 6d696631', // the minor version is no brand
    '3c737667', // <svg
    '47494638 3961 00000000 00000000', // GIF
  ]
  for (const bytes of others) assert.equal(sniffImage(hex(bytes)), undefined, bytes)
})

test('any cut of an image is an image or nothing, and never an error', () => {
  const avif = hex('00000018 66747970 6d696631 00000000 6d696631 61766966')
  for (let length = 0; length <= avif.length; length++) sniffImage(avif.subarray(0, length))
})
