import assert from 'node:assert/strict'
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

/** A process whose `stop` takes so many milliseconds. */
async function supervised(t: TestContext, stopMs: number): Promise<ChildProcessByStdio<null, Readable, null>> {
  const module = new URL('shutdown.ts', import.meta.url).href
  const program = `
    import { superviseProcess } from ${JSON.stringify(module)}
    const log = { info() {}, warn() {}, error() {}, fatal() {} }
    superviseProcess(log, () => (process.stdout.write('stopping'), new Promise((resolve) => setTimeout(resolve, ${stopMs}))))
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
  const child = await supervised(t, 300)
  // On a busy machine it may be over before this process goes on.
  const exited = once(child, 'exit')
  const stopping = once(child.stdout, 'data')
  child.kill('SIGINT')
  await stopping
  child.kill('SIGINT')
  assert.deepEqual(await exited, [0, null])
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
