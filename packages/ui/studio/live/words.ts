/** Why a broadcast ended that nobody stopped here. */
export interface Refusal {
  /** Of the server; `unreachable` where it did not answer. */
  readonly code: string
  /** What the server says, for people. */
  readonly text: string
}

/** Codes after which trying again does not help: somebody has to do something first. */
const LASTING = new Set([
  'wrong-key',
  'expired',
  'forbidden',
  'stopped',
  'taken-over',
  'in-use',
  'bad-offer',
  'no-codec',
  'not-found',
])

export function isLasting({ code }: Refusal): boolean {
  return LASTING.has(code)
}

/** What a browser says that it is held back by, in words for people. @param reason `qualityLimitationReason` */
export function limitText(reason: string): string {
  switch (reason) {
    case 'bandwidth':
      return 'Your connection carries no more. Choose a smaller picture or a lower bitrate if it looks bad.'
    case 'cpu':
      return 'This computer does not keep up. Choose a smaller picture, or close other programs.'
    default:
      return ''
  }
}
