import { frameLengthOf } from '@bandstand/media/codecs/frame-length.ts'
import { MediaError } from '@bandstand/media/error.ts'
import type { AudioTrackConfig } from '@bandstand/media/track.ts'
import { audioRenditions, sameCodec } from '../packager/audio-renditions.ts'
import type { ListedSound } from '../packager/model.ts'
import type { RungPort } from '../packager/rung-packer.ts'
import type { MemoryBudget } from '../packager/window/budget.ts'
import type { Log } from '../ports.ts'
import type { TimedUnit, TimelineEvent } from '../timeline/model.ts'
import { createRestarts } from '../transcode/restarts.ts'
import { type AacProcessEnd, startAacProcess } from './aac-process.ts'
import { type AacRuns, createAacRuns } from './aac-runs.ts'
import { createSoundBacklog, type SoundBacklog } from './backlog.ts'
import { createSoundInput } from './input.ts'
import { SOUND_LIMITS } from './limits.ts'
import { LISTED_AAC, MADE_SOUND } from './made.ts'
import { createSoundPlaces, type SoundPlaces } from './places.ts'
import { reportSound, type SoundReport } from './report.ts'

export interface AacRenditionOptions {
  /** Path of the program. */
  readonly ffmpeg: string
  /** Takes what comes back. */
  readonly packer: RungPort<AudioTrackConfig>
  /** Lists this from now on. */
  readonly list: (sounds: readonly ListedSound[]) => void
  readonly log: Log
  /** Of every log line. */
  readonly fields: object
  /** Unix milliseconds. */
  readonly now: () => number
  /** Milliseconds of a steady clock, by which everything waits. */
  readonly steady?: () => number
  /** Shared with the machine's other broadcasts. */
  readonly places?: SoundPlaces
  /** What is kept counts there. */
  readonly budget?: Pick<MemoryBudget, 'join' | 'leave'>
  readonly startProcess?: typeof startAacProcess
}

/**
 * The sound of one broadcast in AAC, where it comes in another codec: made by an ffmpeg for each epoch, only while somebody asks for it.
 * Whatever becomes of it, the source goes on.
 */
export interface AacRendition {
  /** After the packager has been given it. */
  handle(event: TimelineEvent): void
  /** Somebody wants to hear it. */
  asked(): void
  /** Lets time pass; called about 10 times a second. */
  tick(): void
  /** Something that it depends on has failed: it is given up. */
  fail(error: unknown): void
  /** Ends every ffmpeg at once. */
  close(): void
  /** `undefined` where the source's sound is AAC, or there is none. */
  readonly report: SoundReport | undefined
}

/** The sound of the running epoch. */
interface Source {
  readonly epoch: number
  readonly track: number
  readonly config: AudioTrackConfig
  readonly backlog: SoundBacklog
  /** End of what has come, ticks of the source. */
  end: number | undefined
  isOver: boolean
}

const { sampleRate, frameLength } = MADE_SOUND
const FRAME_90 = (frameLength * 90_000) / sampleRate

