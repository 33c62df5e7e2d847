import { availableParallelism, loadavg } from 'node:os'
import type { TrackId } from '@bandstand/media/access-unit.ts'
import type { VideoTrackConfig } from '@bandstand/media/track.ts'
import type { ListedRung } from '../packager/model.ts'
import type { RungPort } from '../packager/rung-packer.ts'
import type { MemoryBudget } from '../packager/window/budget.ts'
import type { Log } from '../ports.ts'
import { frameRateOf } from '../timeline/frame-rate.ts'
import type { TimedUnit, TimelineEvent } from '../timeline/model.ts'
import { ladderArguments } from './arguments.ts'
import { createBacklog } from './backlog.ts'
import { type CapacityVerdict, createCapacityGuard } from './capacity.ts'
import { createEncoderChoice } from './encoder-choice.ts'
import { CAPACITY_LIMITS, LADDER_LIMITS } from './limits.ts'
import { createLadderMachine, type LadderMachine } from './machine.ts'
import type { LadderSettings, Rung, SourceFacts } from './model.ts'
import { type LadderProcess, type ProcessEnd, startLadderProcess } from './process.ts'
import { type LadderReport, reportLadder } from './report.ts'
import { planRungs } from './rungs.ts'
import { sourceFacts } from './source-facts.ts'
import type { Trials } from './trial.ts'

export interface LadderOptions {
  /** Path of the program. */
  readonly ffmpeg: string
  readonly settings: LadderSettings
  readonly trials: Trials
  /** Takes what comes back. */
  readonly packer: RungPort
  /** Lists these rungs from now on. */
  readonly list: (rungs: readonly ListedRung[]) => void
  readonly log: Log
  /** Of every log line. */
  readonly fields: object
  /** What to make instead of the rungs of the settings: the first of what the machine carries, and no other. */
  readonly best?: { readonly most: number; readonly plan: (source: SourceFacts) => readonly Rung[] }
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
  /** Lets time pass; called about 10 times a second. */
  tick(): void
  /** Something that it depends on has failed: it is given up. */
  fail(error: unknown): void
  /** Ends every ffmpeg at once. */
  close(): void
  readonly report: LadderReport
}

/** Track of the first rung; the others follow in the order of the owner's list. */
const FIRST_TRACK: TrackId = 11

/** The source as long as its clock and configuration stay. */
interface Source {
  readonly epoch: number
  readonly track: TrackId
  readonly config: VideoTrackConfig
  readonly facts: SourceFacts
  readonly plan: readonly Rung[]
  isOver: boolean
  newest: number
}

interface Run {
  readonly process: LadderProcess
  readonly epoch: number
  readonly rungs: readonly Rung[]
  readonly startedAt: number
  isWanted: boolean
}

