import { VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import type { ListedRung } from '../packager/model.ts'
import type { MemoryBudget } from '../packager/window/budget.ts'
import type { Log } from '../ports.ts'
import type { Hub } from '../stream/hub.ts'
import { createRungPublisher } from '../stream/rung-hubs.ts'
import { createLadder } from './ladder.ts'
import { PLAIN_LIMITS } from './limits.ts'
import type { LadderMachine } from './machine.ts'
import type { LadderSettings } from './model.ts'
import { plainRung } from './rung-policy.ts'
import type { Trials } from './trial.ts'

export interface PlainOptions {
  /** Path of the program. */
  readonly ffmpeg: string
  readonly settings: Pick<LadderSettings, 'encoder' | 'preset'>
  readonly trials: Trials
  readonly machine?: LadderMachine
  readonly budget?: MemoryBudget
  /** The broadcast's own. */
  readonly source: Hub
  /** Gets what is made of it. Ends with the source. */
  readonly hub: Hub
  readonly log: Log
  /** Of every log line. */
  readonly fields: object
  /** Unix milliseconds. */
  readonly now: () => number
  /** Called when the source has ended. */
  readonly onEnded: () => void
}

/**
 * The source's pictures without B-frames, in its own size where the machine carries that, as a ladder of one rung: an ffmpeg of its
 * own, so that its coming and going is not felt by who watches the ladder.
 */
export interface PlainRendition {
  readonly hub: Hub
  /** What is or would be made. */
  readonly rung: ListedRung | undefined
  /** Why nothing is made, in plain words; `undefined` where something is, or may be yet. */
  readonly missing: string | undefined
  /** Somebody watches it, or wants to: it is made for a while. */
  asked(): void
  close(): void
}

/** @throws EngineError `limit` when too many read the source. */
export function createPlainRendition(options: PlainOptions): PlainRendition {
  const { source, hub } = options
  const publisher = createRungPublisher(hub)
  let rung: ListedRung | undefined
  let newestKey = 0
  let isClosed = false

  // Before anything is begun: it may be refused.
  const reader = source.read({
    name: 'without B-frames',
    from: 'newest-key',
    maxBytes: PLAIN_LIMITS.queuedBytes,
    maxDuration: PLAIN_LIMITS.queuedDuration,
    // It reads on when nobody watches, to begin with the newest pictures.
    isUrgent: () => hub.isUrgent,
    onReady: pump,
  })

  const ladder = createLadder({
    ...{ ffmpeg: options.ffmpeg, trials: options.trials, now: options.now },
    ...(options.machine !== undefined && { machine: options.machine }),
    ...(options.budget !== undefined && { budget: options.budget }),
    ...{ log: options.log, fields: { ...options.fields, rendition: 'without B-frames' } },
    settings: { ...options.settings, mode: 'on-demand' },
    policy: plainRung,
    // It is cut by nobody, so it begins with the newest key frame.
    packer: {
      add: () => undefined,
      begin: () => undefined,
      configure: (_, epoch, config) => publisher.configure(epoch, config),
      unit: publisher.unit,
      pause: (_, epoch) => publisher.pause(epoch),
      reached: () => undefined,
      tick: () => undefined,
      get starts() {
        return [newestKey]
      },
    },
    list(rungs) {
      ;[rung] = rungs
    },
  })
  const timer = setInterval(ladder.tick, PLAIN_LIMITS.tick)
  timer.unref()
  pump()

  function pump(): void {
    for (;;) {
      const event = reader.take()
      if (event === undefined) break
      if (event.kind === 'unit' && event.unit.key && event.unit.track === VIDEO_TRACK) newestKey = event.unit.dts
      ladder.handle(event)
    }
    if (reader.ended) close()
  }

  function close(): void {
    if (isClosed) return
    isClosed = true
    clearInterval(timer)
    reader.close()
    ladder.close()
    hub.end()
    options.onEnded()
  }

  return {
    hub,
    get rung() {
      return rung
    },
    get missing() {
      if (rung !== undefined) return undefined
      const { state, message } = ladder.report
      return state === 'starting' ? undefined : (message ?? 'it has no pictures')
    },
    asked: ladder.asked,
    close,
  }
}
