import type { Probed, ViewerReport } from './messages.ts'

/** What there is to choose from. */
export interface Rung {
  readonly name: string
  /** Bits a second; 0 where that is not known. */
  readonly bitrate: number
}

/**
 * What a viewer has told of, and been sent. Without `reports` each counts as a new one, without `sent` it is what the rung has, without
 * `probed` its line cannot be tried but by a climb.
 */
export type Heard = Pick<ViewerReport, 'loss' | 'estimate'> & Partial<Pick<ViewerReport, 'reports' | 'sent' | 'probed'>>

/** One viewer's way through the renditions, by what its receiver reports. */
export interface RenditionChoice {
  /**
   * @param rungs the best first. It need not cost the most: a source that hardly moves may have less than its ladder.
   * @param current the name of one of them.
   * @param now milliseconds.
   * @param isUnderWay to the rung that was given last: what is reported is of the one before.
   * @returns the rung to go over to; `undefined` to stay.
   */
  judge(report: Heard, rungs: readonly Rung[], current: string, now: number, isUnderWay?: boolean): Rung | undefined
  /** Bits a second that the line is to be tried with before a climb; once for each time. */
  takeProbe(): number | undefined
}

/** Reports in a row that must agree before a viewer goes down: one may be a moment's trouble. */
const REPORTS_DOWN = 2
/** Share of packets lost that is too much, and that a climb bears. */
const LOSS_DOWN = 0.1
const LOSS_UP = 0.02
/** Loss and an estimate that are both so bad leave no doubt: one report is enough. */
const LOSS_CERTAIN = 0.3
const ESTIMATE_CERTAIN = 0.7
/**
 * A receiver's estimate says that it is too much when it is below this share of what it is sent, and of what it was: it is
 * low after a begin and a climb, rises by some eight percent a second, and stands still at times; all that is no trouble.
 */
const ENOUGH = 0.9
/** A rung is taken when it needs no more than this share of the estimate. */
const HEADROOM = 0.85
/**
 * A receiver that sees a delay comes down to a share of what comes (draft-ietf-rmcat-gcc-02 §5.5: 0.85). Where less than this share
 * comes of what the rung has needed lately, for the picture hardly moves, such a fall says nothing of what the line carries.
 */
const QUIET = 0.75
const FALL_TO = 0.8
/** What the rung has needed is forgotten by so much with each look, of which there is one a second. */
const FORGET = 0.98
/**
 * Milliseconds of calm before the next higher rung is tried. A receiver's estimate is bounded by what it is sent
 * (draft-ietf-rmcat-gcc-02 §5.5), so it cannot say that a higher rung would fit: that has to be tried, by a probe or by the climb itself.
 * Each try taken back doubles the wait, each that has held for `HELD` halves it.
 */
const CALM = 10_000
const MOST_CALM = 160_000
const HELD = 60_000
/** Each probe that the line did not carry doubles the wait too. It costs the viewer next to nothing, so the next one is not so far. */
const MOST_PROBED = 40_000
/** How long the answer to a probe is waited for, and how long an estimate may be low for it. */
const PROBE_LIMIT = 5_000
const PROBE_RESTS = 4_000