export function createLadder(options: LadderOptions): Ladder {
  const { settings, packer, trials, log, fields, now } = options
  const {
    steady = () => performance.now(),
    machine = createLadderMachine(),
    startProcess = startLadderProcess,
  } = options
  const load = options.load ?? (() => (loadavg()[0] ?? 0) / availableParallelism())
  const backlog = createBacklog()
  const guard = createCapacityGuard(options.best?.most ?? settings.rungs.length)
  /** Codec strings that are not as was expected, by slot. */
  const codecs = new Map<number, string>()
  const ending = new Set<Run>()
  let source: Source | undefined
  let run: Run | undefined
  let shed = 0
  let askedAt = Number.NEGATIVE_INFINITY
  let retryAt = 0
  let backOff: number = LADDER_LIMITS.backOff
  let looked = 0
  let restarts = 0
  /** Ends in a row without anything to show. */
  let failures = 0
  /** Other ladders have all the places. */
  let isCrowded = false
  let isListed = false
  let trouble: string | undefined
  let isGivenUp = false
  let isClosed = false
  const held = {
    get bytes() {
      return backlog.bytes + (run?.process.waiting ?? 0)
    },
    release: backlog.release,
  }
  options.budget?.join(held)

  const choice = createEncoderChoice({
    ...{ wanted: settings.encoder, trials, log, fields, now: steady },
    onChosen: () => beside(announce),
    onFault: fail,
  })

  /** What is encoded: the most expensive go first. */
  function kept(from: Source): readonly Rung[] {
    const carried = byCost(from).slice(shed)
    return options.best === undefined ? carried : carried.slice(0, 1)
  }

  /** Players would wait for what does not come. */
  function isHopeless(): boolean {
    return choice.encoder === undefined || failures >= LADDER_LIMITS.failures || isCrowded || isGivenUp
  }

  function announce(): void {
    const rungs = source === undefined || isHopeless() ? [] : kept(source)
    for (const { slot, frameRate } of rungs) packer.add(trackOf(slot), Math.round(90_000 / frameRate))
    if (rungs.length === 0 && !isListed) return
    isListed = rungs.length > 0
    options.list(
      rungs.map((rung) => ({
        track: trackOf(rung.slot),
        width: rung.width,
        height: rung.height,
        frameRate: rung.frameRate,
        bitrate: rung.bitrate,
        codecString: codecs.get(rung.slot) ?? rung.codecString,
      })),
    )
  }

  function crowded(is: boolean): void {
    if (is === isCrowded) return
    isCrowded = is
    announce()
  }

  function isWanted(): boolean {
    return settings.mode === 'always' || steady() - askedAt <= LADDER_LIMITS.linger
  }

  function open(event: Extract<TimelineEvent, { kind: 'epoch-opened' }>): void {
    const video = event.tracks.find(({ config }) => config.kind === 'video')
    if (video?.config.kind !== 'video' || video.config.width * video.config.height > LADDER_LIMITS.pixels) {
      source = undefined
      return announce()
    }
    const facts = sourceFacts(video.config, frameRateOf(video))
    const plan = options.best?.plan(facts) ?? planRungs(facts, settings.rungs)
    source = {
      epoch: event.id,
      track: video.track,
      config: video.config,
      facts,
      plan,
      isOver: false,
      newest: event.start,
    }
    announce()
  }

  function unit(timed: TimedUnit): void {
    if (source === undefined || source.isOver || timed.track !== source.track) return
    source.newest = Math.max(source.newest, timed.dts)
    // Nothing is kept for what cannot begin.
    if (source.plan.length > 0 && (choice.encoder !== undefined || choice.isTrying))
      backlog.add(timed, packer.starts[0] ?? 0)
    if (run === undefined) start()
    else run.process.feed(timed)
  }

  function start(): void {
    const { encoder } = choice
    if (source === undefined || encoder === undefined || source.isOver || isClosed || steady() < retryAt) return
    // One that has failed too often is not listed, so nobody asks: it has to show by itself that it works again.
    if (!isWanted() && failures < LADDER_LIMITS.failures) return
    const { epoch, config, facts } = source
    const rungs = kept(source)
    if (rungs.length === 0 || [...ending].some((other) => other.epoch === epoch)) return
    const units = backlog.from(packer.starts)
    const [first] = units
    if (first === undefined) return
    crowded(!machine.join(held))
    if (isCrowded) return
    const begin = packer.starts.findLast((at) => at <= first.dts) ?? first.dts
    for (const { slot } of rungs) packer.begin(trackOf(slot), epoch, begin)
    const process = startProcess({
      ffmpeg: options.ffmpeg,
      args: ladderArguments({ source: facts, rungs, encoder, preset: settings.preset }),
      outputs: rungs.length,
      source: config,
      now: steady,
      onTrack: (output, found) => beside(() => configured(rungs[output], epoch, found)),
      onPicture(output, picture) {
        const rung = rungs[output]
        if (rung === undefined) return
        beside(() => {
          if (picture.key) proved()
          packer.unit({ track: trackOf(rung.slot), ...picture, arrivedAt: now() }, epoch)
        })
      },
      onEnd: (end) => beside(() => ended(fresh, end)),
    })
    const fresh: Run = { process, epoch, rungs, startedAt: steady(), isWanted: true }
    run = fresh
    guard.restarted()
    for (const one of units) process.feed(one)
  }

  function configured(rung: Rung | undefined, epoch: number, config: VideoTrackConfig): void {
    if (rung === undefined) return
    packer.configure(trackOf(rung.slot), epoch, { ...config, frameRate: rung.frameRate })
    const expected = codecs.get(rung.slot) ?? rung.codecString
    if (config.codecString === expected) return
    codecs.set(rung.slot, config.codecString)
    announce()
  }

  /** It makes pictures. */
  function proved(): void {
    const wasHopeless = isHopeless()
    failures = 0
    if (wasHopeless) announce()
  }

  function ended(which: Run, { clean, reason, isOverwhelmed }: ProcessEnd): void {
    ending.delete(which)
    if (run === which) run = undefined
    if (run === undefined && ending.size === 0) machine.leave(held)
    for (const { slot } of which.rungs) packer.pause(trackOf(slot), which.epoch)
    if (clean || !which.isWanted) return
    if (isOverwhelmed) weigh(guard.overwhelmed(steady()))
    restarts++
    failures++
    if (failures % LADDER_LIMITS.failures === 0) {
      announce()
      choice.doubt()
    }
    trouble = `ffmpeg: ${reason}`
    backOff = steady() - which.startedAt > LADDER_LIMITS.settled ? LADDER_LIMITS.backOff : backOff
    retryAt = steady() + backOff
    log.warn({ ...fields, reason, again: backOff }, 'ladder: ffmpeg ended and is started again')
    backOff = Math.min(backOff * 2, LADDER_LIMITS.longestBackOff)
  }

  /** What it holds still comes. */
  function finish(): void {
    if (run === undefined) return
    run.isWanted = false
    ending.add(run)
    run.process.finish()
    run = undefined
  }

  function look(): void {
    if (steady() - looked < CAPACITY_LIMITS.look) return
    looked = steady()
    const reached = run?.process.reached.map((at) => at ?? Number.POSITIVE_INFINITY) ?? []
    const slowest = Math.min(source?.newest ?? 0, ...reached)
    const lag = ((source?.newest ?? 0) - slowest) / 90_000
    weigh(guard.look({ lag, load: machine.mayRestore(looked) ? load() : Number.POSITIVE_INFINITY }, looked), lag)
  }

  function weigh(verdict: CapacityVerdict, lag?: number): void {
    if (verdict === undefined) return
    shed += verdict === 'shed' ? 1 : -1
    if (verdict === 'restore') machine.restored(looked)
    const what =
      verdict === 'shed' ? 'the machine is too slow; the most expensive rung is left out' : 'a rung comes back'
    log.warn({ ...fields, lag, shed }, `ladder: ${what}`)
    announce()
    if (run === undefined) return
    run.isWanted = false
    ending.add(run)
    run.process.kill('other rungs are made now')
    run = undefined
  }

  function closed(): void {
    if (source !== undefined) source.isOver = true
    backlog.clear()
    finish()
  }

  function tick(): void {
    packer.tick(now())
    run?.process.tick()
    for (const { process } of ending) process.tick()
    if (run !== undefined && steady() - run.startedAt > LADDER_LIMITS.settled) trouble = undefined
    look()
    choice.tick()
    if (machine.hasRoom) crowded(false)
    if (run !== undefined && !isWanted() && failures < LADDER_LIMITS.failures) finish()
    if (run === undefined) start()
  }

  function close(): void {
    isClosed = true
    for (const { process } of [...ending, ...(run === undefined ? [] : [run])]) process.kill('the broadcast is over')
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
    trouble = 'the ladder failed and is given up for this broadcast'
    isGivenUp = true
    close()
    announce()
    const { rungs = [], epoch = 0 } = run ?? {}
    run = undefined
    try {
      for (const { slot } of rungs) packer.pause(trackOf(slot), epoch)
    } catch {
      // It may be what has failed.
    }
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
        if (run === undefined) start()
      }),
    tick: () => beside(tick),
    fail,
    close,
    get report() {
      const lost = source === undefined ? [] : byCost(source).slice(0, shed)
      const process = run?.process
      return reportLadder({
        ...{ encoder: choice.encoder, fallback: choice.fallback, restarts, isGivenUp },
        trouble: isCrowded ? `this machine makes ${machine.most} ladders at once, and has them` : trouble,
        ...{ plan: source?.plan ?? [], lost },
        ...{ speed: process?.progress?.speed, hasBegun: process?.reached.every((at) => at !== undefined) },
        isWanted: (isWanted() || failures >= LADDER_LIMITS.failures) && source?.isOver !== true,
      })
    },
  }
}

function trackOf(slot: number): TrackId {
  return FIRST_TRACK + slot
}

function byCost({ plan }: Source): readonly Rung[] {
  return plan.toSorted((a, b) => b.width * b.height * b.frameRate - a.width * a.height * a.frameRate)
}
