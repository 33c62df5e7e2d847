import { MediaError } from '../../../error.ts'
import { decodeAmf0 } from './decode.ts'
import { encodeAmf0 } from './encode.ts'

/** What is decoded must be encoded, and decode again to as many values. Allowed: a MediaError. */
export const target = {
  name: 'amf0',
  corpus: new URL('corpus/', import.meta.url),
  run(input: Uint8Array): void {
    let values: ReturnType<typeof decodeAmf0>
    try {
      values = decodeAmf0(input)
    } catch (error) {
      if (error instanceof MediaError) return
      throw error
    }
    const again = decodeAmf0(encodeAmf0(values))
    if (again.length !== values.length) throw new RangeError(`${values.length} values became ${again.length}`)
  },
}
