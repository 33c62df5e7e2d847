import { createHmac } from 'node:crypto'
import { mendTieBreaker } from './tie-breaker.ts'

const PASSWORD = 'VOkJxbRl1RmTxUk/WvJxBt'
const HEADER = Buffer.from('000100002112a442b7e7a701bc34d686fa87dfae', 'hex')
const INTEGRITY = 24

/**
 * The input is read as a datagram, and as the attributes of a check that is then signed, since nobody fuzzes through a signature. What
 * is sent on differs in the tie-breaker and what is computed from it alone, and needs no mending again. Allowed: nothing but that.
 */
export const target = {
  name: 'tie-breaker',
  corpus: new URL('corpus/tie-breaker/', import.meta.url),
  run(input: Uint8Array): void {
    judge(input)
    judge(signed(input))
    // Behind what is signed a fingerprint may stand, or anything.
    const half = (input.byteLength >> 3) << 2
    judge(signed(input.subarray(0, half), input.subarray(half)))
  },
}

function judge(datagram: Uint8Array): void {
  const before = datagram.slice()
  const mended = mendTieBreaker(datagram, (ufrag) => (ufrag === 'evtj' ? PASSWORD : undefined))
  if (datagram.some((byte, i) => byte !== before[i])) throw new RangeError('what was given has changed')
  if (mended === undefined) return
  const { datagram: bytes, ufrag } = mended
  if (ufrag !== 'evtj') throw new RangeError('signed for somebody who is not here')
  if (bytes.byteLength !== before.byteLength) throw new RangeError('another length')
  const changed = [...bytes.keys()].filter((i) => bytes[i] !== before[i])
  // A tie-breaker's last byte, 20 of a signature, 4 of a fingerprint.
  if (changed.length > 25) throw new RangeError(`${changed.length} bytes changed`)
  if (mendTieBreaker(bytes, () => PASSWORD) !== undefined) throw new RangeError('mended twice')
}

/** @param behind what follows the signature. */
function signed(attributes: Uint8Array, behind: Uint8Array = new Uint8Array()): Uint8Array {
  const covered = Buffer.concat([HEADER, attributes])
  covered.writeUInt16BE((attributes.byteLength + INTEGRITY) & 0xffff, 2)
  const signature = createHmac('sha1', PASSWORD).update(covered).digest()
  const whole = Buffer.concat([covered, Buffer.from([0x00, 0x08, 0, 20]), signature, behind])
  whole.writeUInt16BE((whole.byteLength - HEADER.byteLength) & 0xffff, 2)
  return whole
}
