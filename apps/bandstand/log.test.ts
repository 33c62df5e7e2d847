import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { test } from 'node:test'
import { printForPeople } from './log.ts'

test('a line for people has the time, the level unless it is info, the message and the fields', () => {
  const line =
    '{"level":40,"time":"2026-01-02T03:04:05.678Z","remote":"10.0.0.1","n":2,"msg":"refused","err":{"message":"why"}}'
  assert.equal(printForPeople(line), '03:04:05 WARN refused  (remote=10.0.0.1 n=2 error=why)\n')
  assert.equal(printForPeople('{"level":30,"time":"2026-01-02T03:04:05.678Z","msg":"live"}'), '03:04:05 live\n')
})

test('what a peer has chosen forges no line and does not steer the terminal', () => {
  const fields = {
    level: 30,
    time: '2026-01-02T03:04:05.678Z',
    encoder: 'OBS\n03:04:06 forged\u001b[2J\u202e',
    msg: 'live',
  }
  assert.equal(
    printForPeople(JSON.stringify(fields)),
    '03:04:05 live  (encoder=OBS\\u000a03:04:06 forged\\u001b[2J\\u202e)\n',
  )
})

test('a fatal line has the stack below it, any other has not', () => {
  const err = { message: 'why', stack: 'TypeError: why\n    at f (a.ts:1:2)\n    at g (b.ts:3:4)' }
  const line = (level: number) => JSON.stringify({ level, time: '2026-01-02T03:04:05.678Z', msg: 'a fault', err })
  assert.equal(
    printForPeople(line(60)),
    '03:04:05 FATAL a fault  (error=why)\n    at f (a.ts:1:2)\n    at g (b.ts:3:4)\n',
  )
  assert.equal(printForPeople(line(50)), '03:04:05 ERROR a fault  (error=why)\n')
})

for (const form of ['json', 'text']) {
  test(`a log that cannot be written (${form}) loses lines, and a fault still ends the process`, {
    timeout: 90_000,
  }, () => {
    const module = (name: string) => JSON.stringify(new URL(name, import.meta.url).href)
    const program = `
      import { createLog } from ${module('./log.ts')}
      import { superviseProcess } from ${module('./shutdown.ts')}
      const log = createLog({ log: ${JSON.stringify(form)}, logLevel: 'info' })
      superviseProcess(log, async () => process.stderr.write('stopped in order'))
      setInterval(() => {}, 1000)
      for (let i = 0; i < 10; i++) log.info({ i }, 'a line')
      setTimeout(() => { throw new RangeError('a fault') }, 50)`
    const full = openSync('/dev/full', 'w')
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', full, 'pipe'],
      env: {},
      timeout: 60_000,
      killSignal: 'SIGKILL',
    })
    closeSync(full)
    assert.equal(child.stderr.toString(), 'stopped in order')
    assert.equal(child.status, 1)
  })
}
