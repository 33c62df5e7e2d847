import type { PlaylistEngine } from './engine.ts'

/** Keeps a viewer who watches the live edge where live viewers are meant to be. */
export interface EdgeKeeper {
  /** The viewer watches the live edge, not a moment of his own. */
  atEdge: boolean
  /** Another source begins. */
  begin(): void
  /** To where live viewers are, when that is ahead. */
  jump(engine: LiveEngine | undefined): void
  /** To be called some times a second. @param engine `undefined` while nothing live is played */
  keepUp(engine: LiveEngine | undefined): void
  /**
   * Over a hole in the broadcast (a restarted server has one) to what is new. The engine alone would play what is left
   * before the hole, and wait behind it until a whole segment is there.
   *
   * @param fresh the source has just begun: before the first picture the engine is left to find its own start
   */
  leapHole(engine: LiveEngine | undefined, fresh: boolean): void
}

type LiveEngine = Pick<PlaylistEngine, 'livePosition' | 'behindHole'>

/** A rate that nobody hears brings a live viewer this far behind (seconds) back to where he should be. */
const catchUp = { rate: 1.06, above: 0.6, until: 0.15, buffered: 0.5 } as const
/** A live viewer further than this from where he should be is moved there: sooner the first time; seconds. */
const jumpAt = { first: 0.6, later: 2.5 } as const
/** Between two such moves; milliseconds. */
const jumpPause = 4000
/** Media listed behind a hole before a live viewer is moved over it: two parts, so that the picture goes on moving; seconds. */
const behindHole = 0.6

export function createEdgeKeeper(video: HTMLVideoElement): EdgeKeeper {
  /** Negative infinity until the first jump after a load. */
  let jumpedAt = Number.NEGATIVE_INFINITY

  function moveTo(time: number): void {
    jumpedAt = performance.now()
    video.currentTime = time
  }

  const keeper: EdgeKeeper = {
    atEdge: false,
    begin() {
      jumpedAt = Number.NEGATIVE_INFINITY
    },
    jump(engine) {
      const target = engine?.livePosition
      if (target !== undefined && target > video.currentTime) moveTo(target)
    },
    keepUp(engine) {
      const target = engine?.livePosition
      if (!keeper.atEdge || video.paused || video.seeking || target === undefined) {
        if (video.playbackRate === catchUp.rate) video.playbackRate = 1
        return
      }
      const distance = target - video.currentTime
      const { buffered } = video
      const end = buffered.length > 0 ? buffered.end(buffered.length - 1) : 0
      const ready = end > target + 0.05
      const enough = end - video.currentTime > catchUp.buffered
      if (video.playbackRate === 1 && distance > catchUp.above && enough) video.playbackRate = catchUp.rate
      else if (video.playbackRate === catchUp.rate && (distance < catchUp.until || !enough)) video.playbackRate = 1
      // A start at a distant key frame shows its picture at once and then leaps over what is already buffered.
      const rested = performance.now() - jumpedAt > jumpPause
      if (ready && rested && distance > (Number.isFinite(jumpedAt) ? jumpAt.later : jumpAt.first)) keeper.jump(engine)
    },
    leapHole(engine, fresh) {
      const { currentTime, paused } = video
      if (!keeper.atEdge || paused || (currentTime === 0 && fresh)) return
      const next = engine?.behindHole(currentTime)
      if (next !== undefined && next.length >= behindHole) moveTo(next.time + 0.01)
    },
  }
  return keeper
}
