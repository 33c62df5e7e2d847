import { EngineError } from '../error.ts'
import { etagOf } from '../etag.ts'
import type { LiveBroadcast } from '../packager/live.ts'
import { PICTURE_LIMITS } from '../pictures/limits.ts'
import type { Picture } from '../pictures/picture.ts'
import type { Pictures } from '../pictures/pictures.ts'
import { parseSheetName, printStoryboard } from '../pictures/storyboard-plan.ts'
import { answerInTime } from './answer-in-time.ts'
import { cacheControl, headerSet } from './headers.ts'
import { limits } from './limits.ts'
import { splitTarget } from './live-path.ts'
import type { HttpHandler, HttpRequest, HttpResponse } from './message.ts'
import { isPlainName, readPathNames } from './path-names.ts'
import { busy, notReady, offline, type Problem, sendProblem } from './problem.ts'
import { answeredByCondition, answeredByMethod, sendWhole } from './respond.ts'

export interface PictureHandlerOptions {
  readonly pictures: Pictures
  /** The channel's broadcast: running, or ended a short while ago. */
  find(channel: string): LiveBroadcast | undefined
}

const jpeg = 'image/jpeg'
// Half of the age at which a live picture is made again; posters of what still runs change too, but nobody waits for it.
const thumbnail = headerSet(jpeg, `public, max-age=${PICTURE_LIMITS.fresh / 2_000}`)
const poster = headerSet(jpeg, `public, max-age=${PICTURE_LIMITS.poster / 1_000}`)
const lasting = headerSet(jpeg, cacheControl.immutable)
const track = headerSet('text/vtt', `public, max-age=${PICTURE_LIMITS.fresh / 1_000}`)

const noProgram: Problem = {
  status: 404,
  code: 'not-found',
  detail: 'This server makes no pictures: ffmpeg was not found. Install it, or name it with --ffmpeg.',
}
const noPicture: Problem = { status: 404, code: 'not-found', detail: 'There is no picture of this (yet).' }
const tooMany = busy('Too many pictures are asked for; try again.', 5)
const tooSlow = notReady('The picture was not made in time.')

/**
 * `/live/{channel}/thumbnail.jpg`, `/vod/{asset}/poster.jpg`, `/vod/{asset}/storyboard.vtt` and the sheets it names, each also with `t/{token}/` after the channel or asset.
 * Serves no other address.
 */
export function createPictureHandler(options: PictureHandlerOptions): HttpHandler {
  const { pictures } = options
  /** Requests whose pictures are not there yet. A disk that hangs leaves those of what is live alone. */
  const waiting = { live: 0, recorded: 0 }

  /** Answers when the picture is there; 503 when that takes too long: a browser has six connections, and plays by the same. */
  function answer(req: HttpRequest, res: HttpResponse, { of, make }: Asked): void {
    if (waiting[of] >= PICTURE_LIMITS.requests) return sendProblem(req, res, tooMany)
    waiting[of]++
    const give = (found: Answer | undefined) => () =>
      found === undefined ? sendProblem(req, res, noPicture) : send(req, res, found)
    const fail = (error: unknown) => () => {
      const isFull = error instanceof EngineError && error.code === 'limit'
      sendProblem(req, res, isFull ? tooMany : noPicture)
    }
    const slow = { patience: PICTURE_LIMITS.answer, late: tooSlow, work: () => make().then(give, fail) }
    void answerInTime(req, res, slow).finally(() => {
      waiting[of]--
    })
  }

  return (req, res) => {
    const url = req.url ?? ''
    if (!/\.(jpg|vtt)/.test(url) || url.length > limits.url) return false
    const { path, query } = splitTarget(url)
    const asked = find(path, query)
    if (asked === undefined) return false
    if (answeredByMethod(req, res)) return true
    if (!pictures.available) sendProblem(req, res, noProgram)
    else if (asked === 'offline') sendProblem(req, res, offline)
    else answer(req, res, asked)
    return true
  }

  /** What an address names; `undefined` for the addresses of others. */
  function find(path: string, query: string): Asked | 'offline' | undefined {
    const [channel, file] = namesOf(path, '/live/')
    if (channel !== undefined) {
      if (file !== 'thumbnail.jpg') return undefined
      const broadcast = options.find(channel)
      if (broadcast === undefined) return 'offline'
      return { of: 'live', make: async () => withHeaders(await pictures.thumbnail(broadcast), thumbnail) }
    }
    const [assetId, name] = namesOf(path, '/vod/')
    const make = assetId === undefined || name === undefined ? undefined : recorded(assetId, name, query)
    return make && { of: 'recorded', make }
  }

  function recorded(assetId: string, name: string, query: string): Asked['make'] | undefined {
    if (name === 'poster.jpg') return async () => withHeaders(await pictures.poster(assetId), poster)
    if (name === 'storyboard.vtt') return () => storyboard(assetId, query === 'clock' ? 'clock' : 'time')
    const sheet = parseSheetName(name)
    return sheet && (async () => withHeaders(await pictures.sheet(assetId, sheet), lasting))
  }

  async function storyboard(assetId: string, by: 'time' | 'clock'): Promise<Answer | undefined> {
    const found = await pictures.storyboard(assetId)
    if (found === undefined) return undefined
    const bytes = Buffer.from(printStoryboard(found, by))
    return { bytes, etag: etagOf(bytes), headers: track }
  }
}

/** What an address names, and how to make it. */
interface Asked {
  readonly of: 'live' | 'recorded'
  readonly make: () => Promise<Answer | undefined>
}

interface Answer extends Picture {
  readonly headers: readonly string[]
}

function withHeaders(picture: Picture | undefined, headers: readonly string[]): Answer | undefined {
  return picture && { ...picture, headers }
}

/** Channel or asset and the file, where there is nothing between them. */
function namesOf(path: string, prefix: string): [] | [string, string] {
  const names = readPathNames(path, prefix)
  const [file, ...more] = names?.rest ?? []
  if (names === undefined || file === undefined || more.length > 0) return []
  return isPlainName(names.owner) && isPlainName(file) ? [names.owner, file] : []
}

function send(req: HttpRequest, res: HttpResponse, { bytes, etag, headers }: Answer): void {
  if (answeredByCondition(req, res, etag, headers)) return
  sendWhole(req, res, bytes, [...headers, 'ETag', etag], PICTURE_LIMITS.deadline)
}
