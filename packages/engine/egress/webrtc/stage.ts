import type { Log } from '../../ports.ts'
import type { Hub, OpenEpoch } from '../../stream/hub.ts'
import { createFeed } from './feed.ts'
import { WEBRTC_LIMITS } from './limits.ts'
import type { ToRoom } from './messages.ts'
import type { Sound } from './sound.ts'

export interface StageOptions {
  readonly id: number
  readonly channel: string
  readonly hub: Hub
  /** Of the broadcast that it is, or is made of. */
  readonly sound: Sound
  readonly send: (message: ToRoom) => void
  readonly sending: () => number
  readonly log: Log
  /** What was found out of the epoch's pictures. */
  readonly onJudged: (epoch: OpenEpoch, hasBFrames: boolean) => void
  /** The stream ended, or nobody has watched for a while. */
  readonly onEnded: () => void
}

/** A stream that is watched by WebRTC: fed once for all its viewers. */
export interface Stage {
  readonly id: number
  readonly channel: string
  readonly hub: Hub
  readonly epoch: OpenEpoch | undefined
  /** Groups of pictures that its viewers have lost because the process did not keep up. */
  readonly droppedGroups: number
  /** Resolves when it is known whether it can be sent as it is; `unknown` when that takes too long. */
  judged(): Promise<'plain' | 'b-frames' | 'unknown'>
  pump(): void
  came(hears: boolean): void
  left(): void
  close(): void
}

export function createStage(options: StageOptions): Stage {
  const { id, hub, send, log } = options
  let viewers = 0
  let lingering: NodeJS.Timeout | undefined
  const waiting = new Set<() => void>()

  const feed = createFeed({
    id,
    name: `webrtc ${options.channel}`,
    hub,
    send,
    sending: options.sending,
    onJudged(hasBFrames) {
      if (feed.epoch !== undefined) options.onJudged(feed.epoch, hasBFrames)
      for (const tell of waiting) tell()
      if (hasBFrames && viewers > 0) {
        const { channel } = options
        log.warn(
          { channel },
          'webrtc: the encoder sends B-frames or another codec now; its viewers go to what is made of it',
        )
      }
    },
    onEnded: options.onEnded,
  })
  // Only now: a hub may refuse one more reader.
  send({ kind: 'open', stream: id })
  feed.pump()
  linger()

  function linger(): void {
    clearTimeout(lingering)
    lingering = setTimeout(options.onEnded, WEBRTC_LIMITS.lingerMs)
    lingering.unref()
  }

  function verdict() {
    return feed.hasBFrames === undefined ? 'unknown' : feed.hasBFrames ? 'b-frames' : 'plain'
  }

  return {
    id,
    channel: options.channel,
    hub,
    get droppedGroups() {
      return feed.droppedGroups
    },
    get epoch() {
      return feed.epoch
    },
    async judged() {
      if (feed.hasBFrames !== undefined) return verdict()
      const { promise, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, WEBRTC_LIMITS.judgeMs)
      waiting.add(resolve)
      await promise
      clearTimeout(timer)
      waiting.delete(resolve)
      return verdict()
    },
    pump: feed.pump,
    came(hears) {
      viewers++
      if (hears) options.sound.join(id)
      clearTimeout(lingering)
    },
    left() {
      if (--viewers > 0) return
      options.sound.leave(id)
      linger()
    },
    close() {
      clearTimeout(lingering)
      feed.close()
      options.sound.leave(id)
      send({ kind: 'close', stream: id })
    },
  }
}
