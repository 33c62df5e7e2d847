// Loaded into a server under test by `--import`: at SIGUSR2 it does the harm that BANDSTAND_TEST_FAULT names. The product
// has no such hook.
import { syncBuiltinESMExports } from 'node:module'
import workerThreads from 'node:worker_threads'

const { Worker, isMainThread } = workerThreads

/** Running threads by name. */
const threads = new Map()

let ending

const harm = {
  reject: () => void Promise.reject(new TypeError('injected rejection')),
  throw: () => {
    throw new TypeError('injected exception')
  },
  // Again and again until the next signal, so that there is a time without it.
  database: () => {
    if (ending === undefined) ending = setInterval(() => threads.get('database').terminate(), 20)
    else ending = clearInterval(ending)
  },
}

if (isMainThread) {
  workerThreads.Worker = class extends Worker {
    constructor(file, options) {
      super(file, options)
      threads.set(options?.name, this)
      // One that begins in between does not get to open anything, however late the next turn comes.
      if (ending !== undefined && options?.name === 'database') void this.terminate()
    }
  }
  syncBuiltinESMExports()
  process.on('SIGUSR2', () => harm[process.env.BANDSTAND_TEST_FAULT]())
}
