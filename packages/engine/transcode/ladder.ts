import { availableParallelism, loadavg } from 'node:os'
import type { ListedRung } from '../packager/model.ts'
import type { RungPort } from '../packager/rung-packer.ts'
import type { MemoryBudget } from '../packager/window/budget.ts'
import type { Log } from '../ports.ts'
import type { TimedUnit, TimelineEvent } from '../timeline/model.ts'
import { ladderArguments } from './arguments.ts'
import { createBacklog } from './backlog.ts'
import { type CapacityVerdict, createCapacityGuard } from './capacity.ts'
import { createEncoderChoice } from './encoder-choice.ts'
import { type EpochSource, epochSource } from './epoch-source.ts'
import { CAPACITY_LIMITS, LADDER_LIMITS } from './limits.ts'
import { createListing, lostOf, trackOf } from './listing.ts'
import { createLadderMachine, type LadderMachine } from './machine.ts'
import type { LadderSettings, Rung } from './model.ts'
import { type ProcessEnd, startLadderProcess } from './process.ts'
import { type LadderReport, reportLadder } from './report.ts'
import { createRestarts } from './restarts.ts'
import type { RungPolicy } from './rung-policy.ts'
import { createLadderRuns } from './runs.ts'
import type { Trials } from './trial.ts'

export interface LadderOptions {
  /** Path of the program. */
  readonly ffmpeg: string
  readonly settings: Omit<LadderSettings, 'rungs'>
  readonly policy: RungPolicy
  readonly trials: Trials
  /** Takes what comes back. */
  readonly packer: RungPort
  /** Lists these rungs from now on. */
  readonly list: (rungs: readonly ListedRung[]) => void
  /** The encoder brings a rendition of this size itself: it is not made once more. */
  readonly isBrought?: (rung: Rung) => boolean
  readonly log: Log
  /** Of every log line. */
  readonly fields: object
  /** Unix milliseconds. */
  readonly now: () => number
  /** Processes that want to run, for each processor; the machine's where not given. */
  readonly load?: () => number
  /** Milliseconds of a steady clock, by which everything waits. */
  readonly steady?: () => number
  /** Shared with the machine's other ladders. */
  readonly machine?: LadderMachine
  /** What the ladder keeps counts there. */
  readonly budget?: Pick<MemoryBudget, 'join' | 'leave'>
  readonly startProcess?: typeof startLadderProcess
  /** Pictures given to one ffmpeg before another goes on; `LADDER_LIMITS.pictures` where not given. */
  readonly pictures?: number
}

/**
 * The ladder of one broadcast: what an ffmpeg makes of the source, as further tracks on the source's clock. One ffmpeg for
 * each epoch; whatever becomes of it, the source goes on.
 */
export interface Ladder {
  /** After the packager has been given it. */
  handle(event: TimelineEvent): void
  /** Somebody watches a rung. */
  asked(): void
  /** The encoder brings other renditions than before. */
  reconsider(): void
  /** Lets time pass; called about 10 times a second. */
  tick(): void
  /** Something that it depends on has failed: it is given up. */
  fail(error: unknown): void
  /** Ends every ffmpeg at once. */
  close(): void
  readonly report: LadderReport
}

