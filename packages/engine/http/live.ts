import type { LiveBroadcast, RenderedText } from '../packager/live.ts'
import { names } from '../packager/model.ts'
import { sendClock } from './clock.ts'
import { compressionFor, readyFor } from './compressed.ts'
import { createDeliveryMeter, type DeliveryFigures } from './delivery.ts'
import { parseDirectives } from './directives.ts'
import { gapBody, isGapName } from './gap.ts'
import { sendGrowing } from './growing.ts'
import { cacheControl, contentType } from './headers.ts'
import { createHeldRequests } from './held-requests.ts'
import { limits } from './limits.ts'
import { type LiveResource, parseLivePath, splitTarget } from './live-path.ts'
import { type HttpHandler, type HttpRequest, type HttpResponse, isEncrypted } from './message.ts'
import { abandon } from './outbox.ts'
import { busy, notFound, notReady, offline, sendProblem } from './problem.ts'
import {
  answeredByMethod,
  cachingOf,
  type ReadyBody,
  sendMedia,
  sendText,
  type TextCaching,
  textCaching,
} from './respond.ts'
import { createTurn, type Urgency } from './turn.ts'

export interface LiveOptions {
  /** The channel's broadcast: running, or ended a short while ago. */
  find(channel: string): LiveBroadcast | undefined
  /** A broadcast of the channel that `find` does not give any more, by its asset id. */
  findAsset?(channel: string, assetId: string): LiveBroadcast | undefined
  /**
   * Called for every request of media. Not for playlists and initialisation segments: pages fetch those before there is a
   * player with a session id, and who asks for nothing else does not watch.
   */
  seen?(channel: string, req: HttpRequest, query: string): void
  readonly limits?: { readonly totalWaiting?: number; readonly connectionWaiting?: number }
}

export interface LiveHandler {
  /** Serves live playlists and media; false for every other address. */
  readonly handle: HttpHandler
  /** Requests that wait for a playlist or part now. */
  readonly waiting: () => number
  /** How long parts took to reach everyone who waited for them. */
  readonly delivery: DeliveryFigures
}

type LiveFile = Extract<LiveResource, { kind: 'file' }>

/**
 * HLS delivery of live broadcasts (RFC 8216bis §6.2.5): media playlists with blocking reload and delta updates, parts,
 * segments and initialisation segments, all from buffers that are shared by everyone who watches.
 *
 * A part closes, and a crowd waits for it and for the playlists that list it: media go first, for playlists only tell what
 * to ask for next.
 */
