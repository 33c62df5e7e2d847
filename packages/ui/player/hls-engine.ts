import type Hls from 'hls.js'
import type { ErrorData, Fragment, HlsConfig, LevelDetails } from 'hls.js'
import { arrivalOf } from './arrival.ts'
import { keepBeforeZero } from './before-zero.ts'
import { keepChosen } from './chosen-rendition.ts'
import { decodableStream } from './decodable.ts'
import type { PlaylistEngine, PlaylistEvents } from './engine.ts'
import { errorsFirst } from './errors-first.ts'
import { beginsWithKeyFrame } from './key-frames.ts'
import { loadPolicy } from './load-policy.ts'
import { playlistLoader } from './playlist-loader.ts'
import { recall } from './preferences.ts'
import { nearestQuality, type Qualities, type Quality, sortQualities, type WantedQuality } from './qualities.ts'
import { guardRenditions } from './rendition-guard.ts'
import { soundStream } from './sound-stream.ts'
import { timeOfDate } from './start.ts'

/** Attempts at mending a decoding error before the source is loaded anew. */
const mendLimit = 2
/** A media error this long after the last one (milliseconds) starts counting afresh. */
const mendMemory = 30_000

/**
 * Where a link becomes too slow within a segment, the rest of that segment still comes in the old rendition: at two thirds of
 * its bit rate a segment of 2 s comes a second late. Seconds behind the newest part.
 */
const ladderHoldBack = 2.2
/** A link that carries so many times the best rendition needs no such reserve, until it carries less than the second figure. */
const ampleLink = { from: 3, until: 2 } as const
/** So many segments at its beginning may have left a live playlist before they are loaded. */
const leaving = 2
/** By which begins that are counted back by the durations of a playlist may be off; seconds. */
const rounding = 0.001
/** Whoever asks for what is not listed yet gets so much before it; seconds. */
const beforeEnd = 0.5
/** Bits per second. */
const usualBandwidth = 5_000_000

/**
 * hls.js behind the player's own interface. Its transmuxer runs on the page's thread: CMAF needs no transmuxing, a
 * worker would be another 35 kB to wait for, and one from another origin is not allowed.
 */
