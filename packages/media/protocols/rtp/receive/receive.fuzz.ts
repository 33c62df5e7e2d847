import { MediaError } from '../../../error.ts'
import { parseRtp } from '../packet.ts'
import { depacketizers } from './codecs.ts'
import { createFrames } from './frames.ts'
import { createReorder } from './reorder.ts'

/**
 * A byte that chooses the codec, then packets with their size in front, in the order that they come. Pictures that are given out are no
 * longer than what came. Allowed: a MediaError of a packet.
 */
export const target = {
  name: 'rtp-receive',
  corpus: new URL('corpus/receive/', import.meta.url),
  run(input: Uint8Array): void {
    const all = Object.values(depacketizers)
    const depacketizer = all[(input[0] ?? 0) % all.length] ?? depacketizers.h264
    const reorder = createReorder(50)
    const frames = createFrames(depacketizer)
    let given = 0
    for (let at = 1, now = 0; at < input.byteLength; now += 10) {
      const size = input[at] ?? 0
      const ordered = [...reorder.step(now), ...received(reorder, input.subarray(at + 1, at + 1 + size), now)]
      for (const one of ordered) for (const { data } of frames.push(one)) given += data.byteLength
      reorder.ask(now)
      at += 1 + size
    }
    // Each part of a picture gets a size of four bytes at most in place of two, or none.
    if (given > input.byteLength * 6 + 64) throw new RangeError(`${given} bytes of ${input.byteLength}`)
  },
}

function received(reorder: ReturnType<typeof createReorder>, datagram: Uint8Array, now: number) {
  try {
    return reorder.push(parseRtp(datagram), now)
  } catch (error) {
    if (!(error instanceof MediaError)) throw error
    return []
  }
}
