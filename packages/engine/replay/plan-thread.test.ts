import assert from 'node:assert/strict'
import { test } from 'node:test'
import { writeFragment } from '@bandstand/media/containers/isobmff/fragment.ts'
import { smallClip } from './fixtures/broadcast.ts'
import type { PlanRow, PlanSegment } from './plan-model.ts'
import { createLocalPlan, createPlanThread } from './plan-thread.ts'

function material() {
  const { video, audio, pictures, frames } = smallClip()
  const start = {
    tracks: [
      { track: 1, configs: [video] },
      { track: 2, configs: [audio] },
    ],
    defaults: [],
  }
  const segment = (track: number, number: number, samples: typeof pictures): PlanSegment => {
    const baseDecodeTime = number * samples.reduce((sum, sample) => sum + sample.duration, 0)
    const bytes = writeFragment({ sequence: number, track, baseDecodeTime, samples })
    return { track, firstPart: number, lastPart: number, configIndex: 0, shift: 0, heads: [{ offset: 0, bytes }] }
  }
  const rows = [0, 1, 2].map((i): PlanRow => {
    const segments = [segment(1, i, pictures.slice(0, 30)), segment(2, i, frames.slice(0, 46))]
    return { discontinuity: false, segments }
  })
  return { start, rows }
}

test('the plan of a thread of its own is the one made here', async () => {
  const { start, rows } = material()
  const local = createLocalPlan(start)
  await local.add(rows)
  const thread = await createPlanThread(start)
  try {
    await thread.add(rows.slice(0, 1))
    await thread.add(rows.slice(1))
    const plan = await thread.finish()
    assert.equal(plan?.offset.length, 6)
    assert.deepEqual(plan, await local.finish())
  } finally {
    await thread.close()
  }
})

test('damaged media makes a plan fail, not the server', async () => {
  const { start, rows } = material()
  const thread = await createPlanThread(start)
  try {
    const [first] = rows[0]?.segments ?? []
    assert.ok(first !== undefined)
    const damaged = { ...first, heads: [{ offset: 0, bytes: new Uint8Array(20).fill(9) }] }
    await assert.rejects(thread.add([{ discontinuity: false, segments: [damaged] }]))
  } finally {
    await thread.close()
  }
})

test('without a sample there is no plan', async () => {
  const thread = await createPlanThread(material().start)
  assert.equal(await thread.finish(), undefined)
  await thread.close()
})
