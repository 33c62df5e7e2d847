import type Hls from 'hls.js'
import type { ErrorData, Fragment, Level, LevelDetails, MediaFragment, Part } from 'hls.js'
import { precedesKeyFrame } from './key-frames.ts'
import { lessAnew, tooSlow } from './slow-part.ts'

/**
 * Keeps switches of rendition from stopping the picture where only a second is buffered (LL-HLS): they are made at the ends of
 * segments. Within one, hls.js would fetch all of it again in the other rendition, and a browser that gets frames it is just
 * playing anew shows none until the next key frame. That a link has become too slow is noticed while a part is on its way,
 * so that the next segment is already of the right rendition. Only where the rest of a segment would take longer than what has
 * to be fetched anew of another rendition it is given up in its midst, and the browser told to decode that from its key frame.
 *
 * A browser shows nothing of another rendition before a key frame, and where those are far apart segments begin without one. Better
 * renditions, of which the best is the encoder's own, then follow only where one begins with a key frame. The others are not held
 * up: a ladder's have key frames every second. Nor is what gives a segment up, at less than half of what the link would have to
 * carry: to go on in the old rendition until the next key frame would take longer than to wait for that. Nor is a rendition
 * that cannot be had.
 */
export function guardRenditions(HlsClass: typeof Hls, hls: Hls): RenditionGuard {
  const { Events, ErrorDetails } = HlsClass
  let timer: ReturnType<typeof setInterval> | undefined
  let newest: Part | undefined
  /** Makes the segment that was left out as long as it was. */
  let restore: (() => void) | undefined
  /** Renditions that are not to be tried while hls.js is at a hole. */
  let barred: readonly Level[] = []
  /** A part or a segment is on its way. */
  let loading = false
  /** What comes in another rendition, because what was missing of it would have come too late. */
  let givenUp: GivenUp | undefined
  /** Bits per second that the next segment may have. */
  let limit: number | undefined
  /** The best rendition that may be chosen, and until when. */
  let cap = -1
  let capUntil = 0
  /** The best that may follow while the encoder's own may not; else -1. */
  let ceiling = -1
  /** The newest that was loaded, whole or the last part of it. */
  let last: Fragment | undefined
  /** The segment for which is decided what may follow. */
  let decided: Fragment['sn'] | undefined
  /** Brings back what an error lifted. */
  let hold: (() => void) | undefined
  /** What follows where the next segment begins with a key frame. */
  let chosen: Choice | undefined

  /**
   * The least that may be chosen. hls.js can be told a bitrate alone, for the first rendition that has it: where nothing moves the
   * encoder's own picture may have less than smaller ones, which would all be allowed.
   */
  let least = 0
  Object.defineProperty(hls, 'minAutoLevel', { configurable: true, get: () => least })

  /** Stays with a rendition, or leaves the choice to hls.js. */
  function pin(level: number | undefined): void {
    least = level ?? 0
    const most = [ceiling, performance.now() < capUntil ? cap : -1].filter((one) => one >= 0)
    hls.autoLevelCapping = level ?? (most.length > 0 ? Math.min(...most) : -1)
  }

  /** At the end of a segment another rendition may follow. */
  function settle(details: LevelDetails | null | undefined): void {
    if (loading || !details) return
    if (!newest || endsSegment(details, newest)) follow(details)
  }

  /** @param details that list what was loaded last, where those of its own rendition do not */
  function follow(details: LevelDetails): void {
    if (!last) return
    const { sn } = last
    if (sn !== decided) {
      const find = (of: LevelDetails | undefined) => of?.fragments.find((one) => one.sn === sn)
      const whole = find(hls.levels[last.level]?.details) ?? find(details)
      if (whole) {
        decided = sn
        ceiling = precedesKeyFrame(whole) ? -1 : bestMade(last.level)
      }
    }
    free()
    if (sn !== decided || ceiling >= 0 || !chosen) return
    const { level } = chosen
    forgetChoice()
    hls.loadLevel = level
  }

  /** The best rendition of the ladder: the one below the encoder's own, or what is played where that is better. */
  function bestMade(playing: number): number {
    return Math.max(playing, hls.levels.length - 2)
  }

  function forgetChoice(): void {
    clearTimeout(chosen?.timer)
    chosen = undefined
  }

  /** Lets hls.js leave a rendition that cannot be had: until something else is loaded anything may follow. */
  function lift(): void {
    if (last) decided = last.sn
    ceiling = -1
    capUntil = 0
    pin(undefined)
  }

  /** The best rendition within so many bits per second, or the cheapest. */
  function bestWithin(most: number): number {
    const bitrates = hls.levels.map(({ bitrate }) => bitrate)
    const best = bitrates.findLastIndex((bitrate) => bitrate <= most)
    return best >= 0 ? best : bitrates.indexOf(Math.min(...bitrates))
  }

  function free(): void {
    if (limit === undefined || !hls.autoLevelEnabled) return pin(undefined)
    const most = limit
    limit = undefined
    // Without a new estimate the part after the next would be of the old rendition again.
    hls.bandwidthEstimate = most
    cap = bestWithin(most)
    capUntil = performance.now() + calm
    pin(undefined)
    hls.nextLoadLevel = cap
  }

  /** @param transfer seconds that the part's bytes have taken so far */
  function judge(part: Part, transfer: number): void {
    const ahead = hls.mainForwardBufferInfo?.len ?? 0
    const { duration } = part
    // What is found for a rendition that the viewer has chosen says nothing when the choice is left to hls.js again.
    if (!hls.autoLevelEnabled) return void (limit = undefined)
    limit = tooSlow({ duration, bytes: part.stats.loaded, transfer, ahead }) ?? limit
  }

  /** Ends a segment in its midst where the picture would stand for longer than with another rendition of it. */
  function giveUp(frag: Fragment, part: Part, transfer: number): void {
    const { bitrate = 0, details } = hls.levels[frag.level] ?? {}
    const next = hls.levels[bestWithin(limit ?? 0)]?.bitrate
    if (limit === undefined || next === undefined || !details || !hls.autoLevelEnabled) return
    if (transfer <= hopeless * part.duration || transfer <= (hls.mainForwardBufferInfo?.len ?? 0)) return
    const duration = details.levelTargetDuration
    const left = duration - (part.start - frag.start)
    if (!lessAnew({ duration, left, bitrate, next, bytes: part.stats.loaded })) return
    givenUp = { frag, end: hls.mainForwardBufferInfo?.end ?? part.start, from: undefined }
    hls.media?.addEventListener('seeking', forgetGivenUp, { once: true })
    clearInterval(timer)
    loading = false
    ceiling = -1
    free()
    // Else all of its parts that are listed by now would still come.
    frag.abortRequests()
  }

  /** Somebody else has said where to go on. */
  function forgetGivenUp(): void {
    givenUp = undefined
  }

  function release(): void {
    for (const level of barred) level.loadError = 0
    barred = []
  }

  hls.on(Events.FRAG_LOADING, (_, { frag, part }) => {
    if ((frag.type as string) !== 'main') return
    restore?.()
    restore = undefined
    // A seek may have come before hls.js said what it met.
    release()
    clearInterval(timer)
    loading = frag.sn !== 'initSegment'
    const isSame = frag.sn === givenUp?.frag.sn && frag.level !== givenUp.frag.level
    // The other rendition's initialization segment comes first.
    if (frag.sn !== 'initSegment' && !isSame) forgetGivenUp()
    if (frag.gap) {
      loading = false
      lift()
      barred = bar(hls.levels, frag.level)
    }
    if (!part || !hls.autoLevelEnabled) return
    pin(frag.level)
    timer = setInterval(() => {
      const coming = inFlight(frag)
      if (!coming) return
      const transfer = (performance.now() - coming.stats.loading.first) / 1000
      judge(coming, transfer)
      giveUp(frag, coming, transfer)
    }, look)
  })
  hls.on(Events.FRAG_LOADED, (_, { frag, part }) => {
    if ((frag.type as string) !== 'main') return
    newest = part ?? undefined
    loading = false
    if (!part) {
      clearInterval(timer)
      pin(undefined)
    }
    if (frag.sn === 'initSegment') return
    // What comes in another rendition has a border of its own to come.
    if (frag.level !== last?.level) decided = undefined
    last = frag
    if (!part) return settle(hls.levels[frag.level]?.details)
    if (!hasNext(hls.levels[frag.level]?.details, part)) clearInterval(timer)
    const { first, end } = part.stats.loading
    judge(part, (end - first) / 1000)
    settle(hls.latestLevelDetails)
  })
  hls.on(Events.BUFFER_APPENDED, (_, { type, frag, part }) => {
    const { media } = hls
    if (!givenUp || !media || type !== 'video' || !part) return
    if (frag.sn !== givenUp.frag.sn || frag.level === givenUp.frag.level) return
    const { end, from = part.start } = givenUp
    // Sound may have gone on without pictures.
    const at = Math.min(media.currentTime, end)
    if (part.end < at + playable) {
      givenUp.from = from
      return
    }
    givenUp = undefined
    // A seek, even to where it is, has the browser decode from the key frame before.
    if (from < at + decoded) media.currentTime = at
  })
  hls.on(Events.LEVEL_SWITCHING, (_, { level }) => forget(hls.levels[level]))
  hls.on(Events.LEVEL_UPDATED, (_, { details, level }) => {
    restore?.()
    restore = newest && level !== newest.fragment.level ? leaveOut(details, newest) : undefined
    settle(details)
  })
  hls.on(Events.ERROR, (_, { details, frag, errorAction }) => {
    // It is tried again: not in another rendition in a segment's midst.
    if (errorAction?.nextAutoLevel === undefined) hold?.()
    hold = undefined
    if (details !== ErrorDetails.FRAG_GAP) return
    release()
    // Of parts it is said after they were announced.
    if ((frag?.type as string) !== 'main') return
    loading = false
    lift()
  })
  hls.on(Events.DESTROYING, () => {
    clearInterval(timer)
    forgetChoice()
    hold = undefined
    hls.media?.removeEventListener('seeking', forgetGivenUp)
  })

  return {
    change(level, begin) {
      const now = () => {
        forgetChoice()
        begin()
      }
      const { latestLevelDetails: details, levels, loadLevel } = hls
      const isRegular = !details || details.fragments.every(precedesKeyFrame)
      // What is buffered would be played first.
      const isAhead = (hls.mainForwardBufferInfo?.len ?? 0) > (details?.levelTargetDuration ?? 0)
      if (isRegular || isAhead || (level >= 0 && (level <= loadLevel || level < levels.length - 1))) return now()
      // Said again, it does not wait any longer.
      if (level >= 0 && level === chosen?.level) return
      forgetChoice()
      if (level >= 0) {
        chosen = { level, timer: setTimeout(now, longest) }
        return
      }
      ceiling = bestMade(loadLevel)
      pin(undefined)
      begin()
    },
    failing({ details, frag, context }) {
      const isOurs = frag ? (frag.type as string) === 'main' : typeof context?.level === 'number'
      // A hole is not looked for in other renditions at once.
      if (!isOurs || details === ErrorDetails.FRAG_GAP) return
      if (frag) loading = false
      const [was, since, until] = [ceiling, decided, capUntil]
      const [capping, from] = [hls.autoLevelCapping, least]
      hold = () => {
        ceiling = was
        decided = since
        capUntil = until
        hls.autoLevelCapping = capping
        least = from
      }
      lift()
    },
  }
}

