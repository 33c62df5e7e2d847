import type { SrtRefusal } from '@bandstand/media/protocols/srt/rejection.ts'
import type { SrtEnd } from '@bandstand/media/protocols/srt/session/session.ts'
import type { SrtStatistics } from '@bandstand/media/protocols/srt/session/statistics.ts'

/** Somebody who wants to send or to read, before anything is agreed. */
export interface SrtCaller {
  /** Remote address without port. */
  readonly remote: string
  /** As sent. It may hold a key: `shortStreamId` is for logs. */
  readonly streamId: string
  /** `SRT 1.5.1`. */
  readonly library: string
}

/** An open connection, as those see it who serve it. */
export interface SrtConnection {
  /** @param payload at most `payloadBytes`. Once it has ended, nothing comes of it. */
  send(payload: Uint8Array): void
  readonly payloadBytes: number
  /** Payloads that wait to be sent. */
  readonly waiting: number
  statistics(): SrtStatistics
  /** Says goodbye; `ended` is called before this returns. Idempotent. */
  close(): void
}

/** Who serves a connection. An error in it ends this connection only. */
export interface SrtServed {
  /** In order. Nobody else has these bytes. Absent where nothing is taken: then nothing that the caller sends is kept. */
  payload?(data: Uint8Array): void
  /** About every 10 ms, behind the payloads of this time. @param now ms of `performance` */
  pass(now: number): void
  /** Called once. */
  ended(how: SrtEnd): void
}

export interface SrtRefused {
  readonly refusal: SrtRefusal
  /** Whoever refuses has no log; this tells refusals apart there. */
  readonly channel?: string
}

/** Decides on callers. */
export interface SrtRoute {
  open(caller: SrtCaller): Promise<
    | {
        /** The caller is let in. Not called where it has gone meanwhile. */
        readonly serve: (connection: SrtConnection) => SrtServed
        /** It has gone meanwhile, or there is no room. */
        readonly forget: () => void
      }
    | SrtRefused
  >
}
