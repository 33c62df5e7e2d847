/** How the stream fares, as the browser sees it. */
export interface LiveHealth {
  /** Bits a second that went out since the look before. */
  readonly bitrate: number
  /** Of the largest picture that is sent. */
  readonly width: number
  readonly height: number
  readonly frameRate: number
  /** Milliseconds; `undefined` before the first report. */
  readonly roundTrip: number | undefined
  /** Share of packets that the server missed, 0 to 1. */
  readonly loss: number
  /** What holds the picture back: `none`, `bandwidth`, `cpu` or `other`. */
  readonly limit: string
}

/** Counts of the look before. */
export interface Counted {
  /** Milliseconds. */
  readonly at: number
  readonly bytes: number
}

interface Outbound {
  readonly type: string
  readonly kind?: string
  readonly timestamp: number
  readonly bytesSent?: number
  readonly frameWidth?: number
  readonly frameHeight?: number
  readonly framesPerSecond?: number
  readonly qualityLimitationReason?: string
  readonly roundTripTime?: number
  readonly fractionLost?: number
  readonly nominated?: boolean
  readonly state?: string
  readonly currentRoundTripTime?: number
}

/** Reads a browser's statistics (W3C webrtc-stats). @param before of the look before; `undefined` at the first. */
export function readHealth(
  stats: Iterable<Outbound>,
  before: Counted | undefined,
): { readonly health: LiveHealth; readonly counted: Counted } {
  const all = [...stats]
  const sent = all.filter(({ type }) => type === 'outbound-rtp')
  const heard = all.filter(({ type }) => type === 'remote-inbound-rtp')
  const pair = all.find(
    ({ type, nominated, state }) => type === 'candidate-pair' && nominated === true && state === 'succeeded',
  )
  const largest = sent
    .filter(({ kind }) => kind === 'video')
    .reduce<Outbound | undefined>(
      (best, one) => ((one.frameWidth ?? 0) > (best?.frameWidth ?? -1) ? one : best),
      undefined,
    )
  const counted = {
    at: Math.max(0, ...sent.map(({ timestamp }) => timestamp)),
    bytes: sent.reduce((sum, { bytesSent = 0 }) => sum + bytesSent, 0),
  }
  const passed = before === undefined ? 0 : counted.at - before.at
  const trip =
    pair?.currentRoundTripTime ?? heard.find(({ roundTripTime }) => roundTripTime !== undefined)?.roundTripTime
  return {
    counted,
    health: {
      bitrate: before === undefined || passed <= 0 ? 0 : Math.max(0, ((counted.bytes - before.bytes) * 8_000) / passed),
      width: largest?.frameWidth ?? 0,
      height: largest?.frameHeight ?? 0,
      frameRate: largest?.framesPerSecond ?? 0,
      roundTrip: trip === undefined ? undefined : trip * 1000,
      loss: Math.max(0, ...heard.map(({ fractionLost = 0 }) => fractionLost)),
      limit: largest?.qualityLimitationReason ?? 'none',
    },
  }
}
