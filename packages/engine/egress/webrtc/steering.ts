import { createRenditionChoice, type Heard } from './rendition-choice.ts'

/** A rendition as steering sees it. */
export interface Course {
  readonly name: string
  /** Bits a second; 0 where that is not known. */
  readonly bitrate: number
  /** It can be gone over to at this moment. */
  readonly isRunning: boolean
}

export interface Heading {
  /** The rendition to go over to now. */
  readonly go: string | undefined
  /** The rendition that has to be made: the one that is watched, or the one to go over to when it is there. */
  readonly keep: string | undefined
}

/** One viewer's way through the renditions: by what it has asked for, else by what its line carries. */
export interface Steering {
  /** By name; `undefined` where the server chooses. */
  wanted: string | undefined
  /**
   * @param courses best first.
   * @param current the name of one of them; another where that is not offered any more.
   * @param now milliseconds of a steady clock.
   * @param isUnderWay to `current`, which has not begun.
   */
  look(
    report: Heard,
    courses: readonly Course[],
    current: string | undefined,
    now: number,
    isUnderWay?: boolean,
  ): Heading
  /** Bits a second that the line is to be tried with now; once for each time. */
  takeProbe(): number | undefined
}

/** How long a rendition that stands still is waited for: its encoder is started again within a second or two. Milliseconds. */
const PATIENCE = 2_500
/** How long one that is to be gone over to may take to begin. */
const BEGIN = 8_000

export function createSteering(initial: string | undefined): Steering {
  const choice = createRenditionChoice()
  let wanted = initial
  /** Chosen, and not running yet. */
  let pending: { readonly name: string; readonly since: number } | undefined
  let stillSince: number | undefined
  /** The newest rendition that was watched. */
  let watched: Course | undefined

  return {
    get wanted() {
      return wanted
    },
    set wanted(name) {
      wanted = name
      pending = undefined
    },
    takeProbe: choice.takeProbe,
    look(report, courses, current, now, isUnderWay = false) {
      const find = (name: string | undefined) => courses.find((course) => course.name === name)
      const here = find(current)
      if (here !== undefined) watched = here
      // Where nothing runs the encoder is away: what is watched has its time to begin from when that is back.
      if (here?.isRunning === true || !courses.some(({ isRunning }) => isRunning)) stillSince = undefined
      else stillSince ??= now
      const forced = find(wanted)
      if (forced !== undefined) pending = undefined
      else if (pending !== undefined && (find(pending.name) === undefined || now - pending.since > BEGIN)) {
        pending = undefined
      }
      if (forced === undefined && here?.isRunning === true) {
        const chosen = choice.judge(report, courses, here.name, now, isUnderWay || pending !== undefined)
        if (chosen !== undefined) pending = { name: chosen.name, since: now }
      }
      /** What was watched is another's now: the source, of an encoder that sends B-frames, or none any more. */
      const successor = here === undefined ? find(watched?.name) : undefined
      const target = forced ?? find(pending?.name) ?? successor
      if (target?.isRunning === true && target.name !== current) {
        pending = undefined
        return { go: target.name, keep: target.name }
      }
      const keep = target?.name ?? here?.name
      if (stillSince === undefined) return { go: undefined, keep: keep ?? courses[0]?.name }
      const isOverdue = now - stillSince > PATIENCE
      // Any picture is better than none: the best of those that cost no more, else the cheapest. Where the source is made anew, one
      // of the former is taken at once, as by who joins.
      const running = courses.filter(({ isRunning }) => isRunning)
      const most = watched?.bitrate ?? 0
      const carried = running.find(({ bitrate }) => most === 0 || (bitrate > 0 && bitrate <= most))
      const other = isOverdue ? (carried ?? cheapest(running)) : successor && carried
      return { go: other?.name, keep: other?.name ?? keep }
    },
  }
}

/** The lowest of several. Nothing is known to cost less than what was not measured. */
function cheapest(courses: readonly Course[]): Course | undefined {
  const cost = ({ bitrate }: Course) => bitrate || Number.POSITIVE_INFINITY
  return courses.toReversed().toSorted((a, b) => cost(a) - cost(b))[0]
}
