import { EngineError } from '../../error.ts'
import type { Log } from '../../ports.ts'
import type { Hub, OpenEpoch } from '../../stream/hub.ts'
import type { Supervisor } from '../../webrtc/supervisor.ts'
import { WEBRTC_LIMITS } from './limits.ts'
import { createSound, type Sound } from './sound.ts'
import { createStage, type Stage } from './stage.ts'

export interface StagesOptions {
  readonly supervisor: Pick<Supervisor, 'isUp' | 'send' | 'sending' | 'setBusy'>
  readonly ffmpeg: string | undefined
  readonly log: Log
  /** Milliseconds of a steady clock. */
  readonly now: () => number
}

/** The streams that are watched: a stage for each hub, a sound for each broadcast. */
export interface Stages {
  /**
   * The stage of a hub, begun if need be; `undefined` when there are too many, too many read the hub, or the process is down.
   *
   * @param source the broadcast's own stream, which `hub` is or is made of.
   */
  of(hub: Hub, source: Hub, channel: string): Stage | undefined
  sound(source: Hub, channel: string): Sound
  /** Whether pictures come in another order than they are shown; `undefined` while that is not known. */
  hasBFrames(epoch: OpenEpoch): boolean | undefined
  isOpen(stage: Stage): boolean
  /** There is room again on the way to the process. */
  pump(): void
  /** Their viewers are sent away. */
  dropAll(): void
  /** The process cannot send it, and has sent its viewers away. @param id of the stage */
  dropBroken(id: number, reason: string): void
  /** Groups of pictures that viewers have lost because the process did not keep up. */
  readonly droppedGroups: number
}

export function createStages({ supervisor, ffmpeg, log, now }: StagesOptions): Stages {
  const stages = new Map<Hub, Stage>()
  const sounds = new WeakMap<Hub, Sound>()
  const verdicts = new WeakMap<OpenEpoch, boolean>()
  let nextStream = 1
  /** Of stages that have gone. */
  let droppedGroups = 0

  function soundOfBroadcast(source: Hub, channel: string): Sound {
    const known = sounds.get(source)
    if (known !== undefined) return known
    const send = (stream: number, data: Uint8Array, time: number) =>
      supervisor.send({ kind: 'sound', stream, time, data })
    const sound = createSound({ channel, source, ffmpeg, send, log, now })
    sounds.set(source, sound)
    return sound
  }

  function drop(stage: Stage): void {
    if (stages.get(stage.hub) !== stage) return
    stages.delete(stage.hub)
    droppedGroups += stage.droppedGroups
    stage.close()
    if (stages.size === 0) supervisor.setBusy(false)
  }

  /** `undefined` where the hub takes no more readers. */
  function create(hub: Hub, source: Hub, channel: string): Stage | undefined {
    try {
      const stage: Stage = createStage({
        id: nextStream++,
        channel,
        hub,
        sound: soundOfBroadcast(source, channel),
        send: supervisor.send,
        sending: () => supervisor.sending,
        log,
        onJudged: (epoch, hasBFrames) => void verdicts.set(epoch, hasBFrames),
        onEnded: () => drop(stage),
      })
      return stage
    } catch (error) {
      if (error instanceof EngineError && error.code === 'limit') return undefined
      throw error
    }
  }

  return {
    of(hub, source, channel) {
      const known = stages.get(hub)
      if (known !== undefined) return known
      // A process that is started later would never hear of a stage begun now.
      if (!supervisor.isUp || stages.size >= WEBRTC_LIMITS.streams) return undefined
      const stage = create(hub, source, channel)
      if (stage === undefined) return undefined
      stages.set(hub, stage)
      supervisor.setBusy(true)
      return stage
    },
    sound: soundOfBroadcast,
    hasBFrames: (epoch) => verdicts.get(epoch),
    isOpen: (stage) => stages.get(stage.hub) === stage,
    pump() {
      for (const stage of stages.values()) stage.pump()
    },
    dropAll() {
      for (const stage of [...stages.values()]) drop(stage)
    },
    dropBroken(id, reason) {
      for (const stage of [...stages.values()]) {
        if (stage.id !== id) continue
        log.warn({ channel: stage.channel, reason }, 'webrtc: a stream cannot be sent')
        drop(stage)
      }
    },
    get droppedGroups() {
      return [...stages.values()].reduce((sum, stage) => sum + stage.droppedGroups, droppedGroups)
    },
  }
}
