import { MediaError } from '../../error.ts'
import { parseRtcp, printRtcp } from './compound.ts'

/** What was read prints, and reads back to what prints the same. Allowed: a MediaError. */
export const target = {
  name: 'rtcp',
  corpus: new URL('corpus/rtcp/', import.meta.url),
  run(input: Uint8Array): void {
    let printed: Uint8Array
    try {
      printed = printRtcp(parseRtcp(input))
    } catch (error) {
      if (error instanceof MediaError) return
      throw error
    }
    const again = printRtcp(parseRtcp(printed))
    if (again.join() !== printed.join()) throw new RangeError('print is not stable')
  },
}
