import assert from 'node:assert/strict'
import { test } from 'node:test'
import Hls, { type BufferInfo } from 'hls.js'
import { decodableStream } from './decodable.ts'
import { soundStream } from './sound-stream.ts'

/** As hls.js has it where it has taken 66 ms between two ranges for buffered. */
const buffered = (): BufferInfo => ({
  ...{ start: 0, end: 28.2, len: 0, bufferedIndex: 1 },
  buffered: [
    { start: 0, end: 28.2 },
    { start: 16.33, end: 28.2 },
  ],
})

for (const [what, Controller] of [
  ['sound', soundStream(Hls)],
  ['pictures', decodableStream(Hls)],
] as const) {
  test(`behind a short hole in ${what} hls.js knows that it has all to the end, before it it does not`, () => {
    const media = { currentTime: 0 }
    const made = Object.assign(Object.create(Controller.prototype) as object, {
      ...{ config: { maxBufferHole: 0.1 }, fragmentTracker: { isEndListAppended: () => true }, media },
    }) as unknown as { _streamEnded(info: BufferInfo, details: object): boolean }
    const endsAt = (at: number) => {
      media.currentTime = at
      return made._streamEnded(buffered(), { live: false, edge: 28.2, fragments: [{}] })
    }
    assert.deepEqual([2, 16, 16.4, 28.1].map(endsAt), [false, false, true, true])
  })
}