export function createRenditionChoice(): RenditionChoice {
  let poor = 0
  /** What was looked at already: the same report is no second one. */
  let heard: number | undefined
  let calmSince: number | undefined
  let calm = CALM
  /** Calm before the next probe. */
  let pause = CALM
  let climbedAt = Number.NEGATIVE_INFINITY
  let isClimbing = false
  /** Tries of the line before the one that is under way. */
  let probing: { readonly rung: string; readonly before: number; readonly since: number } | undefined
  let wanted: number | undefined
  let probedAt = Number.NEGATIVE_INFINITY
  /** The highest estimate since the last change. */
  let highest = 0
  /** Bits a second that the rung has needed lately. */
  let needed = 0

  function moved(now: number, isUp: boolean): void {
    poor = 0
    calmSince = now
    probing = undefined
    highest = 0
    needed = 0
    if (isUp) {
      if (isClimbing && now - climbedAt >= HELD) calm = Math.max(CALM, calm / 2)
      climbedAt = now
    }
    // Once for each try: on the way down there may be more steps, and one that is waited for is chosen again and again.
    else if (isClimbing && now - climbedAt < CALM) calm = Math.min(MOST_CALM, calm * 2)
    isClimbing = isUp
  }

  /** Whether the line may carry this rung; `undefined` while that is being tried. Without a word of the receiver's it may. */
  function mayCarry({ name, bitrate }: Rung, probed: Probed | undefined, now: number): boolean | undefined {
    if (probed === undefined || bitrate === 0) return true
    // An answer that nobody was there to hear is of another line by now.
    if (probing?.rung !== name || now - probing.since > PROBE_LIMIT * 2) {
      probing = { rung: name, before: probed.count, since: now }
      wanted = bitrate
      probedAt = now
      return undefined
    }
    if (probed.count === probing.before) return now - probing.since > PROBE_LIMIT ? true : undefined
    return probed.isCarried ?? true
  }

  /** The line did not bear the probe that is under way, if there is one. */
  function rest(now: number): void {
    calmSince = now
    if (probing === undefined) return
    probing = undefined
    pause = Math.min(MOST_PROBED, pause * 2)
  }

  /** A line that is too thin for a probe is full for a moment. */
  function isTried(now: number): boolean {
    return now - probedAt < PROBE_RESTS
  }

  function isTooLittle(estimate: number, bitrate: number, sent: number, now: number): boolean {
    needed = Math.max(needed * FORGET, bitrate)
    const isFallOfQuiet = sent < needed * QUIET && estimate > sent * FALL_TO
    highest = isFallOfQuiet || isTried(now) ? estimate : Math.max(highest, estimate)
    return estimate < bitrate * ENOUGH && estimate < highest * ENOUGH
  }

  return {
    takeProbe() {
      const bitrate = wanted
      wanted = undefined
      return bitrate
    },
    judge(report, rungs, current, now, isUnderWay = false) {
      const { reports, loss, estimate, probed, sent = Number.POSITIVE_INFINITY } = report
      const at = rungs.findIndex(({ name }) => name === current)
      const rung = rungs[at]
      if (rung === undefined) return undefined
      calmSince ??= now
      // A climb is tried from where it arrives on, and an encoder may take longer than that calm to its next key frame.
      if (isUnderWay) calmSince = now
      if (isUnderWay && isClimbing) climbedAt = now
      if (loss > LOSS_DOWN || (estimate !== undefined && isTooLittle(estimate, rung.bitrate, sent, now))) {
        rest(now)
        if (reports !== undefined && reports === heard) return undefined
        heard = reports
        poor++
        const isCertain =
          !isTried(now) && loss > LOSS_CERTAIN && estimate !== undefined && estimate < rung.bitrate * ESTIMATE_CERTAIN
        if (poor < REPORTS_DOWN && !isCertain) return undefined
        const cheaper = cheaperThan(rungs, at)
        const fits = cheaper.find(({ bitrate }) => estimate !== undefined && bitrate <= estimate * HEADROOM)
        const down = (loss > LOSS_DOWN && estimate === undefined ? cheaper[0] : fits) ?? cheapest(cheaper)
        if (down !== undefined) moved(now, false)
        return down
      }
      poor = 0
      if (loss > LOSS_UP) rest(now)
      const higher = nextBetter(rungs, at)
      if (higher === undefined || now - calmSince < Math.max(calm, pause)) return undefined
      const isCheaper = higher.bitrate > 0 && higher.bitrate <= rung.bitrate
      const isCarried = isCheaper || mayCarry(higher, probed, now)
      if (isCarried === undefined) return undefined
      if (!isCarried) {
        rest(now)
        return undefined
      }
      pause = CALM
      moved(now, true)
      return higher
    },
  }
}

/** Those that a line carries more easily, the best first. Of what nothing was measured of, only that smaller pictures cost less is known. */
function cheaperThan(rungs: readonly Rung[], at: number): readonly Rung[] {
  const most = rungs[at]?.bitrate ?? 0
  return rungs.filter(({ bitrate }, i) => (most === 0 ? i > at : bitrate > 0 && bitrate < most))
}

function cheapest(rungs: readonly Rung[]): Rung | undefined {
  return rungs.toSorted((a, b) => a.bitrate - b.bitrate)[0]
}

/** The next one above, or a better one that costs no more than that. */
function nextBetter(rungs: readonly Rung[], at: number): Rung | undefined {
  const next = rungs[at - 1]
  const isWorthIt = ({ bitrate }: Rung) => bitrate > 0 && bitrate <= (next?.bitrate ?? 0)
  return rungs.slice(0, Math.max(0, at)).find(isWorthIt) ?? next
}
