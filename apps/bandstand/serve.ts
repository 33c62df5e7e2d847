import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { createId } from '@bandstand/contract/ids.ts'
import { createWebRtcEgress } from '@bandstand/engine/egress/webrtc/egress.ts'
import { reserveUdpPort } from '@bandstand/engine/egress/webrtc/port.ts'
import { EngineError } from '@bandstand/engine/error.ts'
import { createLiveHandler } from '@bandstand/engine/http/live.ts'
import { createPictureHandler } from '@bandstand/engine/http/pictures.ts'
import { createHttpServer } from '@bandstand/engine/http/server.ts'
import { clientAddress, createTrustProxy, createViewerCounter, viewerKey } from '@bandstand/engine/http/viewers.ts'
import { createVodHandler } from '@bandstand/engine/http/vod.ts'
import { createWhepHandler } from '@bandstand/engine/http/whep.ts'
import { RTMP_LISTENER_LIMITS } from '@bandstand/engine/ingest/rtmp/limits.ts'
import { startRtmpListener } from '@bandstand/engine/ingest/rtmp/listener.ts'
import { WINDOW_LIMITS } from '@bandstand/engine/packager/limits.ts'
import { createMemoryBudget } from '@bandstand/engine/packager/window/budget.ts'
import { systemScheduler } from '@bandstand/engine/packager/window/system-scheduler.ts'
import { createPictures } from '@bandstand/engine/pictures/pictures.ts'
import { isLoopback } from '@bandstand/engine/remote/address.ts'
import { createRefusalLog } from '@bandstand/engine/remote/refusals.ts'
import { createDiskStore } from '@bandstand/engine/store/disk.ts'
import { lockDataFolder } from '@bandstand/engine/store/lock.ts'
import { createBroadcast } from '@bandstand/engine/stream/broadcast.ts'
import { createStreams, type Streams } from '@bandstand/engine/stream/streams.ts'
import { createLadderMachine } from '@bandstand/engine/transcode/machine.ts'
import { createTrials } from '@bandstand/engine/transcode/trial.ts'
import { PlatformError } from '@bandstand/platform/error.ts'
import { createPlatform } from '@bandstand/platform/platform.ts'
import { adoptLater } from './adopt.ts'
import { createApplication } from './application.ts'
import { type FirstStart, printBanner, printFirstStart } from './banner.ts'
import { logConnectionRefusals } from './connection-refusals.ts'
import { diskReserve, openReserve } from './disk-reserve.ts'
import { AppError } from './error.ts'
import { findFfmpeg } from './ffmpeg.ts'
import { toEncoderHealth } from './health.ts'
import { iceServersFor } from './ice-servers.ts'
import { instanceFacts } from './instance.ts'
import { createLadders, listEncoders } from './ladders.ts'
import { createLog } from './log.ts'
import { pictureSize } from './picture-size.ts'
import { createProbes } from './probes.ts'
import { printAddress } from './settings/address.ts'
import type { Settings } from './settings/schema.ts'
import { superviseProcess } from './shutdown.ts'
import { createSteadyRegister } from './steady-register.ts'
import { takeUpBroadcasts } from './take-up.ts'
import { readTls } from './tls.ts'
import { version } from './version.ts'
import { createWatchables } from './watchable.ts'

const GB = 1e9
const DAY_MS = 86_400_000

/** Milliseconds that HTTP answers may take to finish when the server stops. */
const HTTP_CLOSE_MS = 1_500

export interface ServeOptions {
  readonly demo: boolean
}

/**
 * Runs the server until a signal ends it; returns when all listeners are bound. What was started before something failed
 * is closed again.
 *
 * @throws AppError
 */
export async function serve(settings: Settings, options: ServeOptions): Promise<void> {
  // Closed in reverse order, each whatever the others say.
  const started = new AsyncDisposableStack()
  try {
    await start(settings, options, started)
  } catch (error) {
    // What fails while closing says less than why it was closed.
    await started.disposeAsync().catch(() => undefined)
    if (error instanceof EngineError || error instanceof PlatformError) {
      throw new AppError('cannot-start', error.message, error)
    }
    throw error
  }
}

