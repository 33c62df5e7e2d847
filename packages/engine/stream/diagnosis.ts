/** What the encoder sends, in figures; the studio turns them into plain words. */
export interface Diagnosis {
  /** An encoder is connected. */
  readonly connected?: boolean
  /** What the encoder says about itself. */
  readonly facts?: Readonly<Record<string, string | number | boolean>>
  readonly video?: {
    readonly codec: string
    readonly width: number
    readonly height: number
    /** Measured over some seconds. */
    readonly frameRate: number
    /** Bits a second, measured over some seconds. */
    readonly bitrate: number
    /** Seconds between the newest key frames; `undefined` until two have come. */
    readonly keyFrameDistance?: number
    readonly bFrames: boolean
    /** Text of x264's settings SEI, where the encoder sends it. */
    readonly encoderSettings?: string
  }
  readonly audio?: {
    readonly codec: string
    readonly sampleRate: number
    readonly channels: number
    readonly bitrate: number
  }
  /** Since the broadcast began. */
  readonly counters: {
    readonly epochs: number
    readonly droppedUnits: number
    readonly filledAudioFrames: number
    readonly timestampJumps: number
    readonly gapSegments: number
  }
  readonly recording: { readonly recording: boolean; readonly reason?: string; readonly droppedParts: number }
}
