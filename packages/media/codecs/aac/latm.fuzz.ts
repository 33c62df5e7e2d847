import { MediaError } from '../../error.ts'
import { audioConfigFromAsc } from './config.ts'
import { LatmReader, LOAS_HEAD, loasFrameBytes } from './latm.ts'

/** AudioSyncStream frames, one behind the other. Frames are no more than what came in. Allowed: a MediaError. */
export const target = {
  name: 'latm',
  corpus: new URL('corpus/latm/', import.meta.url),
  run(input: Uint8Array): void {
    const reader = new LatmReader()
    for (let at = 0; at + LOAS_HEAD <= input.byteLength; ) {
      const size = loasFrameBytes(input, at)
      if (size === -1) {
        at++
        continue
      }
      try {
        const element = reader.read(input.subarray(at + LOAS_HEAD, at + size))
        if (element !== undefined) {
          audioConfigFromAsc(element.asc)
          const bytes = element.frames.reduce((sum, { byteLength }) => sum + byteLength, 0)
          if (bytes > size) throw new RangeError('more comes out than went in')
        }
      } catch (error) {
        if (!(error instanceof MediaError)) throw error
      }
      at += size
    }
  },
}
