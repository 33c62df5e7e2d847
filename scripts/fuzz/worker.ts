import { parentPort, workerData } from 'node:worker_threads'
import { createRandom, mutate } from './mutate.ts'
import { describeError, loadTarget, readCorpus, runInput } from './target.ts'

/**
 * Runs one target in a thread. The input goes into shared memory before it is run, so that whoever watches still has it
 * when this thread hangs or runs out of memory.
 *
 * Shared words: 0 = length of the input, 1 = inputs begun, 2 = inputs finished.
 */
export interface WorkerOrder {
  readonly path: string
  readonly seed: number
  readonly words: SharedArrayBuffer
  readonly input: SharedArrayBuffer
  /** Stop after this many inputs or ms, whichever is first. */
  readonly iterations: number
  readonly duration: number
}

const order = workerData as WorkerOrder
const words = new Int32Array(order.words)
const shared = new Uint8Array(order.input)
const target = await loadTarget(order.path)
const corpus = readCorpus(target)
const random = createRandom(order.seed)
const end = performance.now() + order.duration

for (let count = 0; count < order.iterations && performance.now() < end; count += 1) {
  // The corpus itself comes first: an old finding that came back is reported as itself.
  const input = corpus[count] ?? mutate(corpus, random)
  shared.set(input)
  Atomics.store(words, 0, input.length)
  Atomics.add(words, 1, 1)
  const error = await runInput(target, input)
  if (error !== undefined) {
    parentPort?.postMessage({ error: describeError(error) })
    break
  }
  Atomics.add(words, 2, 1)
}
parentPort?.postMessage({ done: true })