/** Wires everything and starts it. The one place where engine and platform meet. */
async function start(settings: Settings, { demo }: ServeOptions, started: AsyncDisposableStack): Promise<void> {
  const log = createLog(settings)
  const lock = await lockDataFolder(settings.data)
  started.defer(() => lock.release())
  const reserve = await openReserve(settings.data, log)
  started.defer(() => reserve.close())
  const now = Date.now
  const viewers = createViewerCounter({ now: () => performance.now() })
  const trusted = createTrustProxy(settings.trustProxy)
  const budget = createMemoryBudget(WINDOW_LIMITS.totalBytes)
  const ffmpeg = findFfmpeg(settings.ffmpeg)
  const trials = createTrials(ffmpeg, () => performance.now())

  // The platform asks the engine while it is being set up, when nothing can be live yet.
  const late: { streams?: Streams } = {}
  const platform = await createPlatform({
    dataDir: settings.data,
    settings,
    log,
    engine: {
      live(channelId) {
        const onAir = late.streams?.onAir(channelId)
        return onAir && { ...onAir, viewers: viewers.count(channelId) }
      },
      health(channelId) {
        const found = late.streams?.diagnose(channelId)
        return found && toEncoderHealth(found)
      },
      onKeyRevoked: (channelId) =>
        late.streams?.stopEncoder(channelId, {
          code: 'stopped',
          reason: 'the stream key of this channel was changed; copy the new one from the studio',
        }),
      onChannelRenamed: (id, slug) => late.streams?.rename({ id, slug }),
      stopChannel: async (channelId) => late.streams?.remove(channelId),
      deleteAsset: (assetId) => store.remove(assetId),
      ladderEncoders: () => listEncoders(trials),
    },
    instance: {
      version,
      facts: (host) =>
        instanceFacts({ host, settings, store, trouble: troubles.values().next().value, rtmp: rtmp.address }),
    },
    clientOf: (req) => ({ address: clientAddress(req, trusted), host: req.headers.host ?? '' }),
    now,
  })
  await reserve.keep().catch(() => undefined)
  // Made just now and partly kept as digests: a start that fails further on, at a port in use for example, must not
  // swallow them.
  let firstStart: FirstStart | undefined = platform.firstStart
  if (firstStart !== undefined && settings.streamKey !== undefined) {
    const { ownerPassword } = firstStart
    firstStart = ownerPassword === undefined ? {} : { ownerPassword }
  }
  process.once('exit', () => {
    if (firstStart !== undefined) process.stdout.write(printFirstStart(firstStart))
  })
  started.defer(() => platform.close())

  /** Running broadcasts that should be recorded and are not: asset → why, in plain words. */
  const troubles = new Map<string, string>()
  const store = createDiskStore({
    root: join(settings.data, 'media'),
    log,
    retention: {
      maxBytes: settings.recordingMaxGb * GB,
      maxAgeMs: settings.recordingMaxDays * DAY_MS,
      minFreeBytes: Math.max(settings.recordingMinFreeGb * GB, await diskReserve(settings.data)),
    },
    onState(assetId, { recording, reason }) {
      if (recording || reason === undefined) troubles.delete(assetId)
      else troubles.set(assetId, reason)
    },
    onRemoved(assetId) {
      troubles.delete(assetId)
      platform.broadcasts
        .removed(assetId)
        .catch((error: unknown) => log.error({ asset: assetId, err: error }, 'a removed recording is still listed'))
    },
  })
  started.defer(() => store.close())

  const register = createSteadyRegister(platform.broadcasts, log)
  const nonce = randomBytes(6).toString('base64url')
  const settingsOf = (id: string) => platform.directory.ladder(id)
  const encoding = { ffmpeg, trials, machine: createLadderMachine(), budget, settingsOf, log, now }
  const ladders = createLadders(encoding)
  const watchable = createWatchables(encoding)
  const channels = createStreams({
    directory: platform.directory,
    register,
    takeover: settings.takeover,
    reconnectWindow: settings.reconnectWindow * 1000,
    createBroadcast: (channel, onOpened, recovered) =>
      createBroadcast({
        assetId: recovered?.assetId ?? createId('asset'),
        channelId: channel.id,
        store,
        recording: settings.recording,
        budget,
        scheduler: systemScheduler,
        keepsGroup: true,
        onReaderFault: (reader, error) => log.error({ channel: channel.slug, reader, err: error }, 'a reader failed'),
        nonce,
        onOpened,
        onGeneration: () => platform.channelChanged(channel.id),
        createLadder: (ports, assetId) => ladders(channel, ports, assetId),
        ...(recovered !== undefined && { recovered }),
      }),
    log,
    now,
    onChange: (channelId) => platform.channelChanged(channelId),
  })
  late.streams = channels
  started.defer(() => channels.suspend())
  const findChannel = (id: string) => platform.directory.list().find((channel) => channel.id === id)
  await takeUpBroadcasts({ store, register, findChannel, channels, log, now })
  const adopting = adoptLater({ store, unknown: platform.broadcasts.unknown, register, findChannel, log })
  started.defer(() => adopting.stop())

  // Also by an earlier name, as page and API do: who watches while the channel is renamed goes on watching.
  const slugNow = (slug: string) => platform.directory.findBySlug(slug)?.slug ?? slug
  const live = createLiveHandler({
    find: (slug) => channels.find(slugNow(slug)),
    findAsset: (slug, assetId) => channels.findAsset(slugNow(slug), assetId),
    seen(slug, req, query) {
      const channel = platform.directory.findBySlug(slug)
      if (channel !== undefined) viewers.seen(channel.id, viewerKey(req, query, trusted))
    },
  })
  const vod = createVodHandler({ store, log })
  const webrtc = await startWebRtc(settings)
  const pictures = createPictures({ ffmpeg, store, log })
  started.defer(() => pictures.close())
  const pictureHandler = createPictureHandler({ pictures, find: (slug) => channels.find(slugNow(slug)) })
  const whep = createWhepHandler({
    egress: webrtc,
    iceServers: () => iceServersFor(settings, now()),
    remoteOf: (req) => clientAddress(req, trusted),
    onError: (error) => log.error({ err: error }, 'http: a WHEP request failed'),
  })
  const probes = createProbes({
    viewers: () =>
      platform.directory
        .list()
        .filter(({ id }) => channels.onAir(id) !== undefined)
        .map(({ id, slug }) => ({ channel: slug, viewers: viewers.count(id) })),
    store,
    budget,
    delivery: live.delivery,
    webrtc: () => webrtc?.figures,
    connections: () => ({ http: http.connections(), rtmp: rtmp.connections() }),
    isAvailable: () => platform.isAvailable,
  })
  const application = await createApplication({
    ...{ settings, platform, probes, log, hasPictures: pictures.available },
    sizeOf: (assetId) => pictureSize(store, assetId),
  })
  started.defer(() => application.close())
  const refusals = createRefusalLog(log)
  started.defer(() => refusals.close())
  const tls = await readTls(settings)
  const http = createHttpServer({
    ...(tls !== undefined && { tls }),
    // Everything else below /live/ is the live window's.
    handlers: [whep, live.handle, vod, pictureHandler],
    fallback: application.handle,
    upgrade: (req, socket, head) => platform.chat.upgrade(req, socket, head),
    onError: (error) => log.error({ err: error }, 'http: serving failed'),
    onRefused: logConnectionRefusals(refusals),
    exempt: trusted,
    shares: (address) => trusted(address) || isLoopback(address),
    limits: { connectionsPerAddress: settings.maxHttpConnectionsPerAddress },
  })

  // Encoders first: whoever asks over HTTP finds everything there.
  const rtmp = await startRtmpListener({
    address: settings.rtmp,
    publishPort: channels,
    log,
    limits: {
      ...RTMP_LISTENER_LIMITS,
      connectionsPerAddress: settings.maxPublishersPerAddress,
      bitrate: settings.maxBitrate * 1e6,
    },
  })
  started.defer(() => rtmp.close())
  const bound = await http.listen(settings.http.port, settings.http.host)
  started.defer(() => http.close(HTTP_CLOSE_MS))
  // Before all others: players are told of the last parts while there is somebody to answer them.
  started.defer(() => channels.suspend())
  started.defer(() => register.giveUp())
  probes.ready()

  if (demo) await startDemoStream()
  const addresses = {
    http: printAddress(bound),
    rtmp: printAddress(rtmp.address),
    ...(settings.webrtc !== 'off' && webrtc && { webrtc: printAddress({ ...settings.webrtc, port: webrtc.port }) }),
  }
  if (settings.log === 'json') {
    // The password is to be had nowhere else; the key is in the studio, so it stays out of a log that may be collected.
    const ownerPassword = firstStart?.ownerPassword
    if (ownerPassword !== undefined) log.info({ ownerPassword }, "first start: the owner's password, shown this once")
    log.info({ ...addresses, version, pid: process.pid }, 'ready')
  } else process.stdout.write(printBanner({ settings, addresses, demo, firstStart, version }))
  firstStart = undefined

  superviseProcess(log, () => started.disposeAsync())

  async function startWebRtc({ webrtc: address, webrtcAddresses }: Settings) {
    if (address === 'off') return undefined
    const egress = createWebRtcEgress({
      host: address.host,
      port: await reserveUdpPort(address.host, address.port),
      publicAddresses: webrtcAddresses,
      find(slug) {
        const channel = platform.directory.findBySlug(slug)
        const units = channel && channels.units(channel.slug)
        return units && watchable(channel, units)
      },
      ffmpeg,
      seen(slug, session) {
        const channel = platform.directory.findBySlug(slug)
        if (channel !== undefined) viewers.seen(channel.id, session)
      },
      log,
      limits: { sessions: settings.maxWebrtcViewers, sessionsPerAddress: settings.maxWebrtcViewersPerAddress },
    })
    started.defer(() => egress.close())
    return egress
  }

  async function startDemoStream(): Promise<void> {
    const { startDemo } = await import('./demo/demo.ts')
    const { host, port } = rtmp.address
    const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
    startDemo({ rtmp: { host: reachable, port }, key: await platform.streamKey('main'), log })
  }
}
