import type { Log } from '@bandstand/engine/ports.ts'

/** Contract: exit 0 within 10 s. */
const LIMIT_MS = 9_000

/** Runs `stop` at the first SIGTERM or SIGINT and exits; a second signal ends at once. */
export function onSignals(log: Log, stop: () => Promise<void>): void {
  let stopping = false
  const onSignal = (signal: NodeJS.Signals) => {
    if (stopping) process.exit(1)
    stopping = true
    log.info({ signal }, 'stopping')
    setTimeout(() => {
      log.warn({}, 'stopping took too long; what was still open was cut')
      process.exit(0)
    }, LIMIT_MS).unref()
    stop().then(
      () => {
        log.info({}, 'stopped')
        process.exit(0)
      },
      (error: unknown) => {
        log.error({ err: error }, 'stopping failed')
        process.exit(1)
      },
    )
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
}
