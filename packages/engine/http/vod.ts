import { findByName } from '../dash/names.ts'
import { EngineError } from '../error.ts'
import type { RenderedText } from '../packager/live.ts'
import { type EpochTrack, names, renditionName } from '../packager/model.ts'
import { writeSilence } from '../packager/silence.ts'
import type { Log } from '../ports.ts'
import { networkOf, plainAddress } from '../remote/address.ts'
import { createDownloads } from '../replay/downloads.ts'
import { createReplayManifests, isOnClock } from '../replay/manifests.ts'
import { createReplayPlaylists } from '../replay/playlists.ts'
import type { AssetIndex, AssetTrack, SegmentStore } from '../store/port.ts'
import { answerInTime } from './answer-in-time.ts'
import { sendClock } from './clock.ts'
import { gapBody } from './gap.ts'
import { contentType, headerSet } from './headers.ts'
import { limits } from './limits.ts'
import { splitTarget } from './live-path.ts'
import { type HttpHandler, type HttpRequest, type HttpResponse, headerOf, remoteAddress } from './message.ts'
import { abandon } from './outbox.ts'
import { busy, notFound, notReady, sendProblem } from './problem.ts'
import {
  answeredByCondition,
  answeredByMethod,
  isAnsweredByCondition,
  type ReadyBody,
  sendMedia,
  sendStream,
  sendText,
  type TextCaching,
  textCaching,
} from './respond.ts'
import { parseVodFile, type VodFile } from './vod-file.ts'
import { parseVodPath, type VodResource } from './vod-path.ts'

export interface VodOptions {
  readonly store: Pick<SegmentStore, 'index' | 'read' | 'parts'>
  readonly log?: Log
  /** Unix milliseconds. */
  readonly now?: () => number
  /** The viewer's address; default that of the connection. */
  readonly remoteOf?: (req: HttpRequest) => string
}

/** Shared caches may keep a VOD playlist this long, in seconds: it changes only when retention removes its front. */
const VOD_SECONDS = 60

