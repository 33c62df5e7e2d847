import { EngineError } from '../error.ts'
import type { LiveBroadcast } from '../packager/live.ts'
import { PICTURE_LIMITS } from '../pictures/limits.ts'
import type { Picture, Pictures } from '../pictures/pictures.ts'
import { headerSet } from './headers.ts'
import { limits } from './limits.ts'
import { splitTarget } from './live-path.ts'
import { type HttpHandler, type HttpRequest, type HttpResponse, headerOf } from './message.ts'
import { etagMatches } from './negotiate.ts'
import { abandon } from './outbox.ts'
import { isPlainName, readPathNames } from './path-names.ts'
import { type Problem, sendProblem } from './problem.ts'
import { answeredByMethod, sendWhole } from './respond.ts'

export interface PictureHandlerOptions {
  readonly pictures: Pictures
  /** The channel's broadcast: running, or ended a short while ago. */
  find(channel: string): LiveBroadcast | undefined
}

const jpeg = 'image/jpeg'
// Half of the age at which a live picture is made again; posters of what still runs change too, but nobody waits for it.
const thumbnailHeaders = headerSet(jpeg, `public, max-age=${PICTURE_LIMITS.fresh / 2_000}`)
const posterHeaders = headerSet(jpeg, `public, max-age=${PICTURE_LIMITS.poster / 1_000}`)

const noProgram: Problem = {
  status: 404,
  code: 'not-found',
  detail: 'This server makes no pictures: ffmpeg was not found. Install it, or name it with --ffmpeg.',
}
const noPicture: Problem = { status: 404, code: 'not-found', detail: 'There is no picture of this (yet).' }
const offline: Problem = {
  status: 404,
  code: 'offline',
  detail: 'Nobody is publishing to this channel now.',
  headers: ['Retry-After', '2'],
}
const busy: Problem = {
  status: 503,
  code: 'busy',
  detail: 'Too many pictures are asked for; try again.',
  headers: ['Retry-After', '5'],
}

/**
 * `/live/{channel}/thumbnail.jpg` and `/vod/{asset}/poster.jpg`, each also with `t/{token}/` after the channel or asset.
 * Serves no other address.
 */
export function createPictureHandler({ pictures, find }: PictureHandlerOptions): HttpHandler {
  let waiting = 0

  function answer(
    req: HttpRequest,
    res: HttpResponse,
    headers: readonly string[],
    make: () => Promise<Picture | undefined>,
  ): void {
    if (waiting >= PICTURE_LIMITS.requests) return sendProblem(req, res, busy)
    waiting++
    make()
      .then(
        (picture) => {
          if (res.destroyed) return
          if (picture === undefined) sendProblem(req, res, noPicture)
          else sendPicture(req, res, picture, headers)
        },
        (error: unknown) => {
          if (res.destroyed) return
          sendProblem(req, res, error instanceof EngineError && error.code === 'limit' ? busy : noPicture)
        },
      )
      // One bad answer must not end the process.
      .catch(() => abandon(req, res))
      .finally(() => {
        waiting--
      })
  }

  return (req, res) => {
    const url = req.url ?? ''
    if (!url.includes('.jpg') || url.length > limits.url) return false
    const { path } = splitTarget(url)
    const channel = ownerOf(path, '/live/', 'thumbnail.jpg')
    const assetId = ownerOf(path, '/vod/', 'poster.jpg')
    if (channel === undefined && assetId === undefined) return false
    if (answeredByMethod(req, res)) return true
    if (!pictures.available) sendProblem(req, res, noProgram)
    else if (assetId !== undefined) answer(req, res, posterHeaders, () => pictures.poster(assetId))
    else {
      const broadcast = find(channel ?? '')
      if (broadcast === undefined) sendProblem(req, res, offline)
      else answer(req, res, thumbnailHeaders, () => pictures.thumbnail(broadcast))
    }
    return true
  }
}

function ownerOf(path: string, prefix: string, file: string): string | undefined {
  const names = readPathNames(path, prefix)
  return names?.rest.length === 1 && names.rest[0] === file && isPlainName(names.owner) ? names.owner : undefined
}

function sendPicture(req: HttpRequest, res: HttpResponse, { bytes, etag }: Picture, headers: readonly string[]): void {
  if (etagMatches(headerOf(req, 'if-none-match'), etag)) {
    res.writeHead(304, [...headers, 'ETag', etag])
    res.end()
    return
  }
  sendWhole(req, res, bytes, [...headers, 'ETag', etag], PICTURE_LIMITS.deadline)
}
