import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDiskStore } from '../store/disk.ts'
import { quietLog, retention, temporaryFolder } from '../store/fixtures/material.ts'
import { createDownloads } from './downloads.ts'
import { createTestBroadcast, smallClip } from './fixtures/broadcast.ts'

test('a plan that takes more than all the room is made once for the ranges of one player', async (t) => {
  const store = createDiskStore({ root: await temporaryFolder(t), log: quietLog, retention })
  t.after(() => store.close())
  const broadcast = createTestBroadcast(store, 'as_one')
  broadcast.send(smallClip(), 2)
  await broadcast.writer().end()
  const downloads = createDownloads(store, 1)
  const first = await downloads.get('as_one')
  assert.ok(first !== undefined)
  assert.equal((await downloads.get('as_one'))?.download, first.download)
})
