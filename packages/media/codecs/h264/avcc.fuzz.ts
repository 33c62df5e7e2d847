import { scanAccessUnit, toFourByteLengths } from './access-unit.ts'
import { parseAvcC } from './avcc.ts'
import { videoConfigFromAvcC } from './config.ts'

/** A decoder configuration record, and the same bytes as an access unit. */
export const target = {
  name: 'avcc',
  corpus: new URL('corpus/avcc/', import.meta.url),
  run(input: Uint8Array): void {
    if ((input[0] ?? 0) === 1) {
      const { lengthSize } = parseAvcC(input)
      if (lengthSize > 4) throw new RangeError(`length size ${lengthSize}`)
      const config = videoConfigFromAvcC(input)
      // What is written is read again.
      videoConfigFromAvcC(config.decoderConfig)
      return
    }
    scanAccessUnit(input, 4)
    const sample = toFourByteLengths(input, 4)
    if (sample.byteLength > input.byteLength) throw new RangeError('sample grew')
    scanAccessUnit(sample, 4)
    if (toFourByteLengths(sample, 4) !== sample) throw new RangeError('a clean sample was changed')
  },
}
