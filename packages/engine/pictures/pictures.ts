import { EngineError } from '../error.ts'
import { etagOf } from '../etag.ts'
import type { LiveBroadcast } from '../packager/live.ts'
import type { Log } from '../ports.ts'
import type { SegmentStore } from '../store/port.ts'
import { pictureArguments } from './arguments.ts'
import { createKeptPictures } from './kept.ts'
import { type KeyFrame, newestKeyFrame, storedKeyFrame } from './key-frame.ts'
import { createPictureLane } from './lane.ts'
import { PICTURE_LIMITS } from './limits.ts'
import type { Picture } from './picture.ts'
import { createRests } from './rests.ts'
import { runFfmpeg } from './run-ffmpeg.ts'
import type { SheetName, Storyboard } from './storyboard-plan.ts'
import { createStoryboards } from './storyboards.ts'

export interface PicturesOptions {
  /** Path of the program; without it there are no pictures. */
  readonly ffmpeg: string | undefined
  readonly store: Pick<SegmentStore, 'index' | 'read'>
  readonly log: Log
  /** Milliseconds of any steady clock. */
  readonly now?: () => number
  /** Milliseconds that ffmpeg may take. */
  readonly patience?: number
}

/** Pictures of broadcasts, made of key frames when somebody asks, and kept. */
export interface Pictures {
  /** False without ffmpeg. */
  readonly available: boolean
  /**
   * Of a running broadcast: of its newest key frame, or at most 10 s old. Of one that just ended: the last that was made.
   * `undefined` when there is none to be had.
   *
   * @throws EngineError `limit` when too many wait to be made.
   */
  thumbnail(broadcast: LiveBroadcast): Promise<Picture | undefined>
  /** Of a recording, finished or not; the same otherwise. */
  poster(assetId: string): Promise<Picture | undefined>
  /** Of a recording, finished or not: which pictures there are to show along the bar. `undefined` where there are none. */
  storyboard(assetId: string): Promise<Storyboard | undefined>
  /** One sheet of a storyboard; throws as `thumbnail`. */
  sheet(assetId: string, name: SheetName): Promise<Picture | undefined>
  /** The recording was deleted: there are no pictures of it any more. What is live has its own for as long as it is served. */
  forget(assetId: string): void
  /** Ends what is being made. */
  close(): void
}

interface Entry {
  readonly picture: Picture | undefined
  /** Of the key frame. */
  readonly name: string
  readonly triedAt: number
  /** It will not change any more. */
  readonly isFinal: boolean
}

const posterKey = (assetId: string) => `poster ${assetId}`

/** Where in a recording its poster is taken. */
const POSTER_AT = 0.25
/** Its last key frame. */
const NEWEST = 1

