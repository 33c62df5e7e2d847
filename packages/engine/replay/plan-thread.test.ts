import assert from 'node:assert/strict'
import { test } from 'node:test'
import { writeFragment } from '@bandstand/media/containers/isobmff/fragment.ts'
import { smallClip } from './fixtures/broadcast.ts'
import type { PlanSegment } from './plan-model.ts'
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
  const segments = [0, 1, 2].flatMap((i) => [segment(1, i, pictures.slice(0, 30)), segment(2, i, frames.slice(0, 46))])
  return { start, segments }
}

test('the plan of a thread of its own is the one made here', async () => {
  const { start, segments } = material()
  const local = createLocalPlan(start)
  await local.add(segments)
  const thread = await createPlanThread(start)
  try {
    await thread.add(segments.slice(0, 2))
    await thread.add(segments.slice(2))
    const plan = await thread.finish()
    assert.equal(plan?.offset.length, 6)
    assert.deepEqual(plan, await local.finish())
  } finally {
    await thread.close()
  }
})

test('damaged media makes a plan fail, not the server', async () => {
  const { start, segments } = material()
  const thread = await createPlanThread(start)
  try {
    const [first] = segments
    assert.ok(first !== undefined)
    await assert.rejects(thread.add([{ ...first, heads: [{ offset: 0, bytes: new Uint8Array(20).fill(9) }] }]))
  } finally {
    await thread.close()
  }
})

test('without a sample there is no plan', async () => {
  const thread = await createPlanThread(material().start)
  assert.equal(await thread.finish(), undefined)
  await thread.close()
})
