import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printForPeople } from './log.ts'

test('a line for people has the time, the level unless it is info, the message and the fields', () => {
  const line =
    '{"level":40,"time":"2026-01-02T03:04:05.678Z","remote":"10.0.0.1","n":2,"msg":"refused","err":{"message":"why"}}'
  assert.equal(printForPeople(line), '03:04:05 WARN refused  (remote=10.0.0.1 n=2 error=why)\n')
  assert.equal(printForPeople('{"level":30,"time":"2026-01-02T03:04:05.678Z","msg":"live"}'), '03:04:05 live\n')
})