interface RenditionGuard {
  /**
   * Goes to the rendition that the viewer has chosen, where the picture would not stand for that.
   *
   * @param level -1 to leave the choice to hls.js
   * @param begin has hls.js do so: called at once, or later where no key frame came in time for the rendition to follow by itself
   */
  change(level: number, begin: () => void): void
  /** To be told of errors before hls.js decides where to go on. */
  failing(data: Pick<ErrorData, 'details' | 'frag' | 'context'>): void
}

interface Choice {
  readonly level: number
  /** Has it begin where no key frame came. */
  readonly timer: ReturnType<typeof setTimeout>
}

interface GivenUp {
  readonly frag: Fragment
  /** Where its pictures end, or where the viewer was if that was behind; media time, seconds. */
  readonly end: number
  /** Where what came instead begins, once something has. */
  from: number | undefined
}

/**
 * After a link was too slow nothing better is tried for so long: the parts that are there already come fast, and say little of
 * what the link does with the next ones; milliseconds.
 */
const calm = 8000
/** So long a viewer's choice waits for a key frame: three segments; milliseconds. */
const longest = 12_000
/** Between two looks at a part on its way; milliseconds. */
const look = 50
/** A part that takes so many times its duration ends the segment's rendition early. */
const hopeless = 2.5
/** So much of what was fetched anew is there before the picture goes on in it; seconds. */
const playable = 0.2
/** So far ahead of the picture a browser may have taken frames out of its buffer; seconds. */
const decoded = 0.5
/** More than playlists round by, and less than a frame; seconds. */
const edge = 0.004

