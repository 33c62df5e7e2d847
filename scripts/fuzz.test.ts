import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createRandom, mutate } from './fuzz/mutate.ts'
import { describeError, findTargets, loadTarget, readCorpus, runInput } from './fuzz/target.ts'

/** Enough to notice a decoder that breaks easily; `npm run fuzz` looks harder. */
const inputs = 400
const duration = 3000

describe('every fuzz target survives a short run with a fixed seed', () => {
  for (const path of findTargets()) {
    it(path, async () => {
      const target = await loadTarget(path)
      const corpus = readCorpus(target)
      const random = createRandom(1)
      const end = performance.now() + duration
      for (let count = 0; count < inputs + corpus.length && performance.now() < end; count += 1) {
        const input = corpus[count] ?? mutate(corpus, random)
        const start = process.cpuUsage()
        const error = await runInput(target, input)
        const hex = Buffer.from(input.subarray(0, 400)).toString('hex')
        assert.equal(error, undefined, `input ${count}: ${describeError(error)}\n${hex}`)
        const { user, system } = process.cpuUsage(start)
        assert.ok(user + system < 2_000_000, `input ${count} took more than 2 s: ${hex}`)
      }
    })
  }
})

describe('mutation', () => {
  const corpus = [Uint8Array.from({ length: 64 }, (_, index) => index), new Uint8Array(200)]

  it('makes the same inputs from the same seed', () => {
    const series = () => {
      const random = createRandom(5)
      return Array.from({ length: 200 }, () => Buffer.from(mutate(corpus, random)).toString('hex'))
    }
    assert.deepEqual(series(), series())
    assert.ok(new Set(series()).size > 150)
  })

  it('leaves the corpus as it is and stays within its bound', () => {
    const random = createRandom(6)
    const before = corpus.map((input) => Buffer.from(input).toString('hex'))
    for (let count = 0; count < 2000; count += 1) assert.ok(mutate(corpus, random).length <= 256 * 1024)
    assert.deepEqual(
      corpus.map((input) => Buffer.from(input).toString('hex')),
      before,
    )
  })

  it('works on an empty corpus', () => {
    const random = createRandom(7)
    assert.ok(mutate([], random) instanceof Uint8Array)
  })
})
