import { Worker } from 'node:worker_threads'
import { describeError } from './target.ts'
import type { WorkerOrder } from './worker.ts'

/** One input may take this long, in ms, also on a busy machine. */
const inputLimit = 5000
/** The process may grow by this many bytes while a target runs. */
const memoryLimit = 512 << 20

export interface FuzzResult {
  readonly inputs: number
  readonly finding?: { readonly what: string; readonly input: Uint8Array }
}

/** Fuzzes one target until it has a finding, has done `iterations` inputs, or `duration` ms are over. */
export function runTarget(
  path: string,
  seed: number,
  bounds: { readonly iterations: number; readonly duration: number },
): Promise<FuzzResult> {
  const order: WorkerOrder = {
    path,
    seed,
    words: new SharedArrayBuffer(12),
    input: new SharedArrayBuffer(1 << 24),
    ...bounds,
  }
  const words = new Int32Array(order.words)
  const worker = new Worker(new URL('worker.ts', import.meta.url), {
    workerData: order,
    resourceLimits: { maxOldGenerationSizeMb: 512 },
  })
  const base = process.memoryUsage.rss()
  let busy = { input: -1, since: performance.now() }
  return new Promise((resolve) => {
    const settle = (what?: string) => {
      clearInterval(watch)
      const input = new Uint8Array(order.input).slice(0, Atomics.load(words, 0))
      const inputs = Atomics.load(words, 2)
      void worker
        .terminate()
        .then(() => resolve(what === undefined ? { inputs } : { inputs, finding: { what, input } }))
    }
    const watch = setInterval(() => {
      const input = Atomics.load(words, 1)
      if (input !== busy.input || Atomics.load(words, 2) === input) busy = { input, since: performance.now() }
      else if (performance.now() - busy.since > inputLimit) return settle(`one input takes more than ${inputLimit} ms`)
      if (process.memoryUsage.rss() - base > memoryLimit)
        settle(`memory grew by more than ${memoryLimit >> 20} MB (the saved input is the newest, not always the cause)`)
    }, 100)
    worker.on('message', (message: { readonly error?: string }) => settle(message.error))
    worker.on('error', (error) => settle(describeError(error)))
  })
}