/**
 * Has hls.js go on behind a segment that ends with `part`, when it comes to another rendition. A browser says a millionth of a
 * second less than is buffered, and of a segment that came in parts hls.js does not know where it ended: it would take the
 * segment for missing its last millionth and fetch all of it again.
 *
 * @param details of the rendition to be loaded next
 * @returns what to call once the next part is chosen: hls.js places the segments before it by how long each is, and with one
 *   that is too short the renditions would no longer be seen to end at the same time
 */
function leaveOut(details: LevelDetails, part: Part): (() => void) | undefined {
  const whole = segmentOf(details, part)
  if (!whole || Math.abs(whole.end - part.end) >= edge) return undefined
  const { duration } = whole
  whole.setDuration(part.end - edge - whole.start)
  return () => whole.setDuration(duration)
}

/**
 * Drops what hls.js knows of a rendition in parts that it comes back to. It would keep which parts it had loaded when it played
 * this rendition before, and go on behind those while the playlist does not list a part that it needs now.
 */
function forget(level: Level | undefined): void {
  if (level?.details?.partList) delete level.details
}

/**
 * Says of all renditions but one that they failed just now. A hole in the broadcast is in all of them: hls.js would look for it
 * in another, wait for that one's playlist, and have the server make a rendition that nobody needs.
 *
 * @returns those of which it was not true
 */