export function createHlsEngine(
  HlsClass: typeof Hls,
  video: HTMLVideoElement,
  session: { readonly id: string; readonly sameOrigin: boolean; isLive(): Promise<boolean> },
  wanted: WantedQuality,
  events: PlaylistEvents,
): PlaylistEngine {
  let hls: Hls | undefined
  let guard: ReturnType<typeof guardRenditions> | undefined
  let arrived: () => number | undefined = () => undefined
  let at: number | undefined
  let mended = 0
  let mendedAt = 0
  let lowLatency = true
  /** The link carries much more than the best rendition. */
  let ample = false
  /** Bits per second, as last measured; where to begin with the next source. */
  let bandwidth = firstEstimate()

  function details(): LevelDetails | undefined {
    return hls?.latestLevelDetails ?? undefined
  }

  function config(): Partial<HlsConfig> {
    return {
      // localStorage.setItem('bandstand-debug', 'hls') in the browser's console shows all that the engine does.
      debug: recall('debug') === 'hls',
      enableWorker: false,
      lowLatencyMode: lowLatency,
      // The session keeps up with live: the engine's own way changes the rate several times a second at the edge.
      maxLiveSyncPlaybackRate: 1,
      liveSyncOnStallIncrease: 0.35,
      backBufferLength: 30,
      maxBufferLength: 20,
      maxMaxBufferLength: 60,
      startFragPrefetch: true,
      testBandwidth: false,
      ...(wanted.sound && { audioPreference: { name: wanted.sound } }),
      abrEwmaDefaultEstimate: bandwidth,
      streamController: decodableStream(HlsClass),
      audioStreamController: soundStream(HlsClass),
      errorController: errorsFirst(HlsClass, (data) => guard?.failing(data)),
      nudgeMaxRetry: 6,
      highBufferWatchdogPeriod: 1.5,
      manifestLoadPolicy: loadPolicy,
      playlistLoadPolicy: loadPolicy,
      fragLoadPolicy: loadPolicy,
      // Custom headers would cost other sites a preflight for each request.
      cmcd: { sessionId: session.id, useHeaders: session.sameOrigin },
      pLoader: playlistLoader(
        HlsClass,
        () => ({
          ...{ at, parts: lowLatency },
          distance: hls && hls.levels.length > 1 && !ample ? ladderHoldBack : 0,
        }),
        session.isLive,
      ),
    }
  }

  function onError(data: ErrorData): void {
    if (!data.fatal || !hls) return
    // There is nothing to mend; it says which codecs there are.
    if (data.details === HlsClass.ErrorDetails.MANIFEST_INCOMPATIBLE_CODECS_ERROR) {
      return events.failed(data.reason ?? data.details)
    }
    const now = performance.now()
    if (now - mendedAt > mendMemory) mended = 0
    if (data.type === HlsClass.ErrorTypes.MEDIA_ERROR && mended < mendLimit) {
      mended += 1
      mendedAt = now
      hls.recoverMediaError()
      return
    }
    // Its answer to what could not be sent, or broke off before a status, is status 0.
    events.failed(data.details, data.type === HlsClass.ErrorTypes.NETWORK_ERROR && data.response?.code === 0)
  }

  function qualities(of: Hls): Quality[] {
    return of.levels.map(({ height, frameRate, bitrate }, id) => ({
      ...{ id, bitrate, height: height || undefined, frameRate: frameRate || undefined },
    }))
  }

  /** What the viewer has chosen, in this source or in one before. */
  function chosenLevel(of: Hls): number | undefined {
    return wanted.quality && nearestQuality(qualities(of), wanted.quality)?.id
  }

  function chooseAgain(of: Hls): void {
    const level = chosenLevel(of)
    if (level !== undefined) of.loadLevel = level
  }

  /** Further from the edge where a link may need another rendition soon (see `ladderHoldBack`), never nearer than the playlist asks for. */
  function keepDistance(of: Hls): void {
    if (of.levels.length < 2) return
    const { config } = of
    const share = of.bandwidthEstimate / Math.max(...of.levels.map(({ maxBitrate }) => maxBitrate))
    ample = share >= (ample ? ampleLink.until : ampleLink.from)
    const asked = details()?.partHoldBack ?? 0
    let distance = config.liveSyncDuration
    if (lowLatency) distance = ample && asked > 0 ? asked : Math.max(asked, ladderHoldBack)
    // As far as the playlist says.
    else if (distance !== undefined) distance = holdBackOf(details())
    // To set what is set makes hls.js forget the stalls, with each of which it keeps further away (`liveSyncOnStallIncrease`).
    if (distance !== undefined && distance !== config.liveSyncDuration) of.targetLatency = distance
  }

  function stop(): void {
    if (hls && hls.bandwidthEstimate > 0) bandwidth = hls.bandwidthEstimate
    hls?.destroy()
    hls = undefined
  }

  return {
    load(url, from) {
      stop()
      at = from
      const fresh = new HlsClass(config())
      hls = fresh
      fresh.on(HlsClass.Events.ERROR, (_, data) => {
        if (hls === fresh) onError(data)
      })
      keepBeforeZero(HlsClass, fresh)
      arrived = arrivalOf(HlsClass, fresh)
      const own = guardRenditions(HlsClass, fresh)
      guard = own
      keepChosen(HlsClass, fresh, {
        level: () => chosenLevel(fresh),
        play: (level) => own.change(level, () => (fresh.loadLevel = level)),
      })
      fresh.on(HlsClass.Events.LEVEL_UPDATED, (_, data) => {
        if (hls !== fresh) return
        keepDistance(fresh)
        events.updated(windowOf(data.details)?.end)
      })
      fresh.on(HlsClass.Events.MANIFEST_PARSED, (_, { levels }) => {
        // hls.js takes MP3 for playable, and forgets its name, where the browser has it outside of MP4 alone.
        if (levels.every(({ audioCodec, attrs }) => !audioCodec && attrs.CODECS?.includes('mp4a.40.34'))) {
          queueMicrotask(stop)
          return events.failed(levels[0]?.attrs.CODECS ?? '')
        }
        chooseAgain(fresh)
        keepDistance(fresh)
      })
      fresh.loadSource(url)
      fresh.attachMedia(video)
    },
    unload: stop,
    destroy: stop,
    get lowLatency() {
      return lowLatency
    },
    set lowLatency(on) {
      lowLatency = on
      if (!hls) return
      hls.lowLatencyMode = on
      keepDistance(hls)
    },
    get date() {
      // hls.js takes a media time of zero for none, and answers for the last one it knew: right only while nothing is there.
      const isThere = video.seeking || video.readyState >= 2
      if (video.currentTime === 0 && isThere) return dateAtZero(details())
      return hls?.playingDate?.getTime()
    },
    get window() {
      const current = details()
      return current && windowOf(current)
    },
    get duration() {
      const current = details()
      return current && !current.live ? current.totalduration : undefined
    },
    get growing() {
      return details()?.live ?? false
    },
    timeOf(date) {
      const current = details()
      return current && timeIn(current, date)
    },
    get livePosition() {
      return hls?.liveSyncPosition ?? undefined
    },
    get holdBack() {
      return details()?.live ? (hls?.targetLatency ?? undefined) : undefined
    },
    get ahead() {
      const current = details()
      return current && current.edge - video.currentTime - holesAfter(current, video.currentTime)
    },
    get arrived() {
      return hls && arrived()
    },
    behindHole(time) {
      const current = details()
      const end = current && holeEnd(current)
      if (!current || end === undefined || end <= time) return undefined
      // By its playlist sound may go on later than pictures do. Before that hls.js would wait for a whole segment of it.
      const sound = hls?.audioTracks[hls.audioTrack]?.details
      const soundEnd = (sound && holeEnd(sound)) ?? end
      const to = sound && soundEnd < sound.edge ? Math.max(end, soundEnd) : end
      return { time: to, length: current.edge - to }
    },
    get qualities() {
      const of = hls
      if (!of || of.levels.length === 0) return undefined
      const list = qualities(of)
      const known: Qualities = {
        list: sortQualities(list),
        chosen: chosenLevel(of) ?? 'auto',
        playing: of.currentLevel >= 0 ? of.currentLevel : undefined,
        choose(id) {
          wanted.quality = list.find((one) => one.id === id)
          // Another source may have been loaded since the menu was drawn.
          const now = hls
          const level = (now && chosenLevel(now)) ?? -1
          if (now) guard?.change(level, () => (now.nextLevel = level))
        },
        sounds: of.audioTracks.map(({ name }, id) => ({
          name,
          checked: id === of.audioTrack,
          choose() {
            wanted.sound = name
            hls?.setAudioOption({ name })
          },
        })),
      }
      return known
    },
  }
}

