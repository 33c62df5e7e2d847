import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** What `inject` does to a server: an unhandled rejection, an uncaught exception, the end of the database's thread. */
export type Fault = 'reject' | 'throw' | 'database'

/** Environment of a server to which SIGUSR2 does the harm; the database's thread is ended again and again until a second one. */
export function faultEnvironment(fault: Fault): Record<string, string> {
  const hook = pathToFileURL(join(import.meta.dirname, 'fault-hook.mjs')).href
  return { BANDSTAND_TEST_FAULT: fault, NODE_OPTIONS: `--import=${hook}` }
}
