import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSteadyDelay } from './steady-delay.ts'
import { behindText } from './time-text.ts'

/** What is read while these are measured one after another, repetitions left out. */
function read(measured: readonly number[]): string[] {
  const steady = createSteadyDelay()
  const texts = measured.map((seconds) => behindText(steady(seconds) ?? Number.NaN))
  return texts.filter((text, at) => text !== texts[at - 1])
}

/** Around a value, by up to `off` to both sides; the same each time. */
const noisy = (value: number, off: number) => Array.from({ length: 400 }, (_, at) => value + off * Math.sin(at * at))

test('real time that wanders by hundredths reads the same', () => {
  assert.deepEqual(read(noisy(0.15, 0.04)), ['0.15 s'])
  // Halfway between two steps too.
  assert.deepEqual(read(noisy(0.174, 0.05)), ['0.15 s'])
})

test('low delay is read in tenths, more of it in seconds', () => {
  assert.deepEqual(read(noisy(1.45, 0.04)), ['1.4 s'])
  assert.deepEqual(read(noisy(6.3, 0.1)), ['6 s'])
})

test('a change is followed: at once where it is large, within some seconds where it is small', () => {
  assert.deepEqual(read([0.2, 0.2, 3.1, 3.1, 12.2]), ['0.20 s', '3.1 s', '12 s'])
  const steps = read([...noisy(0.2, 0.01), ...Array<number>(20).fill(0.3)])
  assert.deepEqual(steps, ['0.20 s', '0.25 s'])
})

test('what grows by and by is read in order, without going back', () => {
  const grown = read(Array.from({ length: 700 }, (_, at) => at / 100))
  assert.equal(grown[0], '0.05 s')
  assert.equal(grown.at(-1), '6 s')
  assert.deepEqual(
    grown,
    [...new Set(grown)].sort((a, b) => Number.parseFloat(a) - Number.parseFloat(b)),
  )
})

test('what is not known any more is not remembered', () => {
  const steady = createSteadyDelay()
  steady(0.2)
  assert.equal(steady(undefined), undefined)
  assert.equal(steady(0.4), 0.4)
})
