import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLineWindow } from './line.ts'

test('the line is told of for half a minute, what came again apart from what never came', () => {
  const line = createLineWindow()
  const rest = { session: 's', connected: true, bitrate: 0, loss: 0, dropped: 0, malformed: 0, keysAsked: 0 }
  assert.deepEqual(line.report().packets, 0)
  for (let second = 1; second <= 40; second++) {
    line.add({
      ...rest,
      packets: second * 100,
      lost: second,
      recovered: second * 3,
      trip: second === 40 ? undefined : 41.6,
    })
  }
  assert.deepEqual(line.report(), {
    ...{ roundTrip: 42, latency: 500, buffered: 0 },
    ...{ packets: 3_000, lost: 120, retransmitted: 90, dropped: 30 },
  })
})
