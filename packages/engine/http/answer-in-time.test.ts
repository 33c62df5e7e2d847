import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import { until } from '../store/fixtures/material.ts'
import { answerInTime } from './answer-in-time.ts'
import { notReady, sendProblem } from './problem.ts'
import { get, startServer } from './testing.ts'

/** A server whose answers take until nobody waits for them, or no time at all. */
async function fixture(t: TestContext, patience: number) {
  const works: AbortSignal[] = []
  const { port } = await startServer(t, [
    (req, res) => {
      const send = () => sendProblem(req, res, notReady('At once.'))
      const work = async (gone: AbortSignal) => {
        works.push(gone)
        if (req.url !== '/ready') await new Promise((resolve) => gone.addEventListener('abort', resolve))
        return send
      }
      void answerInTime(req, res, { patience, late: notReady('Too late.'), work })
      return true
    },
  ])
  return { port, works }
}

test('work that is not in time is told that nobody waits for it, and so is that of a client who has gone', async (t) => {
  const late = await fixture(t, 20)
  assert.match(String((await get(late.port, '/')).body), /Too late/)
  assert.equal(late.works[0]?.aborted, true)

  const left = await fixture(t, 60_000)
  const socket = connect(left.port, '127.0.0.1')
  socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
  await until(() => left.works.length > 0, 'the request')
  assert.equal(left.works[0]?.aborted, false)
  socket.destroy()
  await until(() => left.works[0]?.aborted === true, 'its end')
})

test('an answer in time is nothing that nobody waits for', async (t) => {
  const { port, works } = await fixture(t, 60_000)
  assert.match(String((await get(port, '/ready')).body), /At once/)
  assert.equal(works[0]?.aborted, false)
})
