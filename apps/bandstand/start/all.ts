import type { Streams } from '@bandstand/engine/stream/streams.ts'
import type { Beginning } from '@bandstand/platform/beginning.ts'
import { createAudience } from './audience.ts'
import type { Begun } from './begun.ts'
import type { Certificate } from './certificate.ts'
import type { DataFolder } from './data-folder.ts'
import { keepUntilTold } from './first-start.ts'
import { startHlsPut, watchHlsSources } from './hls.ts'
import { prepareHttp } from './http.ts'
import { startDemoStream, startIngest } from './ingest.ts'
import { createLive } from './live.ts'
import { type ServedPictures, startPictures } from './pictures.ts'
import { openPlatform } from './platform.ts'
import { announceReady } from './ready.ts'
import { openRecordings } from './recordings.ts'
import { findResources } from './resources.ts'
import { startWebRtc } from './webrtc.ts'

/** What has been begun before this was loaded. */
export interface AllNeeds {
  readonly demo: boolean
  readonly certificate: Certificate | undefined
  readonly folder: DataFolder
  readonly beginning: Beginning
}

/** Starts everything, one step after another. The one place where engine and platform meet. */
export async function startAll(begun: Begun, needs: AllNeeds): Promise<void> {
  const { settings, started } = begun
  const { demo, certificate, folder, beginning } = needs
  const audience = createAudience(settings)
  const resources = findResources(begun)
  const { ffmpeg, trials, budget } = resources

  // The platform is opened before what it asks.
  const late: { streams?: Streams; pictures?: ServedPictures } = {}
  const platform = await openPlatform(begun, {
    ...{ beginning, audience, trials, streams: () => late.streams, recordings: () => recordings, ingest: () => ingest },
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
