import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createHeapGrowth } from './heap-growth.ts'

function start() {
  const percents: number[] = []
  const growth = createHeapGrowth((percent) => void percents.push(percent))
  let now = 0
  const collect = (count: number, every: number) => {
    for (let i = 0; i < count; i++) growth.collected((now += every))
  }
  return { percents, collect }
}

test('the heap may grow less where collections are seldom, and more where they are frequent', () => {
  const { percents, collect } = start()
  collect(10, 5_000)
  assert.deepEqual(percents, [60])
  collect(10, 1_000)
  assert.deepEqual(percents, [60, 150])
  collect(10, 20_000)
  assert.deepEqual(percents, [60, 150, 60])
})

test('that they are less frequent for the change does not take the change back', () => {
  const { percents, collect } = start()
  collect(10, 1_000)
  collect(100, 2_500)
  collect(100, 9_000)
  assert.deepEqual(percents, [60, 150])
})

test('a few in a row change nothing', () => {
  const { percents, collect } = start()
  for (let i = 0; i < 20; i++) {
    collect(3, 200)
    collect(1, 30_000)
  }
  assert.deepEqual(percents, [60])
})
