import type { Logger } from 'pino'

/** Contract: over within 10 s. */
const LIMIT_MS = 9_000
/**
 * A signal again so soon is the same one: a terminal and systemd signal npm and the server alike, and npm passes its own on.
 */
const SAME_SIGNAL_MS = 1_000
/** Further faults that are logged while the process is ending. */
const LATER_FAULTS = 5

/**
 * Ends the process in order. The first SIGTERM or SIGINT runs `stop` and exits 0; one that comes later than a
 * second after it ends at once.
 *
 * A fault that nobody caught leaves the process in a state that nobody has thought of: it is logged with its stack, what can
 * be saved is saved by the same `stop`, and the process exits 1. A supervisor starts it again, and broadcasts go on, for
 * neither way ends one.
 */
export function superviseProcess(log: Logger, stop: () => Promise<void>): void {
  let isStopping = false
  let faults = 0
  let signalled = Number.NEGATIVE_INFINITY

  function end(status: 0 | 1): void {
    isStopping = true
    setTimeout(() => {
      log.warn({}, 'stopping took too long; what was still open was cut')
      process.exit(status)
    }, LIMIT_MS)
    stop().then(
      () => {
        log.info({}, 'stopped')
        process.exit(faults > 0 ? 1 : status)
      },
      (error: unknown) => {
        log.error({ err: error }, 'stopping failed')
        process.exit(1)
      },
    )
  }

  function onSignal(signal: NodeJS.Signals): void {
    const now = performance.now()
    if (isStopping && now - signalled < SAME_SIGNAL_MS) return
    if (isStopping) process.exit(1)
    signalled = now
    log.info({ signal }, 'stopping')
    end(0)
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)

  // Unhandled rejections come here too: without a listener of their own Node raises them as exceptions.
  process.on('uncaughtException', (error) => {
    faults++
    // A log that cannot be written, to a closed pipe for example, is a fault itself: it must not keep the end from coming.
    try {
      if (!isStopping) log.fatal({ err: error }, 'a fault that nobody caught; the server ends in order, start it again')
      else if (faults <= LATER_FAULTS) log.error({ err: error }, 'another fault while stopping')
    } catch {
      // There is nowhere left to say it.
    }
    if (!isStopping) end(1)
  })
}
