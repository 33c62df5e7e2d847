import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printRtcp, type RtcpPacket } from '@bandstand/media/protocols/rtcp/compound.ts'
import { PEER_LIMITS } from '../limits.ts'
import { createCopies } from './copies.ts'

const [VIDEO, AGAIN, AUDIO] = [1, 2, 3]
const block = { fractionLost: 0, lost: 0, highestSequence: 9, jitter: 0, lastSr: 0, delaySinceLastSr: 0 }

/** Reads datagrams as a viewer does; gives which of them were no copies. */
function stage() {
  const copies = createCopies([VIDEO, AGAIN, AUDIO])
  return (packets: readonly RtcpPacket[]) => {
    const datagram = printRtcp(packets)
    if (copies.has(datagram)) return 'copy'
    copies.read(datagram, packets)
    return 'new'
  }
}

/** A report with a number, so that it is like no other. */
function report(delaySinceLastSr: number, ...ssrcs: readonly number[]): RtcpPacket[] {
  return [{ type: 'rr', ssrc: 9, reports: ssrcs.map((ssrc) => ({ ...block, ssrc, delaySinceLastSr })) }]
}

const nack: RtcpPacket = { type: 'nack', sender: 9, media: VIDEO, sequences: [7] }
const feedback: RtcpPacket = {
  ...{ type: 'transport-feedback', sender: 9, media: AGAIN, base: 0 },
  ...{ referenceTime: 0, count: 0, deltas: [0] },
}

test('a datagram comes once for each of our sources that is named in it', () => {
  const take = stage()
  assert.deepEqual(
    [1, 2, 3].map(() => take(report(1, VIDEO, AUDIO, AGAIN))),
    ['new', 'copy', 'copy'],
  )
  assert.deepEqual([take([nack]), take([nack])], ['new', 'new'])
  const both = [nack, feedback]
  assert.deepEqual([take(both), take(both), take(both)], ['new', 'copy', 'new'])
})

test('copies may come behind later datagrams, for the tracks tell of them one by one', () => {
  const take = stage()
  const [first, second] = [report(1, VIDEO, AUDIO), report(2, VIDEO, AUDIO)]
  assert.deepEqual([first, second, first, second].map(take), ['new', 'new', 'copy', 'copy'])
})

test('copies that never come are not waited for without end', () => {
  const take = stage()
  for (let n = 0; n <= PEER_LIMITS.copies; n++) take(report(n, VIDEO, AUDIO))
  assert.equal(take(report(0, VIDEO, AUDIO)), 'new')
  assert.equal(take(report(PEER_LIMITS.copies, VIDEO, AUDIO)), 'copy')
})
