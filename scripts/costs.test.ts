import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { costs, misjudged } from './costs.ts'
import { root } from './source.ts'

test('only files that are there have a cost', () => {
  assert.deepEqual(
    Object.keys(costs).filter((file) => !existsSync(join(root, file))),
    [],
  )
})

test('a long file that is not listed is named, and one that took quite another time than it says', () => {
  const listed = { 'a.test.ts': { seconds: 50 }, 'b.test.ts': { seconds: 50 }, 'c.test.ts': { eighths: 5 } }
  const took = { 'a.test.ts': 70, 'b.test.ts': 20, 'c.test.ts': 90, 'd.test.ts': 3 }
  assert.deepEqual(misjudged(took, listed), [
    'b.test.ts took 20 s, and scripts/costs.ts says 50 s',
    'c.test.ts took 90 s, and scripts/costs.ts does not list it',
  ])
})