export function createAacRendition(options: AacRenditionOptions): AacRendition {
  const { packer, log, fields, now } = options
  const { steady = () => performance.now(), places = createSoundPlaces() } = options
  const restarts = createRestarts()
  let source: Source | undefined
  /** Why there is none, where there is sound that is not AAC. */
  let missing: string | undefined
  let askedAt = Number.NEGATIVE_INFINITY
  /** Other broadcasts have all the places. */
  let isCrowded = false
  let isGivenUp = false
  let isClosed = false
  let isListed = false
  const held = {
    get bytes() {
      return (source?.backlog.bytes ?? 0) + (runs.current?.process.waiting ?? 0)
    },
    release: () => source?.backlog.release() ?? false,
  }
  const runs: AacRuns = createAacRuns({
    ...{ ffmpeg: options.ffmpeg, packer, now, steady, beside },
    startProcess: options.startProcess ?? startAacProcess,
    onFrame: proved,
    onRest: () => places.leave(held),
    onFinished() {
      if (runs.current === undefined) start()
    },
    onFailure: failed,
  })
  options.budget?.join(held)

  /** Players would wait for what does not come. */
  function isHopeless(): boolean {
    return restarts.isHopeless || runs.isStuck || isCrowded || isGivenUp
  }

  /** One that has failed too often is not listed, so nobody asks: it has to show by itself that it works again. */
  function isDue(): boolean {
    return steady() - askedAt <= SOUND_LIMITS.linger || restarts.isHopeless
  }

  function announce(): void {
    const is = source !== undefined && !isHopeless()
    if (is === isListed) return
    isListed = is
    options.list(is ? [LISTED_AAC] : [])
  }

  function open(event: Extract<TimelineEvent, { kind: 'epoch-opened' }>): void {
    source = undefined
    missing = undefined
    const sounds = sameCodec(audioRenditions(event.tracks))
    const [first] = sounds
    if (first !== undefined && first.config.codec !== 'aac') {
      const { track, config } = first
      missing = whyNot(config, sounds.length)
      const backlog = createSoundBacklog(config)
      if (missing === undefined) source = { epoch: event.id, track, config, backlog, end: undefined, isOver: false }
    }
    if (source !== undefined) packer.add(LISTED_AAC.track, FRAME_90)
    announce()
  }

  function unit(timed: TimedUnit): void {
    if (source === undefined || source.isOver || timed.track !== source.track) return
    const { config, backlog, end } = source
    // As much silence would be put in as was missing, however long that was.
    if (end !== undefined && timed.dts - end > SOUND_LIMITS.hole * config.timescale) {
      runs.finish()
      backlog.clear()
    }
    source.end = timed.dts + frameLengthOf(config, timed.data)
    backlog.add(timed, ((packer.starts[0] ?? 0) * config.timescale) / 90_000)
    if (runs.current?.isSpent === true) runs.finish()
    if (runs.current === undefined) return start()
    runs.current.feed(timed.dts, timed.data)
  }

  function start(): void {
    if (source === undefined || source.isOver || isClosed || !isDue()) return
    const { epoch, config, backlog } = source
    if (!restarts.mayStart(steady()) || !runs.mayStart(epoch) || backlog.first === undefined) return
    crowded(!places.join(held))
    if (isCrowded) return
    const ticks = sampleRate / config.timescale
    const oldest = Math.max(((packer.starts[0] ?? 0) * sampleRate) / 90_000, backlog.first.dts * ticks)
    const reached = restarts.mayGoOn ? packer.reached(LISTED_AAC.track, epoch) : undefined
    const next = reached === undefined ? oldest : (reached * sampleRate) / 90_000 + frameLength
    const wanted = Math.max(oldest, next)
    // What is missing in between is a gap, and not a frame that lasts so long.
    const after = next < oldest ? undefined : reached
    // Whole frames of one grid, whoever makes them: another goes on with the next one.
    const earliest = Math.max(wanted - SOUND_LIMITS.lead * frameLength, backlog.first.dts * ticks)
    const from = Math.ceil(earliest / frameLength) * frameLength
    const units = backlog.from((from - SOUND_LIMITS.preroll * sampleRate) / ticks)
    restarts.started()
    runs.start({ epoch, source: config, from, wanted, after, units })
  }

  function crowded(is: boolean): void {
    if (is === isCrowded) return
    isCrowded = is
    announce()
  }

  /** It makes sound. */
  function proved(): void {
    const wasHopeless = isHopeless()
    restarts.proved()
    if (wasHopeless) announce()
  }

  function failed({ reason }: AacProcessEnd, lasted: number): void {
    const { again, isDoubtful } = restarts.failed(reason, lasted, steady())
    if (isDoubtful) announce()
    log.warn({ ...fields, reason, again }, 'sound: ffmpeg ended and is started again')
    start()
  }

  function closed(): void {
    if (source !== undefined) source.isOver = true
    runs.finish()
  }

  function tick(): void {
    packer.tick(now())
    runs.tick()
    if (runs.current !== undefined) restarts.ran(steady() - runs.current.startedAt)
    if (!isDue()) runs.finish()
    if (isCrowded && places.hasRoom) crowded(false)
    announce()
    if (runs.current === undefined) start()
  }

  function close(): void {
    isClosed = true
    runs.kill()
    source?.backlog.clear()
    places.leave(held)
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
    log.error({ ...fields, err: error }, 'sound: AAC is given up for this broadcast')
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
    if (isCrowded) return `this machine makes the sound of ${places.most} broadcasts at once, and does`
    if (runs.isStuck) return 'ffmpeg cannot be ended'
    if (isGivenUp) return 'it failed and is given up for this broadcast'
    return restarts.trouble
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
    tick: () => beside(tick),
    fail,
    close,
    get report() {
      if (source === undefined && missing === undefined) return undefined
      const isWanted = isDue() && source?.isOver === false
      return reportSound({
        ...{ isWanted, isGivenUp, restarts: restarts.count, message: missing ?? trouble() },
        ...{ isPossible: missing === undefined, hasBegun: runs.current?.hasBegun },
      })
    },
  }
}

/**
 * In plain words; `undefined` where AAC can be made of this sound.
 *
 * @param count of sounds among which viewers may choose: all groups of sound have to have the same (RFC 8216bis §4.4.6.1.1)
 */
function whyNot(config: AudioTrackConfig, count: number): string | undefined {
  if (count > 1) return 'it is made of one audio track, and the encoder sends several'
  try {
    createSoundInput(config)
    return undefined
  } catch (error) {
    if (error instanceof MediaError) return `this sound cannot be given to ffmpeg (${error.message})`
    throw error
  }
}
