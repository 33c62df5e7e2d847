// Loaded into a server under test by `--import`: at SIGUSR2 it does the harm that BANDSTAND_TEST_FAULT names. The product
// has no such hook.
import { syncBuiltinESMExports } from 'node:module'
import workerThreads from 'node:worker_threads'

const { Worker, isMainThread } = workerThreads

/** Running threads by name. */
const threads = new Map()

const harm = {
  reject: () => void Promise.reject(new TypeError('injected rejection')),
  throw: () => {
    throw new TypeError('injected exception')
  },
  database: () => void threads.get('database').terminate(),
}

if (isMainThread) {
  workerThreads.Worker = class extends Worker {
    constructor(file, options) {
      super(file, options)
      threads.set(options?.name, this)
    }
  }
  syncBuiltinESMExports()
  process.on('SIGUSR2', () => harm[process.env.BANDSTAND_TEST_FAULT]())
}