/** Replays: playlists from the index, segments from the store, and the download as one ordinary MP4. */
export function createVodHandler(options: VodOptions): HttpHandler {
  const { store, log, now = Date.now, remoteOf = remoteAddress } = options
  const playlists = createReplayPlaylists(store)
  const manifests = createReplayManifests(store, undefined, now)
  const downloads = createDownloads(store)
  const manifestCaching = (index: AssetIndex) => cachingFor(index, isOnClock(index, now()), contentType.manifest)
  /** Requests that the disk has not answered yet. */
  let waiting = 0

  /** Answers when the work is done; 503 when that takes too long. */
  function answer(
    req: HttpRequest,
    res: HttpResponse,
    patience: number,
    work: (gone: AbortSignal) => Promise<((r: HttpResponse) => unknown) | undefined>,
  ): void {
    if (waiting >= limits.totalWaiting) return sendProblem(req, res, busy())
    waiting++
    const send = (made: ((r: HttpResponse) => unknown) | undefined) => () =>
      made === undefined ? sendProblem(req, res, notFound) : made(res)
    const fail = (error: unknown) => () => {
      if (error instanceof EngineError && error.code === 'limit') return sendProblem(req, res, busy())
      if (error instanceof EngineError && error.code === 'not-found') return sendProblem(req, res, notFound)
      log?.warn({ error: String(error) }, 'replay could not be read')
      return sendProblem(req, res, tooSlow)
    }
    const slow = { patience, late: tooSlow, work: (gone: AbortSignal) => work(gone).then(send, fail) }
    void answerInTime(req, res, slow).finally(() => {
      waiting--
    })
  }

  function text(
    req: HttpRequest,
    res: HttpResponse,
    assetId: string,
    render: () => Promise<RenderedText | undefined>,
    caching: (index: AssetIndex) => TextCaching = (index) => cachingFor(index, !index.ended),
  ): void {
    answer(req, res, PATIENCE, async () => {
      const index = await store.index(assetId)
      if (index === undefined) return undefined
      const rendered = await render()
      if (rendered === undefined) return undefined
      const { targetDuration } = index.timing
      return (r) => sendText(req, r, rendered, caching(index), deadline(targetDuration))
    })
  }

  function file(req: HttpRequest, res: HttpResponse, resource: Extract<VodResource, { kind: 'file' }>): void {
    const { assetId, rendition } = resource
    const wanted = parseVodFile(resource.file)
    if (wanted === undefined) return sendProblem(req, res, notFound)
    answer(req, res, PATIENCE, async () => {
      const index = await store.index(assetId)
      const track = index?.tracks.find((candidate) => renditionName(candidate.track, candidate.kind) === rendition)
      if (index === undefined || track === undefined) return undefined
      const body = await read(index, track, wanted)
      return body && ((r) => sendMedia(req, r, body, deadline(index.timing.targetDuration)))
    })
  }

  async function read(
    index: AssetIndex,
    { track, segments }: AssetTrack,
    file: VodFile,
  ): Promise<ReadyBody | undefined> {
    const stored = async (first: number, last: number): Promise<ReadyBody | undefined> => {
      const body = bodyOf(await store.read(index.assetId, track, first, last))
      return body && { ...body, isStored: true }
    }
    switch (file.kind) {
      case 'gap':
        return gapBody
      case 'init':
        return bodyOf(findInit(index, track, file.number)?.init)
      case 'silence': {
        const like = findInit(index, track, file.name.initNumber)
        return bodyOf(like && writeSilence(like, file.name))
      }
      case 'part':
        return stored(file.number, file.number)
      case 'segment':
        return stored(file.first, file.last)
      case 'template': {
        const found = findByName(index, segments, file.name)
        return found && stored(found.firstPart, found.lastPart)
      }
    }
  }

  function download(req: HttpRequest, res: HttpResponse, assetId: string): void {
    // A player that seeks names the file it is in; those bytes are then the ones it gets.
    const wanted = /^"([a-z0-9_.-]{1,100})"$/.exec(headerOf(req, 'if-range') ?? headerOf(req, 'if-match') ?? '')?.[1]
    const network = networkOf(plainAddress(remoteOf(req)))
    const isNeeded = (key: string) => !isAnsweredByCondition(req, `"${key}"`)
    answer(req, res, DOWNLOAD_PATIENCE, async (gone) => {
      const found = await downloads.get(assetId, { wanted, network, gone, isNeeded })
      if (found === undefined) return undefined
      const { key, download: body } = found
      const etag = `"${key}"`
      const more = ['Accept-Ranges', 'bytes', 'Content-Disposition', `inline; filename="${assetId}.mp4"`]
      const headers = headerSet(contentType.mp4, 'no-cache', ...more)
      if (!isNeeded(key)) return (r) => answeredByCondition(req, r, etag, headers)
      if (body === undefined) return undefined
      return (r) => sendStream(req, r, body, [...headers, 'ETag', etag], etag).catch(() => abandon(req, r))
    })
  }

  return (req, res) => {
    const url = req.url ?? ''
    if (!url.includes('/vod/')) return false
    const { path, query } = splitTarget(url)
    const resource = parseVodPath(path)
    if (resource === undefined) return false
    if (url.length > limits.url) {
      sendProblem(req, res, { status: 414, code: 'uri-too-long', detail: `At most ${limits.url} characters.` })
      return true
    }
    if (answeredByMethod(req, res)) return true
    const { assetId } = resource
    switch (resource.kind) {
      case 'download':
        download(req, res, assetId)
        break
      case 'multivariant':
        text(req, res, assetId, () => playlists.multivariant(assetId))
        break
      case 'manifest':
        text(req, res, assetId, () => manifests.get(assetId), manifestCaching)
        break
      case 'clock':
        sendClock(req, res)
        break
      case 'file':
        if (resource.file === names.playlist) {
          const skip = /(?:^|&)_HLS_skip=(?:YES|v2)(?:&|$)/.test(query)
          text(req, res, assetId, () => playlists.media(assetId, resource.rendition, skip))
        } else file(req, res, resource)
    }
    return true
  }
}

/** Milliseconds that the disk has for playlists and segments, and for planning a download of a day. */
const PATIENCE = 10_000
const DOWNLOAD_PATIENCE = 60_000

const tooSlow = notReady('The disk did not answer in time.')

/** Milliseconds a peer has to take an answer. Replays are watched from a buffer: more than of a live playlist. */
function deadline(targetDuration: number): number {
  return Math.max(30_000, targetDuration * 4_000)
}

/** @param changes soon there is another version */
function cachingFor({ timing }: AssetIndex, changes: boolean, type?: string): TextCaching {
  return textCaching(changes ? timing.targetDuration / 2 : VOD_SECONDS, type)
}

function bodyOf(bytes: Uint8Array | undefined): ReadyBody | undefined {
  return bytes && { chunks: [bytes], total: bytes.byteLength }
}

function findInit(index: AssetIndex, track: number, initNumber: number): EpochTrack | undefined {
  for (const epoch of index.epochs) {
    const found = epoch.tracks.find((candidate) => candidate.track === track && candidate.initNumber === initNumber)
    if (found !== undefined) return found
  }
  return undefined
}
