import type { Log } from '../../ports.ts'
import type { Hub, OpenEpoch } from '../../stream/hub.ts'
import { createFeed } from './feed.ts'
import { WEBRTC_LIMITS } from './limits.ts'
import type { ToProcess } from './messages.ts'
import { createOpus, type Opus } from './opus/opus.ts'

export interface StageOptions {
  readonly id: number
  readonly channel: string
  readonly hub: Hub
  readonly ffmpeg: string | undefined
  readonly send: (message: ToProcess, bytes?: number) => void
  readonly sending: () => number
  readonly log: Log
  /** The stream ended, has B-frames after all, or nobody has watched for a while. */
  readonly onEnded: () => void
}

/** A stream that is watched by WebRTC: fed once, its sound made into Opus once while somebody hears it. */
export interface Stage {
  readonly id: number
  readonly hub: Hub
  readonly epoch: OpenEpoch | undefined
  /** Why it goes without sound although it has some. */
  readonly soundMissing: string | undefined
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
  let opus: Opus | undefined
  let wantsSound = false
  let soundFailed: string | undefined
  let lingering: NodeJS.Timeout | undefined
  const waiting = new Set<() => void>()

  send({ kind: 'open', stream: id })
  const feed = createFeed({
    id,
    name: `webrtc ${options.channel}`,
    hub,
    send,
    sending: options.sending,
    onSound(unit, config) {
      if (unit === undefined || config === undefined) {
        opus?.close()
        opus = undefined
        return
      }
      if (!wantsSound || options.ffmpeg === undefined || soundFailed !== undefined) return
      opus ??= createOpus({
        ffmpeg: options.ffmpeg,
        config,
        log,
        onPacket: (data, time) => send({ kind: 'sound', stream: id, time, data }),
        onFailed(reason) {
          soundFailed = reason
          log.warn({ channel: options.channel, reason }, 'webrtc: viewers go without sound')
        },
      })
      opus.write(unit)
    },
    onJudged(hasBFrames) {
      for (const tell of waiting) tell()
      if (hasBFrames && viewers > 0) {
        log.warn({ channel: options.channel }, 'webrtc: the encoder sends B-frames; viewers are sent to HLS')
        options.onEnded()
      }
    },
    onEnded: options.onEnded,
  })
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
    hub,
    get epoch() {
      return feed.epoch
    },
    get soundMissing() {
      return options.ffmpeg === undefined ? 'ffmpeg was not found; it makes Opus of AAC' : soundFailed
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
      wantsSound ||= hears
      clearTimeout(lingering)
    },
    left() {
      if (--viewers > 0) return
      wantsSound = false
      opus?.close()
      opus = undefined
      linger()
    },
    close() {
      clearTimeout(lingering)
      feed.close()
      opus?.close()
      send({ kind: 'close', stream: id })
    },
  }
}
