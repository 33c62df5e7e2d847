import { cleanup } from 'node-datachannel'

/**
 * For `after`: lets go of the library and, where that is not enough, of the process. Now and then (once in ten runs on a busy
 * machine) something of the library holds it although every connection has closed; the product's process ends itself.
 */
export function endLibrary(): void {
  cleanup()
  // Unreferenced: it comes only where something else holds the process.
  setTimeout(() => process.exit(), 5000).unref()
}
