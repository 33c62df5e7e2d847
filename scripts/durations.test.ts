import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { byCost, keepDurations, readDurations } from './durations.ts'

test('what needs more places comes first, then what took longer or has never run', () => {
  const durations = { a: 1, b: 30, 'c.wide': 2, 'd.wide': 20 }
  const order = byCost((file) => (file.endsWith('wide') ? 2 : 1), durations)
  assert.deepEqual(['a', 'b', 'new', 'c.wide', 'd.wide', 'another'].sort(order), [
    ...['d.wide', 'c.wide'],
    ...['another', 'new', 'b', 'a'],
  ])
})

test('durations are kept beside those of other files; what cannot be read is as good as nothing', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bandstand-durations-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'cache', 'durations.json')
  assert.deepEqual(readDurations(path), {})
  keepDurations(path, { a: 1, b: 2 })
  keepDurations(path, { b: 3 })
  assert.deepEqual(readDurations(path), { a: 1, b: 3 })
  for (const damaged of ['{"a":1,', 'null', '{"a":"long"}']) {
    writeFileSync(path, damaged)
    assert.deepEqual(readDurations(path), {})
  }
  const nowhere = join(path, 'durations.json')
  keepDurations(nowhere, { a: 1 })
  assert.deepEqual(readDurations(nowhere), {})
})
