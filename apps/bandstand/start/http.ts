import { createHlsPutHandler } from '@bandstand/engine/http/hls-put.ts'
import { createLiveHandler } from '@bandstand/engine/http/live.ts'
import { createHttpServer } from '@bandstand/engine/http/server.ts'
import { createVodHandler } from '@bandstand/engine/http/vod.ts'
import { createWhepHandler } from '@bandstand/engine/http/whep.ts'
import { createWhipHandler } from '@bandstand/engine/http/whip.ts'
import type { HlsPutIngest } from '@bandstand/engine/ingest/hls/put/ingest.ts'
import type { MemoryBudget } from '@bandstand/engine/packager/window/budget.ts'
import { isLoopback } from '@bandstand/engine/remote/address.ts'
import type { DiskStore } from '@bandstand/engine/store/disk.ts'
import type { Platform } from '@bandstand/platform/platform.ts'
import { createApplication } from '../application.ts'
import { logConnectionRefusals } from '../connection-refusals.ts'
import { iceServersFor } from '../ice-servers.ts'
import { createProbes } from '../probes.ts'
import type { ListenAddress } from '../settings/address.ts'
import type { Audience } from './audience.ts'
import type { Begun } from './begun.ts'
import type { Certificate } from './certificate.ts'
import type { Ingest } from './ingest.ts'
import type { Live } from './live.ts'
import type { OnDemand } from './on-demand.ts'
import type { ServedPictures } from './pictures.ts'
import type { WebRtc } from './webrtc.ts'

/** Milliseconds that HTTP answers may take to finish when the server stops. */
const CLOSE_MS = 1_500

export interface HttpNeeds {
  readonly platform: Platform
  readonly store: DiskStore
  readonly live: Live
  readonly webrtc: WebRtc | undefined
  readonly pictures: ServedPictures
  readonly audience: Audience
  readonly budget: MemoryBudget
  readonly hls: OnDemand<HlsPutIngest>
  /** Started after this is prepared and before anybody is answered. */
  readonly ingest: () => Ingest
  readonly certificate: Certificate | undefined
}

/** Everything over HTTP, on one port. */
export interface Http {
  /** @returns the address as bound. @throws EngineError when it cannot be */
  listen(): Promise<ListenAddress>
  /** `/readyz` says so from now on. */
  ready(): void
}

/** Makes media, API, pages and probes ready to answer; nobody can ask yet. */
export async function prepareHttp(begun: Begun, needs: HttpNeeds): Promise<Http> {
  const { settings, refusals, strangers, now, started } = begun
  const { platform, store, live, webrtc, pictures, audience } = needs
  const { directory } = platform
  const media = createLiveHandler({
    find: live.find,
    findAsset: live.findAsset,
    seen(slug, req, query) {
      const channel = directory.findBySlug(slug)
      if (channel !== undefined) audience.viewers.seen(channel.id, audience.keyOf(req, query))
    },
  })
  const vod = createVodHandler({ store, log: strangers, remoteOf: audience.addressOf })
  const iceServers = () => iceServersFor(settings, now())
  const whep = createWhepHandler({
    egress: webrtc?.egress.get,
    iceServers,
    remoteOf: audience.addressOf,
    onError: (error) => strangers.error({ err: error }, 'http: a WHEP request failed'),
  })
  const whip = createWhipHandler({
    ingest: webrtc?.whip.get,
    iceServers,
    remoteOf: audience.addressOf,
    onError: (error) => strangers.error({ err: error }, 'http: a WHIP request failed'),
  })
  const hlsPut = createHlsPutHandler({
    ingest: needs.hls.get,
    remoteOf: audience.addressOf,
    onError: (error) => strangers.error({ err: error }, 'http: a file of an encoder could not be taken'),
  })
  const probes = createProbes({
    viewers: () =>
      directory
        .list()
        .filter(({ id }) => live.streams.onAir(id) !== undefined)
        .map(({ id, slug }) => ({ channel: slug, viewers: audience.viewers.count(id) })),
    ladders: () =>
      directory.list().flatMap(({ id, slug }) => {
        const ladder = live.streams.diagnose(id)?.ladder
        return ladder === undefined ? [] : [{ channel: slug, ladder }]
      }),
    sounds: () =>
      directory.list().flatMap(({ id, slug }) => {
        const sound = live.streams.diagnose(id)?.sound
        return sound === undefined ? [] : [{ channel: slug, sound }]
      }),
    store,
    budget: needs.budget,
    delivery: media.delivery,
    webrtc: () => webrtc?.egress.made?.figures,
    whip: () => webrtc?.whip.made?.figures,
    publishHook: () => platform.publishHook(),
    srt: () => needs.ingest().srt?.figures(),
    connections: () => ({ http: server.connections(), rtmp: needs.ingest().connections() }),
    isAvailable: () => platform.isAvailable,
  })
  const application = await createApplication({
    ...{ settings, platform, probes, log: strangers },
    ...{ hasPictures: pictures.available, sizeOf: pictures.sizeOf },
  })
  started.defer(() => application.close())
  const { certificate } = needs
  const server = createHttpServer({
    ...(certificate !== undefined && { tls: certificate.first }),
    // Everything else below /live/ is the live window's.
    handlers: [whep, whip, hlsPut, media.handle, vod, pictures.handle],
    fallback: application.handle,
    upgrade: (req, socket, head) => platform.chat.upgrade(req, socket, head),
    onError: (error) => strangers.error({ err: error }, 'http: serving failed'),
    onRefused: logConnectionRefusals(refusals),
    exempt: audience.trusted,
    remoteOf: audience.addressOf,
    shares: (address) => audience.trusted(address) || isLoopback(address),
    limits: { connectionsPerAddress: settings.maxHttpConnectionsPerAddress },
  })
  certificate?.onRenewed((tls) => server.renew(tls))
  return {
    async listen() {
      const bound = await server.listen(settings.http.port, settings.http.host)
      started.defer(() => server.close(CLOSE_MS))
      return bound
    },
    ready: () => probes.ready(),
  }
}
