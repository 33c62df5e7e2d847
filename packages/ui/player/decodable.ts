import type Hls from 'hls.js'
import type { BufferInfo, Fragment, Level, LevelDetails, MediaFragment, Part, StreamController } from 'hls.js'
import { beginsWithKeyFrame } from './key-frames.ts'
import { listedPlace } from './list-start.ts'
import { fromPlayed } from './stream-end.ts'

/** A key frame further back than this is not fetched for a picture; seconds. */
const furthest = 30
/** Times that the same segments are fetched for the same place. */
const tries = 3

/** By so much what is buffered may end before what its playlist says, seconds: some frames. */
const slack = 0.2

/** What was appended last of the pictures, in any rendition. */
export type Appended = Pick<Fragment, 'level' | 'sn' | 'cc'>

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
  const lastSn = last?.level === wanted.level && last.cc === wanted.cc ? last.sn : undefined
  if (lastSn === wanted.sn) return wanted
  // What was appended last may just have left the playlist.
  for (let sn = wanted.sn - 1, first = wanted; sn >= startSN - 1; sn--) {
    if (sn === lastSn) return first
    const before = fragments[sn - startSN]
    if (!before || before.gap || before.cc !== wanted.cc || wanted.start - before.start > furthest) break
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
  const { ErrorDetails, Events } = HlsClass

  return class extends HlsClass.DefaultConfig.streamController {
    /** What was appended last of the pictures, or is about to be, and where that ends in media time. */
    #last: { readonly frag: Fragment; readonly part: Part | null; readonly end: number; isQueued: boolean } | undefined
    /** On whose account it went back, from where, and how often. */
    #back: { readonly to: string; readonly times: number; readonly frag: Fragment; readonly from: number } | undefined

    constructor(...values: ConstructorParameters<typeof StreamController>) {
      super(...values)
      const [hls] = values
      const isPicture = (type: string, frag: Fragment) =>
        type !== 'audio' && (frag.type as string) === 'main' && frag.sn !== 'initSegment'
      const forgetBack = () => {
        this.#back = undefined
      }
      // As it is queued: hls.js may choose the next segment before the browser has taken this one.
      hls.on(Events.BUFFER_APPENDING, (_, { type, frag, part }) => {
        if (isPicture(type, frag)) this.#last = { frag, part, end: (part ?? frag).end, isQueued: true }
      })
      hls.on(Events.BUFFER_APPENDED, (_, { type, frag, part }) => {
        if (!isPicture(type, frag)) return
        if (this.#last?.frag === frag && this.#last.part === part) this.#last.isQueued = false
        this.#arrived(frag, (part ?? frag).end)
      })
      hls.on(Events.ERROR, (_, { details }) => {
        if (details === ErrorDetails.BUFFER_APPEND_ERROR || details === ErrorDetails.BUFFER_FULL_ERROR)
          this.#last = undefined
      })
      let attached: HTMLMediaElement | undefined
      hls.on(Events.MEDIA_ATTACHED, (_, { media }) => {
        attached = media
        media.addEventListener('seeking', forgetBack)
      })
      hls.on(Events.MEDIA_DETACHING, () => {
        attached?.removeEventListener('seeking', forgetBack)
        forgetBack()
        this.#last = undefined
      })
    }

    /** hls.js would take the one before each place for the beginning, once it was wrong; where key frames are is known here. */
    protected override get couldBacktrack(): boolean {
      const isKnown = this.getLevelDetails()?.fragments.some((one) => !beginsWithKeyFrame(one))
      // While it goes back by itself, after all, it has to.
      return super.couldBacktrack && (!isKnown || this.backtrackFragment !== undefined)
    }

    protected override set couldBacktrack(could: boolean) {
      super.couldBacktrack = could
    }

    protected override getNextFragment(at: number, details: LevelDetails): MediaFragment | null {
      return super.getNextFragment(listedPlace(at, details, this.config), details)
    }

    protected override _streamEnded(buffered: BufferInfo, details: LevelDetails): boolean {
      return super._streamEnded(fromPlayed(buffered, this.media?.currentTime ?? 0), details)
    }

    protected override loadFragment(frag: MediaFragment, level: Level, target: number): void {
      const first = this.#first(frag, level.details, target)
      const isBack = first !== frag
      // It may be there, but nothing can be put behind it.
      if (isBack) this.fragmentTracker.removeFragment(first)
      const from = isBack ? first.start : target
      const goesOn = isBack || (this.#last?.frag.sn === frag.sn - 1 && !this.#last.part)
      if (goesOn && !this.#hasParts(first, level.details, from)) this.#loadWhole(first, level)
      else super.loadFragment(first, level, from)
    }

    /**
     * Whether hls.js would begin with a part of this segment. Behind a segment that came whole it takes the next part that is missing
     * behind one it has, which may be at the live edge.
     *
     * @param from media time, seconds
     */
    #hasParts(frag: MediaFragment, details: LevelDetails | undefined, from: number): boolean {
      const { partList } = details ?? {}
      // One that is not complete has nothing else.
      if (!partList || !frag.url) return true
      const next = partList[this.getNextPart(partList, frag, from)]
      return next?.fragment.sn === frag.sn && (next.index === 0 || (next.independent && next.start <= from))
    }

    #loadWhole(frag: MediaFragment, level: Level): void {
      const { config } = this
      const { lowLatencyMode } = config
      this.loadingParts = false
      // Else hls.js finds again that there are parts.
      config.lowLatencyMode = false
      try {
        super.loadFragment(frag, level, frag.start)
      } finally {
        config.lowLatencyMode = lowLatencyMode
      }
    }

    #first(frag: MediaFragment, details: LevelDetails | undefined, target: number): MediaFragment {
      const first = details ? neededFirst(frag, details, target, this.#isThere() ? this.#last?.frag : undefined) : frag
      if (first === frag || !beginsWithKeyFrame(first, details?.partList)) return first
      const to = [frag.level, first.sn, frag.sn].join()
      const times = this.#back?.to === to ? this.#back.times + 1 : 1
      this.#back = { to, times, frag, from: first.start }
      return times > tries ? frag : first
    }

    /**
     * Whether a browser can go on from what was appended last: not if that was removed since. What the tracker says of it is of no use:
     * it forgets a part that is on its way when anything is removed.
     */
    #isThere(): boolean {
      return this.#last !== undefined && (this.#last.isQueued || this.#isBuffered(this.#last.end))
    }

    /** @param end of what was appended, seconds of media time */
    #isBuffered(end: number): boolean {
      const { buffered } = this.mediaBuffer ?? {}
      if (!buffered) return false
      for (let i = 0; i < buffered.length; i++) {
        if (buffered.start(i) <= end - slack && buffered.end(i) >= end - slack) return true
      }
      return false
    }

    /** A browser that gets pictures it is just playing anew shows none until the next key frame; a seek to where it is has it go back. */
    #arrived({ sn, level }: Fragment, end: number): void {
      const { media } = this
      if (!media || !this.#back || sn !== this.#back.frag.sn || level !== this.#back.frag.level) return
      const { from } = this.#back
      const at = media.currentTime
      // Parts that come later would overwrite what is played, too; and what the browser dropped is no success.
      if (end <= at || !this.#isBuffered(end)) return
      this.#back = undefined
      if (!media.seeking && at > from) media.currentTime = at
    }
  }
}
