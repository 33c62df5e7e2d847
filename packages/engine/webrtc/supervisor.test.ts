import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { afterEach, beforeEach, mock, test } from 'node:test'
import type { Log } from '../ports.ts'
import { PROCESS_LIMITS } from './limits.ts'
import type { FromProcess, ToProcess } from './messages.ts'
import { createWebRtcProcess } from './supervisor.ts'

beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'setInterval'] }))
afterEach(() => mock.timers.reset())

/** A process that does what the test says. */
class FakeProcess extends EventEmitter {
  readonly pid = 1
  readonly stderr = null
  connected = true
  readonly got: ToProcess['kind'][] = []
  /** What it does not read waits in the pipe. */
  isReading = true
  readonly unread: (() => void)[] = []
  send(message: ToProcess, done: () => void): boolean {
    this.got.push(message.kind)
    if (this.isReading) done()
    else this.unread.push(done)
    return true
  }
  kill(): boolean {
    this.end('SIGKILL')
    return true
  }
  say(message: FromProcess): void {
    this.emit('message', message)
  }
  end(signal: string | null = null): void {
    if (!this.connected) return
    this.connected = false
    this.emit('exit', 0, signal)
  }
}

function stage() {
  const started: FakeProcess[] = []
  const errors: string[] = []
  const at = { now: 0, downs: 0 }
  const log: Log = { debug() {}, info() {}, warn() {}, error: (_facts, message) => void errors.push(message) }
  const process = createWebRtcProcess({
    host: '127.0.0.1',
    port: 1,
    log,
    now: () => at.now,
    fork() {
      const fake = new FakeProcess()
      started.push(fake)
      return fake as unknown as ChildProcess
    },
  })
  const supervisor = process.join({ onMessage() {}, onDown: () => void at.downs++ })
  const newest = () => started.at(-1) ?? assert.fail('none was started')
  function pass(ms: number): void {
    for (let left = ms; left > 0; left -= PROCESS_LIMITS.watchMs) {
      const step = Math.min(left, PROCESS_LIMITS.watchMs)
      at.now += step
      mock.timers.tick(step)
    }
  }
  return {
    process,
    supervisor,
    started,
    errors,
    at,
    newest,
    pass,
    /** Time goes by, and the process says that it is there. */
    live(ms: number) {
      const step = PROCESS_LIMITS.hungMs / 2
      for (let passed = 0; passed < ms; passed += step) {
        newest().say({ kind: 'report', viewers: [], packets: 0, resent: 0, refused: 0 })
        pass(step)
      }
    },
    async run() {
      const ready = supervisor.ensure()
      started.at(-1)?.say({ kind: 'ready', host: '', port: 1 })
      await ready
    },
  }
}

test('a process that was started for an offer that came to nothing is ended when it has been idle', async () => {
  const { supervisor, newest, run, live } = stage()
  await run()
  live(PROCESS_LIMITS.idleMs)
  assert.deepEqual(newest().got, ['stop'])
  newest().end()
  assert.equal(supervisor.isUp, false)
})

test('one that has something to do stays, and each offer gives an idle one more time', async () => {
  const { supervisor, newest, run, live } = stage()
  await run()
  supervisor.setBusy(true)
  live(PROCESS_LIMITS.idleMs * 2)
  supervisor.setBusy(false)
  live(PROCESS_LIMITS.idleMs / 2)
  await supervisor.ensure()
  live(PROCESS_LIMITS.idleMs / 2)
  assert.deepEqual(newest().got, [])
})

test('a server that stops while an idle process ends starts no other one', async () => {
  const { process, supervisor, started, newest, run, live } = stage()
  await run()
  live(PROCESS_LIMITS.idleMs)
  const late = supervisor.ensure()
  const closing = process.close()
  newest().end()
  await closing
  await assert.rejects(late, { code: 'refused' })
  assert.equal(started.length, 1)
})

test('a process that hangs is killed, and rests for longer with every failure', async () => {
  const { supervisor, errors, at, run, pass } = stage()
  await run()
  pass(PROCESS_LIMITS.hungMs + PROCESS_LIMITS.watchMs)
  assert.deepEqual([at.downs, errors.length, supervisor.restsFor], [1, 1, PROCESS_LIMITS.restartMs])
  await assert.rejects(supervisor.ensure(), { code: 'refused' })
  pass(PROCESS_LIMITS.restartMs)
  const second = supervisor.ensure()
  pass(PROCESS_LIMITS.startMs + PROCESS_LIMITS.watchMs)
  await assert.rejects(second, { code: 'refused' })
  assert.equal(supervisor.restsFor, PROCESS_LIMITS.restartMs * 2)
})

test('a process that says something as soon as a server wakes that stood is not one that hangs', async () => {
  const { supervisor, at, newest, run, pass } = stage()
  await run()
  supervisor.setBusy(true)
  pass(1_000)
  // Its report waits in the pipe, and timers run before that is read.
  at.now += PROCESS_LIMITS.hungMs + 1_000
  mock.timers.tick(PROCESS_LIMITS.watchMs)
  newest().say({ kind: 'report', viewers: [], packets: 0, resent: 0, refused: 0 })
  pass(1_000)
  assert.equal(at.downs, 0)
  pass(PROCESS_LIMITS.hungMs + 1_000)
  assert.equal(at.downs, 1)
})

test('who waits for a process that starts slowly is refused in time, and it is there for the next', async () => {
  const { supervisor, at, newest, pass } = stage()
  const first = supervisor.ensure()
  pass(PROCESS_LIMITS.startPatienceMs)
  await assert.rejects(first, { code: 'refused' })
  const second = supervisor.ensure()
  newest().say({ kind: 'ready', host: '', port: 1 })
  await second
  assert.deepEqual([at.downs, supervisor.isUp], [0, true])
})

test('what keeps it from working is told once', async () => {
  const { supervisor, errors, newest, pass } = stage()
  for (let n = 0; n < 3; n++) {
    const tried = supervisor.ensure()
    newest().say({ kind: 'failed', reason: 'the port is taken' })
    newest().end()
    await assert.rejects(tried, { code: 'refused' })
    pass(supervisor.restsFor)
  }
  assert.deepEqual(errors, ['webrtc cannot work; viewers are sent to HLS'])
})

test('pictures and sound count until they are written, and it is told when there is room again', async () => {
  const { supervisor, newest, run } = stage()
  await run()
  let told = 0
  supervisor.onSent = () => void told++
  newest().isReading = false
  const half = new Uint8Array(PROCESS_LIMITS.sendingBytes / 2)
  supervisor.send({ kind: 'sound', stream: 1, time: 0, data: half })
  supervisor.send({ kind: 'open', stream: 2 })
  supervisor.send({ kind: 'picture', stream: 1, time: 0, key: true, data: half })
  assert.equal(supervisor.sending, PROCESS_LIMITS.sendingBytes)
  const [sound, open, picture] = newest().unread
  sound?.()
  assert.deepEqual([supervisor.sending, told], [half.byteLength, 1])
  open?.()
  picture?.()
  // Nobody waits any more.
  assert.deepEqual([supervisor.sending, told], [0, 1])
})
