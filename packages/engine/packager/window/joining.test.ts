import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDiskStore } from '../../store/disk.ts'
import { quietLog, retention, temporaryFolder } from '../../store/fixtures/material.ts'
import { encode } from '../fixtures/encoder.ts'
import { createStudio } from '../fixtures/studio.ts'
import { everything, text, watchedWindow } from '../fixtures/watched.ts'
import type { BroadcastTiming } from '../model.ts'

const timing: BroadcastTiming = { targetDuration: 4, partTarget: 0.35 }

test('sound that joined late is listed the same after a restart, from before it joined', async (t) => {
  const root = await temporaryFolder(t)
  const store = createDiskStore({ root, log: quietLog, retention })
  const writer = store.create('as_one', timing)
  const window = watchedWindow({ timing, older: everything })
  const studio = createStudio({ sinks: () => [window, writer] })
  studio.connect()
  studio.send([...encode({ seconds: 20 })].filter((s) => s.unit.track === 1 || s.at > 9))
  studio.stop()
  await writer.suspend()
  await store.close()
  const next = createDiskStore({ root, log: quietLog, retention })
  t.after(() => next.close())
  const [recovered] = await next.recover()
  assert.ok(recovered !== undefined)
  const after = watchedWindow({ timing, older: everything, recovered })
  const lines = (of: typeof window) => text(of, 'a2').match(/^#EXTINF.*\n[qs]\S+$/gm)
  const before = lines(window)
  assert.ok(before?.some((line) => line.includes('\nq')) && before.some((line) => line.includes('\ns')))
  assert.deepEqual(lines(after), before)
})
