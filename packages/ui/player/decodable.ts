import type Hls from 'hls.js'
import type { Fragment, Level, LevelDetails, MediaFragment, StreamController } from 'hls.js'
import { beginsWithKeyFrame } from './key-frames.ts'

/** A key frame further back than this is not fetched for a picture; seconds. */
const furthest = 30
/** Times that the same segments are fetched for the same place. */
const tries = 3

/** What was appended last of the pictures, in any rendition. */
export type Appended = Pick<Fragment, 'level' | 'sn'>

/**
 * Which segment has to be loaded first so that `wanted` can be decoded. A browser drops what it gets of pictures until the next key
 * frame, unless that follows what it got last (Media Source Extensions, coded frame processing).
 *
 * @param target media time up to which pictures are there, seconds: a part with a key frame before it is a beginning, too
 * @returns `wanted` where it can be decoded by itself or after `last`, and where no key frame is listed within 30 s before it
 */
export function neededFirst(
  wanted: MediaFragment,
  { fragments, partList, startSN }: Pick<LevelDetails, 'fragments' | 'partList' | 'startSN'>,
  target: number,
  last: Appended | undefined,
): MediaFragment {
  const opens = partList?.some(
    ({ fragment, independent, gap, start }) => fragment.sn === wanted.sn && independent && !gap && start <= target,
  )
  if (opens || beginsWithKeyFrame(wanted, partList)) return wanted
  const lastSn = last?.level === wanted.level && typeof last.sn === 'number' ? last.sn : undefined
  if (lastSn === wanted.sn) return wanted
  for (let i = wanted.sn - startSN - 1, first = wanted; i >= 0; i--) {
    const before = fragments[i]
    if (!before || before.gap || before.cc !== wanted.cc || wanted.start - before.start > furthest) break
    if (before.sn === lastSn) return first
    if (beginsWithKeyFrame(before, partList)) return before
    first = before
  }
  return wanted
}

/**
 * The part of hls.js that loads pictures, made to begin with a key frame wherever it begins: after a seek, at a date, behind what was
 * removed. By itself it fetches the segment at the place, finds none in it, goes back by one and again by one, and meanwhile goes on
 * where something else is buffered.
 */
export function decodableStream(HlsClass: typeof Hls): typeof StreamController {
  const { Events } = HlsClass

  return class extends HlsClass.DefaultConfig.streamController {
    #last: Fragment | undefined
    /** The segment on whose account it went back, from where, and how often. */
    #back = { to: '', times: 0, sn: -1, from: 0 }

    constructor(...values: ConstructorParameters<typeof StreamController>) {
      super(...values)
      const [hls] = values
      const isPicture = (type: string, frag: Fragment) =>
        type !== 'audio' && (frag.type as string) === 'main' && frag.sn !== 'initSegment'
      // As it is queued: hls.js may choose the next segment before the browser has taken this one.
      hls.on(Events.BUFFER_APPENDING, (_, { type, frag }) => {
        if (isPicture(type, frag)) this.#last = frag
      })
      hls.on(Events.BUFFER_APPENDED, (_, { type, frag }) => {
        if (isPicture(type, frag)) this.#arrived(frag)
      })
      hls.on(Events.MEDIA_DETACHING, () => {
        this.#last = undefined
      })
    }

    protected override loadFragment(frag: MediaFragment, level: Level, target: number): void {
      const first = this.#first(frag, level.details, target)
      if (first === frag) return super.loadFragment(frag, level, target)
      // It may be there, but nothing can be put behind it.
      this.fragmentTracker.removeFragment(first)
      super.loadFragment(first, level, first.start)
    }

    #first(frag: MediaFragment, details: LevelDetails | undefined, target: number): MediaFragment {
      const last = this.#last
      // What was removed since is no longer what a browser goes on from.
      const isThere = last && (this.fragmentTracker.getState(last) as string) !== 'NOT_LOADED'
      const first = details ? neededFirst(frag, details, target, isThere ? last : undefined) : frag
      if (first === frag || !beginsWithKeyFrame(first, details?.partList)) return first
      const to = [frag.level, first.sn, frag.sn, this.startPosition].join()
      const times = this.#back.to === to ? this.#back.times + 1 : 1
      this.#back = { to, times, sn: frag.sn, from: first.start }
      return times > tries ? frag : first
    }

    /** A browser that gets pictures it is just playing anew shows none until the next key frame; a seek to where it is has it go back. */
    #arrived({ sn, end }: Fragment): void {
      const { media } = this
      const { sn: wanted, from } = this.#back
      if (sn !== wanted) return
      this.#back.sn = -1
      const at = media?.currentTime ?? 0
      if (media && !media.seeking && at > from && at < end) media.currentTime = at
    }
  }
}