/** Seconds, by the playlist or as RFC 8216bis §4.4.3.8 has it without. */
function holdBackOf(details: LevelDetails | undefined): number {
  return details ? details.holdBack || 3 * details.targetduration : 12
}

/** Bits per second to begin with: what the browser knows of its network, else what most have. */
function firstEstimate(): number {
  const { downlink } = (navigator as Navigator & { connection?: { downlink?: number } }).connection ?? {}
  return downlink ? Math.min(usualBandwidth, downlink * 800_000) : usualBandwidth
}

/** Where media go on behind the newest hole. */
function holeEnd({ fragments }: LevelDetails): number | undefined {
  return fragments.findLast(({ gap }) => gap)?.end
}

/** Seconds of what is listed after a media time that are holes. */
function holesAfter({ fragments, partList, fragmentEnd }: LevelDetails, time: number): number {
  const last = fragments.findLastIndex(({ end }) => end <= time)
  const parts = partList?.filter(({ start }) => start > fragmentEnd - rounding) ?? []
  return [...fragments.slice(last + 1), ...parts].reduce(
    (sum, { gap, start, end }) => (gap ? sum + Math.max(0, end - Math.max(start, time)) : sum),
    0,
  )
}

/** Media time of a date, which may be in the parts at the end; of one past the end, or in a hole there, a moment before the end. */
function timeIn({ fragments, edge }: LevelDetails, date: number): number | undefined {
  const list = fragments.map(datedOf)
  const last = list.findLast((one) => one.date !== undefined && !one.gap)
  if (last?.date === undefined) return undefined
  const end = last === list.at(-1) ? edge : last.start + last.duration
  const latest = Math.max(last.start, end - beforeEnd)
  return timeOfDate(list, date) ?? Math.min(last.start + (date - last.date) / 1000, latest)
}

function datedOf({ start, duration, programDateTime, gap }: Fragment) {
  return { start, duration, date: programDateTime ?? undefined, gap: gap === true }
}

/** Unix milliseconds, where the playlist dates it. */
function dateAtZero(details: LevelDetails | undefined): number | undefined {
  const there = details?.fragments.find(({ end }) => end > 0)
  const date = there?.programDateTime ?? undefined
  return there && date !== undefined ? date - there.start * 1000 : undefined
}

function windowOf(details: LevelDetails): { start: number; end: number } | undefined {
  const all = details.fragments.filter((fragment) => fragment.programDateTime !== null && !fragment.gap)
  const isAfterZero = ({ start }: Fragment) => start > -rounding
  const begins = (one: Fragment | undefined) =>
    one !== undefined && isAfterZero(one) && beginsWithKeyFrame(one, details.partList)
  // What comes before the first key frame that is listed cannot be shown from here, nor what needs one that is about to leave the list.
  // Nor can what comes before the zero of media time: a rendition may list more of the past than the one that was loaded first.
  const dated =
    all.find((one, i) => begins(one) && (!details.live || i >= leaving || begins(all[i + 1]))) ??
    all.find(begins) ??
    all.find(isAfterZero)
  const last = details.fragments.findLast((fragment) => fragment.programDateTime !== null)
  if (!dated?.programDateTime || !last?.programDateTime) return undefined
  const parts = (details.edge - last.start) * 1000
  return { start: dated.programDateTime, end: last.programDateTime + Math.max(parts, last.duration * 1000) }
}
