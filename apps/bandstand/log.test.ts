import assert from 'node:assert/strict'
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
