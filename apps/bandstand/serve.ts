import { EngineError } from '@bandstand/engine/error.ts'
import { createRefusalLog } from '@bandstand/engine/remote/refusals.ts'
import { createStrangerLog } from '@bandstand/engine/remote/stranger-log.ts'
import { PlatformError } from '@bandstand/platform/error.ts'
import { AppError } from './error.ts'
import { createLog } from './log.ts'
import type { Settings } from './settings/schema.ts'
import { superviseProcess } from './shutdown.ts'
import { beginData } from './start/beginning.ts'
import type { Begun } from './start/begun.ts'
import { openCertificate } from './start/certificate.ts'
import { holdDataFolder } from './start/data-folder.ts'

export interface ServeOptions {
  readonly demo: boolean
  /** Variables that look like settings and are Kubernetes's. */
  readonly leftAlone: readonly string[]
}

/**
 * Runs the server until a signal ends it; returns when all listeners are bound. What was started before something failed
 * is closed again.
 *
 * @throws AppError
 */
export async function serve(settings: Settings, options: ServeOptions): Promise<void> {
  const log = createLog(settings)
  const started = new AsyncDisposableStack()
  const refusals = createRefusalLog(log)
  started.defer(() => refusals.close())
  const strangers = createStrangerLog(refusals)
  const starting = startOrClose({ settings, log, refusals, strangers, now: Date.now, started }, options)
  superviseProcess(log, async () => {
    // What is half made cannot be closed, and a first start is to tell the password that it makes.
    await starting.catch(() => undefined)
    await started.disposeAsync()
  })
  await starting
}

async function startOrClose(begun: Begun, options: ServeOptions): Promise<void> {
  try {
    await start(begun, options)
  } catch (error) {
    // What fails while closing says less than why it was closed.
    await begun.started.disposeAsync().catch(() => undefined)
    if (error instanceof EngineError || error instanceof PlatformError) {
      throw new AppError('cannot-start', error.message, error)
    }
    throw error
  }
}

/** First what other threads do; meanwhile this one loads all the rest, which takes it longer. */
async function start(begun: Begun, { demo, leftAlone }: ServeOptions): Promise<void> {
  if (leftAlone.length > 0) begun.log.info({ variables: leftAlone }, 'what Kubernetes says of a Service is no setting')
  const certificate = await openCertificate(begun)
  const folder = await holdDataFolder(begun)
  const beginning = await beginData(begun)
  const { startAll } = await import('./start/all.ts')
  await startAll(begun, { demo, certificate, folder, beginning })
}
