import type { AudioTrackConfig } from '@bandstand/media/track.ts'
import { EngineError } from '../../error.ts'
import type { Log } from '../../ports.ts'
import type { Hub } from '../../stream/hub.ts'
import type { HubReader } from '../../stream/reader.ts'
import { soundOf } from './feed.ts'
import { OPUS_LIMITS, WEBRTC_LIMITS } from './limits.ts'
import { createOpus, type Opus } from './opus/opus.ts'

export interface SoundOptions {
  readonly channel: string
  /** The channel's own stream: renditions of it have its sound. */
  readonly source: Hub
  readonly ffmpeg: string | undefined
  /** One Opus packet for a stream in which it is heard; `time` in ticks of 48 kHz. */
  readonly send: (stream: number, packet: Uint8Array, time: number) => void
  readonly log: Log
  /** Milliseconds of a steady clock. */
  readonly now: () => number
}

/** Browsers take Opus of one stream, which has two channels at most; its clock is that of the track. */
function isSentAsItIs({ codec, channels }: AudioTrackConfig): boolean {
  return codec === 'opus' && channels <= 2
}

/** A broadcast's sound, made into Opus once for all its renditions, while somebody hears it. */
export interface Sound {
  /** Why there is none although the broadcast has some; who hears it already hears nothing any more. */
  readonly missing: string | undefined
  /** It is heard in this stream from now on. */
  join(stream: number): void
  leave(stream: number): void
}

export function createSound(options: SoundOptions, startOpus: typeof createOpus = createOpus): Sound {
  const { source, ffmpeg, log, now } = options
  const heardIn = new Set<number>()
  let reader: HubReader | undefined
  let config: AudioTrackConfig | undefined
  let opus: Opus | undefined
  /** Given up, whoever comes and goes, until then. */
  let failed: { readonly reason: string; readonly until: number } | undefined

  function pump(isNew: boolean): void {
    for (;;) {
      const event = reader?.take()
      if (event === undefined) break
      if (event.kind === 'epoch-opened') {
        config = soundOf(event)
        // Another encoder, another try.
        failed = undefined
      } else if (event.kind === 'epoch-closed') mute()
      // What was before somebody came is heard by nobody.
      else if (isNew && config !== undefined && event.unit.track === audioTrack()) write(config, event.unit)
    }
    if (reader?.ended === true) stop()
  }

  function audioTrack() {
    return source.epoch?.tracks.find((track) => track.config.kind === 'audio')?.track
  }

  function write(of: AudioTrackConfig, unit: Parameters<Opus['write']>[0]): void {
    if (isSentAsItIs(of)) {
      for (const stream of heardIn) options.send(stream, unit.data, unit.dts)
      return
    }
    if (ffmpeg === undefined || givenUp() !== undefined) return
    opus ??= startOpus({
      ffmpeg,
      config: of,
      log,
      onPacket(packet, time) {
        for (const stream of heardIn) options.send(stream, packet, time)
      },
      onFailed: fail,
    })
    opus.write(unit)
  }

  function fail(reason: string): void {
    failed = { reason, until: now() + OPUS_LIMITS.givenUpMs }
    mute()
    log.warn({ channel: options.channel, reason }, 'webrtc: viewers go without sound')
  }

  /** Why, while it is. */
  function givenUp(): string | undefined {
    return failed !== undefined && now() < failed.until ? failed.reason : undefined
  }

  function mute(): void {
    opus?.close()
    opus = undefined
  }

  function stop(): void {
    mute()
    reader?.close()
    reader = undefined
  }

  return {
    get missing() {
      const sound = source.epoch && soundOf(source.epoch)
      if (sound !== undefined && isSentAsItIs(sound)) return undefined
      return ffmpeg === undefined ? 'ffmpeg was not found; it makes Opus of other sound' : givenUp()
    },
    join(stream) {
      heardIn.add(stream)
      if (reader !== undefined || source.ended) return
      try {
        reader = source.read({
          name: `webrtc sound ${options.channel}`,
          from: 'newest-key',
          maxBytes: WEBRTC_LIMITS.queuedBytes,
          maxDuration: WEBRTC_LIMITS.queuedDuration,
          isUrgent: () => true,
          onReady: () => pump(true),
        })
      } catch (error) {
        if (!(error instanceof EngineError) || error.code !== 'limit') throw error
        fail('too many read this stream')
        return
      }
      pump(false)
    },
    leave(stream) {
      if (heardIn.delete(stream) && heardIn.size === 0) stop()
    },
  }
}
