import type { LadderSettings } from '@bandstand/contract/api/ladder.ts'
import { type Rendition, SOURCE, type Watchable } from '@bandstand/engine/egress/webrtc/watchable.ts'
import { EngineError } from '@bandstand/engine/error.ts'
import type { MemoryBudget } from '@bandstand/engine/packager/window/budget.ts'
import type { ChannelRecord, Log } from '@bandstand/engine/ports.ts'
import type { BroadcastUnits } from '@bandstand/engine/stream/channel.ts'
import { createHub, type Hub } from '@bandstand/engine/stream/hub.ts'
import type { LadderMachine } from '@bandstand/engine/transcode/machine.ts'
import { createPlainRendition, type PlainRendition } from '@bandstand/engine/transcode/plain.ts'
import type { Trials } from '@bandstand/engine/transcode/trial.ts'

export interface WatchablesOptions {
  /** Path of the program; without it nothing is made of a source. */
  readonly ffmpeg: string | undefined
  readonly trials: Trials
  /** Shared with all ladders. */
  readonly machine: LadderMachine
  readonly settingsOf: (channelId: string) => LadderSettings | undefined
  readonly budget: MemoryBudget
  readonly log: Log
  readonly now: () => number
}

/** Broadcasts as viewers by WebRTC may watch them. Of each, what is made without B-frames is remembered until it ends. */
export function createWatchables(options: WatchablesOptions) {
  const { ffmpeg, budget, log } = options
  const plain = new Map<Hub, PlainRendition>()

  function begin(channel: ChannelRecord, source: Hub): PlainRendition | string {
    const known = plain.get(source)
    if (known !== undefined) return known
    // Whoever has found it before it ended may ask now: what is made would be remembered for good.
    if (source.ended) return 'the broadcast is over'
    const settings = options.settingsOf(channel.id)
    if (ffmpeg === undefined) return 'this server has no ffmpeg'
    if (settings === undefined || settings.mode === 'off')
      return 'encoding on the server is switched off for this channel'
    const hub = createHub({
      keep: true,
      onFault: (reader, error) => log.error({ channel: channel.slug, reader, err: error }, 'a reader failed'),
    })
    budget.join(hub)
    const { trials, machine, now } = options
    try {
      const made = createPlainRendition({
        ...{ ffmpeg, settings, source, hub, log, trials, machine, budget, now },
        fields: { channel: channel.slug },
        onEnded() {
          budget.leave(hub)
          plain.delete(source)
        },
      })
      plain.set(source, made)
      return made
    } catch (error) {
      budget.leave(hub)
      if (!(error instanceof EngineError) || error.code !== 'limit') throw error
      return 'too many read this stream'
    }
  }

  return (channel: ChannelRecord, units: BroadcastUnits): Watchable => {
    const video = units.diagnose()?.video
    const source: Rendition = {
      name: SOURCE,
      width: video?.width ?? 0,
      height: video?.height ?? 0,
      frameRate: video?.frameRate ?? 0,
      bitrate: video?.bitrate ?? 0,
      hub: units.hub,
    }
    return {
      source,
      rungs: units.rungs,
      askForRungs: units.askForRungs,
      plain() {
        const made = begin(channel, units.hub)
        if (typeof made === 'string') return made
        const { rung, hub, missing } = made
        if (missing !== undefined) return missing
        if (rung === undefined) return { ...source, hub }
        const { width, height, frameRate, bitrate } = rung
        return { name: SOURCE, width, height, frameRate, bitrate, hub }
      },
      askForPlain() {
        const made = begin(channel, units.hub)
        if (typeof made !== 'string') made.asked()
      },
    }
  }
}
