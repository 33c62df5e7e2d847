import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { readProcessState, stateOf } from './process-state.ts'

/** As proc_pid_stat(5) has it; 120 ms of user and 30 ms of system time. */
const stat = (state: string, name = 'ffmpeg') =>
  `77 (${name}) ${state} 1 77 77 0 -1 4194560 60 0 0 0 12 3 0 0 20 0 9 0 57`

test('threads tell whether a program works, sleeps, is stopped or waits for the disk', () => {
  for (const [threads, state] of [
    ['S', 'asleep'],
    ['SS', 'asleep'],
    ['ST', 'asleep'],
    ['TT', 'stopped'],
    ['tt', 'stopped'],
    ['SR', 'runnable'],
    ['DR', 'runnable'],
    ['SD', 'blocked'],
    ['SI', 'blocked'],
  ] as const) {
    assert.deepEqual(
      stateOf(threads.split('').map((one) => stat(one))),
      { state, processorTime: 150 * threads.length },
      threads,
    )
  }
})

test('a name says nothing, whatever is in it', () => {
  assert.deepEqual(stateOf([stat('S', 'a) R 1 2 (b')]), { state: 'asleep', processorTime: 150 })
})

test('what is not as it should be tells nothing', () => {
  for (const lines of [[], [''], ['77 (ffmpeg'], [stat('S'), '77 (ffmpeg) S 1 77']]) {
    assert.equal(stateOf(lines), undefined)
  }
})

test('a program that runs: asleep, then stopped; one that has programs of its own, or has gone, tells nothing', async (t) => {
  if (!existsSync('/proc/self/task')) return t.skip('needs /proc')
  const child = spawn('cat', { stdio: ['pipe', 'pipe', 'ignore'] })
  t.after(() => child.kill('SIGKILL'))
  const { pid } = child
  assert.ok(pid !== undefined)
  child.stdin.write('a')
  await once(child.stdout, 'data')
  const is = async (state: string | undefined, of = pid) => {
    while (readProcessState(of)?.state !== state) await new Promise((done) => setTimeout(done, 10))
  }
  await is('asleep')
  child.kill('SIGSTOP')
  await is('stopped')
  const closed = once(child, 'close')
  child.kill('SIGKILL')
  await closed
  assert.equal(readProcessState(pid), undefined)

  const wrapper = spawn('/bin/sh', ['-c', 'cat; true'], { stdio: ['pipe', 'pipe', 'ignore'] })
  t.after(() => wrapper.stdin.end())
  wrapper.stdin.write('a')
  await once(wrapper.stdout, 'data')
  assert.equal(readProcessState(wrapper.pid ?? 0), undefined)
})