export function createLadder(options: LadderOptions): Ladder {
  const { settings, policy, packer, trials, log, fields, now } = options
  const { steady = () => performance.now(), machine = createLadderMachine() } = options
  const load = options.load ?? (() => (loadavg()[0] ?? 0) / availableParallelism())
  const backlog = createBacklog()
  const restarts = createRestarts()
  const guard = createCapacityGuard(policy.most)
  const listing = createListing(packer, options.list)
  let source: EpochSource | undefined
  /** Why there is none. */
  let missing: string | undefined
  let askedAt = Number.NEGATIVE_INFINITY
  let looked = 0
  /** Other ladders have all the places. */
  let isCrowded = false
  /** None can be started, for those before have not gone. */
  let isStuck = false
  /** There is no key frame to begin with: the last is too long past. */
  let isKeyless = false
  let isGivenUp = false
  let isClosed = false
  /** Pictures given to the ffmpeg at work. */
  let fed = 0
  const held = {
    get bytes() {
      return backlog.bytes + (runs.current?.process.waiting ?? 0)
    },
    release: backlog.release,
  }

  const choice = createEncoderChoice({
    ...{ wanted: settings.encoder, trials, log, fields, now: steady },
    onChosen: () => beside(announce),
    onFault: fail,
  })

  const runs = createLadderRuns({
    ...{ ffmpeg: options.ffmpeg, packer, now, steady, beside },
    startProcess: options.startProcess ?? startLadderProcess,
    onConfigured(rung, { codecString }) {
      if (listing.found(rung, codecString)) announce()
    },
    onKeyFrame: proved,
    onRest: () => machine.leave(held),
    onFinished() {
      if (runs.current === undefined) start()
    },
    onFailure: failed,
  })
  options.budget?.join(held)

  /** What is encoded: the most expensive go first. */
  function kept(of: EpochSource): readonly Rung[] {
    return policy.kept(wanted(of), guard.shed)
  }

  function wanted({ plan }: EpochSource): readonly Rung[] {
    return plan.filter((rung) => options.isBrought?.(rung) !== true)
  }

  function reconsider(): void {
    if (source === undefined) return
    announce()
    const slots = (rungs: readonly Rung[]) => rungs.map(({ slot }) => slot).join()
    if (runs.current !== undefined && slots(runs.current.rungs) !== slots(kept(source)))
      runs.replace('other rungs are made now')
  }

  /** Players would wait for what does not come. */
  function isHopeless(): boolean {
    return choice.encoder === undefined || restarts.isHopeless || isCrowded || isStuck || isGivenUp
  }

  function announce(): void {
    listing.show(source === undefined || isHopeless() ? [] : kept(source))
  }

  function crowded(is: boolean): void {
    if (is === isCrowded) return
    isCrowded = is
    announce()
  }

  function stuck(is: boolean): void {
    if (is === isStuck) return
    isStuck = is
    announce()
  }

  /** One that has failed too often is not listed, so nobody asks: it has to show by itself that it works again. */
  function isDue(): boolean {
    return settings.mode === 'always' || steady() - askedAt <= LADDER_LIMITS.linger || restarts.isHopeless
  }

  function open(event: Extract<TimelineEvent, { kind: 'epoch-opened' }>): void {
    const found = epochSource(event, policy.plan)
    source = 'missing' in found ? undefined : found
    missing = 'missing' in found ? found.missing : undefined
    announce()
  }

  function unit(timed: TimedUnit): void {
    if (source === undefined || source.isOver || timed.track !== source.track) return
    source.previous = source.newest
    source.newest = timed.dts
    // Nothing is kept for what cannot begin.
    if (choice.encoder !== undefined || choice.isTrying) backlog.add(timed, packer.starts[0] ?? 0)
    if (timed.key && fed >= (options.pictures ?? LADDER_LIMITS.pictures)) runs.finish()
    if (runs.current === undefined) return start()
    runs.current.process.feed(timed)
    fed++
  }

  function start(): void {
    const { encoder } = choice
    if (source === undefined || encoder === undefined || source.isOver || isClosed) return
    if (!isDue() || !restarts.mayStart(steady())) return
    const { epoch, config, facts } = source
    const rungs = kept(source)
    if (rungs.length === 0 || !runs.mayStart(epoch)) return
    const reached = reachedBy(rungs, epoch)
    const [first, ...others] = backlog.from(
      packer.starts,
      reached.size === 0 ? undefined : Math.min(...reached.values()),
    )
    isKeyless = first === undefined && source.newest !== source.previous
    if (first === undefined) return
    crowded(!machine.join(held))
    if (isCrowded) return
    const newest = others.at(-1) ?? first
    const after = leftOut(rungs, reached, first.pts, newest.dts)
    const args = ladderArguments({ source: facts, rungs, encoder, preset: settings.preset, after })
    guard.restarted()
    restarts.started()
    const isHardware = encoder !== 'x264'
    runs.start({ epoch, rungs, after, source: config, args, isHardware, units: [first, ...others] })
    fed = 1 + others.length
  }

  /** The newest pictures of the ffmpeg before, by slot: what it did not make is made now, and nothing of what it did. */
  function reachedBy(rungs: readonly Rung[], epoch: number): ReadonlyMap<number, number> {
    const reached = new Map<number, number>()
    if (!restarts.mayGoOn) return reached
    for (const { slot } of rungs) {
      const at = packer.reached(trackOf(slot), epoch)
      if (at !== undefined) reached.set(slot, at)
    }
    return reached
  }

  /**
   * What is decoded and not made, by slot: up to what the ffmpeg before made, else, where the key frame to begin with is long past, up
   * to where players are about.
   */
  function leftOut(
    rungs: readonly Rung[],
    reached: ReadonlyMap<number, number>,
    first: number,
    newest: number,
  ): ReadonlyMap<number, number> {
    const isOld = (at: number) => newest - at >= LADDER_LIMITS.backlogTicks && newest - at <= LADDER_LIMITS.seamLead
    const begin = packer.starts.findLast(isOld) ?? newest - LADDER_LIMITS.backlogTicks
    const after = new Map<number, number>()
    for (const { slot } of rungs) {
      const at = reached.get(slot)
      if (at !== undefined && at >= first && newest - at <= LADDER_LIMITS.seamLead) after.set(slot, at)
      else if (newest - first > LADDER_LIMITS.seamLead) after.set(slot, begin - 1)
    }
    return after
  }

  /** It makes pictures. */
  function proved(): void {
    const wasHopeless = isHopeless()
    restarts.proved()
    choice.proved()
    if (wasHopeless) announce()
  }

  function failed({ reason, isOverwhelmed }: ProcessEnd, lasted: number): void {
    if (isOverwhelmed) weigh(guard.overwhelmed(steady()))
    const { again, isDoubtful } = restarts.failed(reason, lasted, steady())
    if (isDoubtful) {
      announce()
      choice.doubt(reason)
    }
    log.warn({ ...fields, reason, again }, 'ladder: ffmpeg ended and is started again')
    start()
  }

  function look(): void {
    if (steady() - looked < CAPACITY_LIMITS.look) return
    looked = steady()
    // The newest picture cannot be out: ffmpeg's MP4 writer holds each until it has the next one, which may take seconds.
    const due = source?.previous ?? 0
    const slowest = Math.min(due, ...(runs.current?.process.reached ?? []).map((at) => at ?? due))
    const lag = (due - slowest) / 90_000
    weigh(guard.look({ lag, load: machine.mayRestore(looked) ? load() : Number.POSITIVE_INFINITY }, looked), lag)
  }

  function weigh(verdict: CapacityVerdict, lag?: number): void {
    if (verdict === undefined) return
    if (verdict === 'restore') machine.restored(looked)
    const what =
      verdict === 'shed' ? 'the machine is too slow; the most expensive rung is left out' : 'a rung comes back'
    log.warn({ ...fields, lag, shed: guard.shed }, `ladder: ${what}`)
    announce()
    runs.replace('other rungs are made now')
  }

  function closed(): void {
    if (source !== undefined) source.isOver = true
    backlog.clear()
    runs.finish()
  }

  function tick(): void {
    packer.tick(now())
    runs.tick()
    if (runs.current !== undefined) restarts.ran(steady() - runs.current.startedAt)
    look()
    choice.tick()
    if (machine.hasRoom) crowded(false)
    stuck(runs.isStuck)
    if (!isDue()) runs.finish()
    if (runs.current === undefined) start()
  }

  function close(): void {
    isClosed = true
    runs.kill()
    backlog.clear()
    machine.leave(held)
    options.budget?.leave(held)
  }

  /** Whatever is wrong here, the source goes on. */
  function beside(step: () => void): void {
    if (isClosed) return
    try {
      step()
    } catch (error) {
      fail(error)
    }
  }

  function fail(error: unknown): void {
    if (isClosed) return
    log.error({ ...fields, err: error }, 'ladder: given up for this broadcast')
    isGivenUp = true
    close()
    for (const step of [announce, runs.abandon]) {
      try {
        step()
      } catch {
        // It may be what has failed.
      }
    }
  }

  function trouble(): string | undefined {
    if (isCrowded) return `this machine makes ${machine.most} ladders at once, and has them`
    if (isStuck) return 'ffmpeg cannot be ended: it waits for the system, as for the driver of a card'
    if (isGivenUp) return 'the ladder failed and is given up for this broadcast'
    return isKeyless && isDue() ? 'the newest key frame is too long past; the next one is waited for' : restarts.trouble
  }

  return {
    handle: (event) =>
      beside(() => {
        if (event.kind === 'epoch-opened') open(event)
        else if (event.kind === 'unit') unit(event.unit)
        else closed()
      }),
    asked: () =>
      beside(() => {
        askedAt = steady()
        if (runs.current === undefined) start()
      }),
    reconsider: () => beside(reconsider),
    tick: () => beside(tick),
    fail,
    close,
    get report() {
      const { process } = runs.current ?? {}
      const { isOver = false } = source ?? {}
      const plan = source === undefined ? [] : wanted(source)
      const brought = source !== undefined && plan.length === 0 ? 'the encoder brings these sizes itself' : undefined
      return reportLadder({
        ...{ encoder: choice.encoder, fallback: choice.fallback, restarts: restarts.count, isGivenUp },
        ...{ trouble: trouble(), missing: missing ?? brought, plan, lost: lostOf(plan, guard.shed) },
        ...{ speed: process?.progress?.speed, hasBegun: process?.reached.every((at) => at !== undefined) },
        isWanted: isDue() && !isOver,
      })
    },
  }
}