export function createLiveHandler(options: LiveOptions): LiveHandler {
  const delivery = createDeliveryMeter()
  const turn = createTurn()
  const held = createHeldRequests({
    total: options.limits?.totalWaiting ?? limits.totalWaiting,
    perConnection: options.limits?.connectionWaiting ?? limits.connectionWaiting,
    turn,
    onDelivered: delivery.onDelivered,
  })

  /** Those in whose answers a segment is being made: not measured, for each of them waits again and again. */
  const growing = createHeldRequests({
    total: options.limits?.totalWaiting ?? limits.totalWaiting,
    perConnection: options.limits?.connectionWaiting ?? limits.connectionWaiting,
    turn,
  })

  /** What is there is sent at once, unless a crowd is being served: then behind it. */
  function inTurn(req: HttpRequest, res: HttpResponse, urgency: Urgency, send: () => void): void {
    if (turn.left) return send()
    turn.queue(() => {
      try {
        if (!res.destroyed) send()
      } catch {
        abandon(req, res)
      }
      return false
    }, urgency)
  }

  /** Sends, and counts what that causes later on an encrypted connection. */
  function charged(req: HttpRequest, bytes: number, send: () => void): void {
    send()
    charge(req, bytes)
  }

  function charge(req: HttpRequest, bytes: number): void {
    if (isEncrypted(req)) turn.charge(limits.encryptedAnswer + (bytes / 1e6) * limits.encryptedMegabyte)
  }

  function multivariant(req: HttpRequest, res: HttpResponse, channel: string): void {
    const broadcast = options.find(channel)
    const playlist = broadcast?.multivariant()
    if (broadcast === undefined || playlist === undefined) return sendProblem(req, res, offline)
    const { targetDuration } = broadcast
    sendText(req, res, playlist, cachingFor(targetDuration).reload, deadline(targetDuration))
  }

  function manifest(req: HttpRequest, res: HttpResponse, channel: string): void {
    const broadcast = options.find(channel)
    if (broadcast === undefined) return sendProblem(req, res, offline)
    const { targetDuration } = broadcast
    const answer = (from: HttpRequest, to: HttpResponse) => {
      const found = broadcast.manifest()
      if (found === undefined) return sendProblem(from, to, notReady('The first segment is still in the making.'))
      sendText(from, to, found, cachingFor(targetDuration).manifest, deadline(targetDuration))
    }
    const soon = broadcast.manifestSoon()
    const seated = soon !== undefined && held.hold(req, res, soon, 'ordinary', (from, to) => answer(from, to))
    if (!seated) answer(req, res)
  }

  function mediaPlaylist(
    req: HttpRequest,
    res: HttpResponse,
    broadcast: LiveBroadcast,
    rendition: string,
    query: string,
  ) {
    const found = broadcast.rendition(rendition)
    if (found === undefined) return sendProblem(req, res, notFound)
    const directives = parseDirectives(query)
    if (typeof directives === 'string') return badRequest(req, res, directives)
    const answer = found.playlist(directives)
    const { targetDuration } = broadcast
    const caching = cachingFor(targetDuration)
    const send = (to: HttpResponse, from: HttpRequest, playlist: RenderedText, how: TextCaching) =>
      charged(from, playlist.plain.byteLength, () => sendText(from, to, playlist, how, deadline(targetDuration)))
    switch (answer.kind) {
      case 'now': {
        const go = () =>
          inTurn(req, res, 'ordinary', () =>
            send(res, req, answer.playlist, answer.blocking ? caching.blocking : caching.reload),
          )
        const compression = compressionFor(req, answer.playlist)
        if (compression === undefined) return go()
        compression
          .then(() => {
            if (!res.destroyed) go()
          })
          .catch(() => abandon(req, res))
        return
      }
      case 'wait': {
        const seated = held.hold(req, res, readyFor(req, answer.ready), 'ordinary', (q, r, playlist) => {
          if (playlist !== undefined) send(r, q, playlist, answer.blocking ? caching.blocking : caching.reload)
          else sendProblem(q, r, notReady('The playlist did not come within three target durations.'))
        })
        return seated ? undefined : sendProblem(req, res, busy())
      }
      case 'bad-request':
        return badRequest(req, res, answer.reason)
      case 'busy':
        return sendProblem(req, res, busy())
    }
  }

  function media(req: HttpRequest, res: HttpResponse, broadcast: LiveBroadcast, file: LiveFile): void {
    const rendition = broadcast.rendition(file.rendition)
    const { targetDuration } = broadcast
    if (rendition === undefined) return sendProblem(req, res, notFound)
    if (isGapName(file.file)) return sendMedia(req, res, gapBody, deadline(targetDuration))
    const answer = rendition.media(file.file)
    const send = (from: HttpRequest, to: HttpResponse, body: ReadyBody) =>
      charged(from, body.total, () => sendMedia(from, to, body, deadline(targetDuration)))
    switch (answer.kind) {
      case 'now':
        return inTurn(req, res, 'urgent', () => send(req, res, answer))
      case 'wait': {
        const seated = held.hold(req, res, answer.ready, 'urgent', (q, r, body, isFailed) => {
          if (body !== undefined) send(q, r, body)
          // Of a 404 hls.js does not ask again.
          else sendProblem(q, r, isFailed ? busy('The disk has too much to do; try again.') : notFound)
        })
        return seated ? undefined : sendProblem(req, res, busy())
      }
      case 'growing':
        return inTurn(req, res, 'urgent', () =>
          sendGrowing(req, res, answer.media, { held: growing, sent: charge }, growingDeadline(targetDuration)),
        )
      case 'busy':
        return sendProblem(req, res, busy())
      case 'not-found':
        return sendProblem(req, res, notFound)
    }
  }

  const handle: HttpHandler = (req, res) => {
    const url = req.url ?? ''
    if (!url.includes('/live/')) return false
    const { path, query } = splitTarget(url)
    const resource = parseLivePath(path)
    if (resource === undefined) return false
    if (url.length > limits.url) {
      sendProblem(req, res, { status: 414, code: 'uri-too-long', detail: `At most ${limits.url} characters.` })
      return true
    }
    if (answeredByMethod(req, res)) return true
    const { channel } = resource
    if (resource.kind !== 'file') {
      if (resource.kind === 'multivariant') multivariant(req, res, channel)
      else if (resource.kind === 'manifest') manifest(req, res, channel)
      else sendClock(req, res)
      return true
    }
    const current = options.find(channel)
    const broadcast = current?.assetId === resource.assetId ? current : options.findAsset?.(channel, resource.assetId)
    if (broadcast === undefined) {
      sendProblem(req, res, notFound)
      return true
    }
    const { file, rendition } = resource
    if (file === names.playlist) {
      mediaPlaylist(req, res, broadcast, rendition, query)
      return true
    }
    if (file.endsWith(mediaSuffix)) options.seen?.(channel, req, query)
    media(req, res, broadcast, resource)
    return true
  }
  return { handle, waiting: () => held.size + growing.size, delivery }
}

/** Of parts and segments; initialisation segments have another (`names`). */
const mediaSuffix = '.m4s'

/** Milliseconds a peer has to take an answer: two target durations, for what is older than that is of no use to it. */
function deadline(targetDuration: number): number {
  return targetDuration * 2_000
}

/** The same, of an answer that takes as long as a segment is made. */
function growingDeadline(targetDuration: number): number {
  return targetDuration * 3_000
}

interface BroadcastCaching {
  readonly reload: TextCaching
  readonly blocking: TextCaching
  readonly manifest: TextCaching
}

const manifestCaching = cachingOf(cacheControl.shared, contentType.manifest)

const cachings = new Map<number, BroadcastCaching>()

/** A reloaded playlist is fresh for half a target; the answer to a blocking request never changes (§6.2.5.2, B.1). */
function cachingFor(targetDuration: number): BroadcastCaching {
  let caching = cachings.get(targetDuration)
  if (caching === undefined) {
    caching = {
      reload: textCaching(targetDuration / 2),
      blocking: textCaching(targetDuration * 6),
      // What a cache adds, players are behind: browsers keep none, those in front of a crowd one for a second.
      manifest: manifestCaching,
    }
    // Target durations are a handful of small integers.
    if (cachings.size < 100) cachings.set(targetDuration, caching)
  }
  return caching
}

function badRequest(req: HttpRequest, res: HttpResponse, detail: string): void {
  sendProblem(req, res, { status: 400, code: 'bad-request', detail })
}
