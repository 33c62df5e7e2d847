import assert from 'node:assert/strict'
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * A process whose `stop` takes so many milliseconds.
 * @param again whether it is signalled a second time at once: by itself, which is so on a busy machine too
 */
async function supervised(
  t: TestContext,
  stopMs: number,
  again = false,
): Promise<ChildProcessByStdio<null, Readable, null>> {
  const module = new URL('shutdown.ts', import.meta.url).href
  const program = `
    import { superviseProcess } from ${JSON.stringify(module)}
    const log = { info() {}, warn() {}, error() {}, fatal() {} }
    superviseProcess(log, () => {
      process.stdout.write('stopping')
      if (${again}) process.kill(process.pid, 'SIGINT')
      return new Promise((resolve) => setTimeout(resolve, ${stopMs}))
    })
    setInterval(() => undefined, 1000)
    process.stdout.write('ready')
  `
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  return child
}

test('a signal that comes twice at once, as under npm, lets the process end in order', async (t) => {
  const child = await supervised(t, 300, true)
  child.kill('SIGINT')
  assert.deepEqual(await once(child, 'exit'), [0, null])
})

test('a second signal later ends it at once', async (t) => {
  const child = await supervised(t, 8_000)
  const stopping = once(child.stdout, 'data')
  child.kill('SIGTERM')
  await stopping
  await sleep(1_200)
  assert.equal(child.exitCode, null)
  child.kill('SIGTERM')
  assert.deepEqual(await once(child, 'exit'), [1, null])
})
