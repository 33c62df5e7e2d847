import { EngineError } from '@bandstand/engine/error.ts'
import { createRefusalLog } from '@bandstand/engine/remote/refusals.ts'
import { createStrangerLog } from '@bandstand/engine/remote/stranger-log.ts'
import type { Streams } from '@bandstand/engine/stream/streams.ts'
import { PlatformError } from '@bandstand/platform/error.ts'
import { AppError } from './error.ts'
import { createLog } from './log.ts'
import type { Settings } from './settings/schema.ts'
import { superviseProcess } from './shutdown.ts'
import { createAudience } from './start/audience.ts'
import type { Begun } from './start/begun.ts'
import { openCertificate } from './start/certificate.ts'
import { holdDataFolder } from './start/data-folder.ts'
import { keepUntilTold } from './start/first-start.ts'
import { startHlsPut, watchHlsSources } from './start/hls.ts'
import { prepareHttp } from './start/http.ts'
import { startDemoStream, startIngest } from './start/ingest.ts'
import { createLive } from './start/live.ts'
import { type ServedPictures, startPictures } from './start/pictures.ts'
import { openPlatform } from './start/platform.ts'
import { announceReady } from './start/ready.ts'
import { openRecordings } from './start/recordings.ts'
import { findResources } from './start/resources.ts'
import { startWebRtc } from './start/webrtc.ts'

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

/** Starts everything, one step after another. The one place where engine and platform meet. */
async function start(begun: Begun, { demo, leftAlone }: ServeOptions): Promise<void> {
  const { settings, log, started } = begun
  if (leftAlone.length > 0) log.info({ variables: leftAlone }, 'what Kubernetes says of a Service is no setting')
  const certificate = await openCertificate(begun)
  const folder = await holdDataFolder(begun)
  const audience = createAudience(settings)
  const resources = findResources(begun)
  const { ffmpeg, trials, budget } = resources

  // The platform is opened before what it asks.
  const late: { streams?: Streams; pictures?: ServedPictures } = {}
  const platform = await openPlatform(begun, {
    ...{ audience, trials, streams: () => late.streams, recordings: () => recordings, ingest: () => ingest },
    pictures: () => late.pictures,
  })
  const untold = keepUntilTold(platform, settings)
  await folder.refill()
  const recordings = await openRecordings(begun, platform, () => late.pictures)
  const { store } = recordings

  const live = createLive(begun, { platform, store, resources })
  late.streams = live.streams
  await live.takeUp()

  const webrtc = await startWebRtc(begun, { directory: platform.directory, live, audience, ffmpeg })
  const pictures = startPictures(begun, { store, live, ffmpeg })
  late.pictures = pictures
  const hls = startHlsPut(begun, live.streams)
  const http = await prepareHttp(begun, {
    ...{ platform, store, live, webrtc, pictures, audience, budget, certificate, hls, ingest: () => ingest },
  })

  // Encoders first: whoever asks over HTTP finds everything there.
  const ingest = await startIngest(begun, live.streams, certificate, {
    find: (slug) => live.watchable(slug)?.source.hub,
    channelNamed: (slug) => platform.directory.findBySlug(slug)?.slug,
    seen(slug, session) {
      const channel = platform.directory.findBySlug(slug)
      if (channel !== undefined) audience.viewers.seen(channel.id, session)
    },
  })
  const bound = await http.listen()
  // Closed before all others: players are told of the last parts while there is somebody to answer them.
  started.defer(() => live.suspend())
  http.ready()
  await watchHlsSources(begun, platform, live.streams)

  if (demo) await startDemoStream(begun, ingest.rtmp, platform)
  announceReady(begun, {
    http: bound,
    rtmp: ingest.rtmp,
    rtmps: ingest.rtmps,
    srt: ingest.srt?.address,
    webrtc,
    demo,
    untold,
  })
}