function bar(levels: readonly Level[], but: number): readonly Level[] {
  const sound = levels.filter(({ loadError }, i) => i !== but && loadError === 0)
  for (const level of sound) {
    level.loadError = 1
    level.loadErrorTime = performance.now()
  }
  return sound
}

/**
 * The part of a segment whose bytes are on their way. hls.js fetches those that are listed one after the other, and announces
 * the first.
 */
function inFlight({ loader }: Fragment): Part | undefined {
  const part = loader?.context?.part
  return part && part.stats.loading.first > 0 && part.stats.loading.end === 0 ? part : undefined
}

/** Whether the segment's next part is listed: then hls.js fetches it at once. */
function hasNext(details: LevelDetails | undefined, { fragment, index }: Part): boolean {
  return Boolean(details?.partList?.some((part) => part.fragment.sn === fragment.sn && part.index === index + 1))
}

/** Whether a part is the last one of a segment that is complete. */
function endsSegment(details: LevelDetails, part: Part): boolean {
  const last = details.partList?.findLast(({ fragment }) => fragment.sn === part.fragment.sn)
  return segmentOf(details, part) !== undefined && last?.index === part.index
}

/** The segment that a part belongs to, in any rendition; `undefined` while it is not complete. */
function segmentOf({ fragments }: LevelDetails, { fragment }: Part): MediaFragment | undefined {
  return fragments.find(({ sn }) => sn === fragment.sn)
}
