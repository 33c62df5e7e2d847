import { MediaError } from '../../error.ts'
import { parseFragments } from './parse-fragment.ts'
import { parseInitSegment } from './parse-init.ts'

/** An initialisation segment, a media segment, or both in one file. */
export const target = {
  name: 'isobmff',
  corpus: new URL('corpus/isobmff/', import.meta.url),
  run(input: Uint8Array): void {
    const init = orUndefined(() => parseInitSegment(input))
    const defaults = init === undefined ? {} : { defaults: init.defaults }
    for (const { samples } of parseFragments(input, defaults)) {
      for (const { offset, size } of samples) {
        if (!(offset >= 0 && offset + size <= input.byteLength))
          throw new RangeError(`sample at ${offset}, ${size} bytes`)
      }
    }
  },
}

function orUndefined<T>(parse: () => T): T | undefined {
  try {
    return parse()
  } catch (error) {
    if (error instanceof MediaError) return undefined
    throw error
  }
}
