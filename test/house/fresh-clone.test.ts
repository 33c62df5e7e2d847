import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { longOnly } from '../support/long.ts'
import { start } from '../support/process.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { waitFor } from '../support/wait.ts'

const root = join(import.meta.dirname, '..', '..')

/**
 * `npm start -- demo`, as a newcomer types it who has read the README: in a fresh clone of what is committed, with nothing
 * installed. (`npm test`, which the README names too, is what runs this file: `.ci/run`, on a clean checkout before anything lands.)
 */
test('a fresh clone and one command show the demo', {
  ...longOnly,
  timeout: 300_000,
}, async (context) => {
  const clone = join(temporaryFolder('clone'), 'bandstand')
  execFileSync('git', ['clone', '--quiet', root, clone])
  const server = start(
    'npm',
    ['start', '--', 'demo', '--http', '127.0.0.1:0', '--rtmp', '127.0.0.1:0', '--srt', '127.0.0.1:0', '--log', 'json'],
    {
      cwd: clone,
      limit: 280_000,
    },
  )
  context.after(() => server.stop('SIGTERM'))
  const http = await waitFor(
    'the ready line',
    () => {
      assert.ok(server.running(), server.output())
      return /"http":"([^"]+)"/.exec(server.stdout())?.[1]
    },
    240_000,
    200,
  )
  const live = await waitFor(
    'the demo to be live',
    async () => {
      const answer = await fetch(`http://${http}/live/main/index.m3u8`)
      return answer.ok && (await answer.text())
    },
    20_000,
    200,
  )
  assert.match(live, /RESOLUTION=1280x720/)
  const page = await fetch(`http://${http}/`).then((answer) => answer.text())
  assert.match(page, /<bandstand-player/)
})
