import type { Publisher } from '../../ports.ts'
import { RTMP_LISTENER_LIMITS } from './limits.ts'
import { createFlvToStream } from './to-stream.ts'

/**
 * The input is a run of tag bodies, each behind one byte of kind (even: video, odd: audio) and two of length. Units and
 * configurations must be consistent; bad media is counted, nothing is thrown.
 */
export const target = {
  name: 'rtmp-to-stream',
  corpus: new URL('corpus/', import.meta.url),
  run(input: Uint8Array): void {
    const configured = new Set<number>()
    const publisher: Publisher = {
      channel: 'fuzz',
      isUrgent: false,
      announce() {},
      configure: (track) => void configured.add(track),
      unit(unit) {
        if (!configured.has(unit.track)) throw new RangeError('a unit before its configuration')
        if (unit.data.byteLength === 0) throw new RangeError('an empty unit')
        if (!Number.isSafeInteger(unit.dts) || !Number.isSafeInteger(unit.pts)) throw new RangeError('a time of no use')
      },
      describe() {},
      end() {},
    }
    const media = createFlvToStream(publisher, RTMP_LISTENER_LIMITS)
    for (let at = 0; at + 3 <= input.byteLength; ) {
      const length = (input[at + 1] ?? 0) * 256 + (input[at + 2] ?? 0)
      const body = input.subarray(at + 3, at + 3 + length)
      if ((input[at] ?? 0) % 2 === 0) media.video(at, body)
      else media.audio(at, body)
      at += 3 + length
    }
  },
}
