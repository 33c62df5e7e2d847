import type { Failure } from './choice.ts'
import type { Transport } from './transport.ts'

/** How the live edge is played, and why. */
export interface Choice {
  /** What the browser is able to play. */
  readonly able: ReadonlySet<Transport>
  readonly playing: Transport | undefined
  readonly trying: Transport | undefined
  /** Why something quicker than what plays does not, and in how many seconds it is tried again. */
  readonly failures: readonly { readonly transport: Transport; readonly failure: Failure; readonly again: number }[]
  /** Seconds behind live, where the transport measures it itself. */
  readonly latency: number | undefined
  /** Lines of the picture, where no rendition can be chosen. */
  readonly height: number | undefined
  /** Why real time shows another picture than the encoder's own. */
  readonly encodedAgain: string | undefined
  /** Why real time is without the sound that the other transports have. */
  readonly soundMissing: string | undefined
}
