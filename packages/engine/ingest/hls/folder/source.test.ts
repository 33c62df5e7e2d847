import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Worker } from 'node:worker_threads'
import { createRefusalLog } from '../../../remote/refusals.ts'
import { FakeLog, until } from '../../rtmp/testing/fake-port.ts'
import { watchFolder } from './source.ts'

test('a thread that fails is begun again, and the folder is watched as before', async (t) => {
  const path = await mkdtemp(join(tmpdir(), 'bandstand-folder-'))
  t.after(() => rm(path, { recursive: true }))
  const threads: Worker[] = []
  const began = (thread: Worker) => void threads.push(thread)
  process.on('worker', began)
  t.after(() => process.off('worker', began))
  const log = new FakeLog()
  const refusals = createRefusalLog(log)
  t.after(() => refusals.close())
  const source = watchFolder({
    ...{ path, log, refusals, now: () => performance.now(), maxBitrate: 1e8 },
    publish: () => assert.fail('there is nothing to publish'),
    request: { remote: 'this machine', encoder: path },
    fields: () => ({ channel: 'main', source: path }),
  })
  t.after(() => source.close())
  await until(() => threads.length === 1, 'a thread')
  threads[0]?.emit('error', new Error('out of memory'))
  await threads[0]?.terminate()
  await until(() => log.lines.some((line) => line.includes('begun again')), 'the trouble')
  await until(() => threads.length === 2, 'another thread')
  await until(() => log.lines.some((line) => line.includes('folder can be read again')), 'an answer')
})
