import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createStandIn } from './stand-in.ts'

test('renditions that go on in real time stand in for the first, some seconds after it stopped', () => {
  const standIn = createStandIn()
  let needed: number | undefined
  for (let at = 0; at < 12_000; at += 33) {
    if (at < 5_000) standIn.source(at)
    standIn.brought(at)
    if (standIn.isNeeded(at)) needed ??= at
  }
  assert.ok(needed !== undefined && needed >= 7_900 && needed < 8_100, `at ${needed}`)
  standIn.source(12_000)
  assert.equal(standIn.isNeeded(12_000), false)
})

test('renditions that come in segments, one after another, do not', () => {
  const standIn = createStandIn()
  for (let at = 0; at < 60_000; at += 6_000) {
    for (let n = 0; n < 180; n++) standIn.brought(at)
    assert.equal(standIn.isNeeded(at), false)
    for (let n = 0; n < 180; n++) standIn.source(at + 900)
  }
})
