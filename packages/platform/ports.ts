import type { EncoderFacts } from '@bandstand/contract/api/health.ts'
import type { Instance } from '@bandstand/contract/api/instance.ts'
import type { LadderEncoders } from '@bandstand/contract/api/ladder.ts'

/**
 * The small interfaces that the platform needs; only the application wires them to the engine. Moments in ports are Unix
 * milliseconds.
 */

/** Structured log; secrets never reach it. */
export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** A running broadcast, from memory. */
export interface LiveFacts {
  readonly assetId: string
  readonly startedAt: number
  /** Distinct players seen in the last 15 s. */
  readonly viewers: number
  /** Of the multivariant playlist. */
  readonly generation: number
}

/** What an encoder sends; the same as the API shows, with the moment as a number. */
export type EncoderHealth = Omit<EncoderFacts, 'connectedAt'> & { readonly connectedAt: number }

/** An encoder asks to publish. */
export interface PublishQuestion {
  /** `rtmp`, `srt`, …: how it comes in. */
  readonly protocol: string
  /** Remote address without port. */
  readonly remote: string
  /** As sent; a secret. */
  readonly key: string
  /** Slug, where the address names one beside the key. */
  readonly channel?: string
  /** What it says it is. */
  readonly encoder?: string
}

/** Why an encoder may not publish; the text says what to change. */
export interface PublishRefusal {
  readonly code: 'wrong-key' | 'expired' | 'forbidden' | 'stopped' | 'unavailable'
  readonly reason: string
}

/** That an encoder may publish. */
export interface PublishAdmission {
  readonly channel: { readonly id: string; readonly slug: string }
  /** Which of the channel's further keys it has. */
  readonly keyId?: string
  /** Why it may not go on, from memory; asked again as time passes. */
  objection(): PublishRefusal | undefined
}

/** What the publish hook has said since the start, and how many encoders wait for it now. */
export interface PublishHookFigures {
  readonly allowed: number
  /** Sent to another channel. */
  readonly redirected: number
  readonly refused: number
  /** No answer, or none that can be understood: refused as well. */
  readonly failed: number
  /** Calls under way. */
  readonly running: number
  /** Encoders whose call has yet to begin. */
  readonly waiting: number
}

/** The live engine as the platform sees it. Synchronous calls answer from memory. */
export interface EnginePort {
  /** Viewers can watch by WebRTC. */
  readonly hasWebRtc: boolean
  /** Undefined while the channel is offline. */
  live(channelId: string): LiveFacts | undefined
  /** Undefined while no encoder is connected. */
  health(channelId: string): EncoderHealth | undefined
  /** Why the channel's running broadcast is not recorded though it should be, in sentences; undefined while it is. */
  unrecorded(channelId: string): string | undefined
  /** Keys of the channel have changed: whoever may publish no more is stopped at once. */
  onKeysChanged(channelId: string): void
  /** The channel is found under another slug from now on. */
  onChannelRenamed(channelId: string, slug: string): void
  /** Ends the channel's broadcast and turns its encoder away; resolves when nothing more is written. */
  stopChannel(channelId: string): Promise<void>
  /** Tries each encoder that a ladder may use, once. Never rejects. */
  ladderEncoders(): Promise<readonly LadderEncoders['encoders'][number][]>
  /** Deletes what is stored of a broadcast that has ended. */
  deleteAsset(assetId: string): Promise<void>
}

/** Facts of the running server for the owner. */
export interface InstancePort {
  readonly version: string
  /** @param host name under which the owner reached the server, without port, for the address to type into an encoder */
  facts(host: string): Promise<Omit<Instance, 'version'>> | Omit<Instance, 'version'>
}