export function createPictures(options: PicturesOptions): Pictures {
  const { ffmpeg, store, log, now = () => performance.now() } = options
  const lane = createPictureLane()
  const stopping = new AbortController()
  const args = pictureArguments()
  const kept = createKeptPictures<Entry>()
  /** Pictures whose key frames are being read from the store. */
  const asked = new Map<string, Promise<Picture | undefined>>()
  const rests = createRests(now)
  /** What has been logged already. */
  const said = new Set<string>()

  const storyboards = createStoryboards({
    ...{ store, rests, now, onFailure: complain },
    draw: (key, words, input) => lane.run(key, () => run(words, input)),
  })

  /** @param choose gives the key frame when the turn comes: the newest of then. */
  async function make(key: string, assetId: string, isFinal: boolean, choose: () => KeyFrame | undefined) {
    const before = kept.get(key)
    let name = before?.name ?? ''
    let picture = before?.picture
    try {
      const frame = choose()
      if (frame !== undefined && (frame.name !== name || picture === undefined)) {
        picture = (await draw(frame)) ?? picture
        name = frame.name
      }
      rests.worked(assetId)
    } catch (error) {
      rests.failed(assetId)
      complain(key, error)
    }
    kept.set(key, key, { picture, name, triedAt: now(), isFinal: isFinal && picture !== undefined })
    return kept.isForgotten(key) ? undefined : picture
  }

  async function draw(frame: KeyFrame): Promise<Picture | undefined> {
    const input = await frame.read()
    if (input === undefined || sizeOf(input) > PICTURE_LIMITS.input) return undefined
    return run(args, input)
  }

  async function run(words: readonly string[], input: readonly Uint8Array[]): Promise<Picture> {
    if (ffmpeg === undefined) throw new EngineError('not-found', 'there is no ffmpeg')
    const bytes = await runFfmpeg({
      ffmpeg,
      args: words,
      input,
      patience: options.patience ?? PICTURE_LIMITS.patience,
      signal: stopping.signal,
    })
    return { bytes, etag: etagOf(bytes) }
  }

  /**
   * Of a key frame in the store. The disk is asked outside the lane: one that hangs must not hold up the pictures of what is live.
   *
   * @param share of the recording, as `storedKeyFrame` takes it.
   */
  async function readStored(key: string, assetId: string, share: number, canBeFinal: boolean) {
    const index = await store.index(assetId)
    const frame = index && storedKeyFrame(index, store, share)
    if (index === undefined || frame === undefined) return kept.get(key)?.picture
    const bytes = frame.name === kept.get(key)?.name ? undefined : await frame.read()
    const isFinal = canBeFinal && index.ended
    return lane.run(key, () => make(key, assetId, isFinal, () => ({ name: frame.name, read: async () => bytes })))
  }

  /** One reading for all who ask meanwhile. */
  function stored(key: string, assetId: string, share: number, canBeFinal: boolean): Promise<Picture | undefined> {
    const running = asked.get(key) ?? readStored(key, assetId, share, canBeFinal).finally(() => asked.delete(key))
    asked.set(key, running)
    return running
  }

  /** Once for each cause: a picture is tried again every few seconds. */
  function complain(key: string, error: unknown): void {
    if (stopping.signal.aborted) return
    const code = error instanceof EngineError ? error.code : 'other'
    if (said.has(code)) return
    said.add(code)
    log.warn(
      { picture: key, err: error },
      'a picture could not be made; live goes on, later ones of this cause are not logged',
    )
  }

  return {
    available: ffmpeg !== undefined,

    async thumbnail(broadcast) {
      if (ffmpeg === undefined) return undefined
      const { assetId } = broadcast
      const key = `live ${assetId}`
      const entry = kept.get(key)
      if (entry !== undefined && (broadcast.ended || now() - entry.triedAt < PICTURE_LIMITS.fresh)) return entry.picture
      if (rests.isResting(assetId)) return entry?.picture
      // Of what nobody watches less is in memory than some encoders send from one key frame to the next.
      if (broadcast.keyFrame() === undefined) return stored(key, assetId, NEWEST, false)
      return lane.run(key, () => make(key, assetId, false, () => newestKeyFrame(broadcast)))
    },

    async poster(assetId) {
      const key = posterKey(assetId)
      if (ffmpeg === undefined || kept.isForgotten(key)) return undefined
      const entry = kept.get(key)
      if (entry !== undefined && (entry.isFinal || now() - entry.triedAt < PICTURE_LIMITS.poster)) return entry.picture
      if (rests.isResting(assetId)) return entry?.picture
      return stored(key, assetId, POSTER_AT, true)
    },

    storyboard: async (assetId) => (ffmpeg === undefined ? undefined : storyboards.storyboard(assetId)),
    sheet: async (assetId, name) => (ffmpeg === undefined ? undefined : storyboards.sheet(assetId, name)),
    forget(assetId) {
      kept.forget(posterKey(assetId))
      storyboards.forget(assetId)
    },
    close: () => stopping.abort(),
  }
}

/** Bytes. */
function sizeOf(input: readonly Uint8Array[]): number {
  return input.reduce((sum, chunk) => sum + chunk.byteLength, 0)
}
