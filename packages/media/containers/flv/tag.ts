/** Tag types of FLV (Adobe Video File Format 10.1, annex E.4.1), the same as RTMP's message types. */
export const TagType = { audio: 8, video: 9, script: 18 } as const

/** One FLV tag as a file or an RTMP message carries it. */
export interface FlvTag {
  readonly type: 'audio' | 'video' | 'script'
  /** Milliseconds; decode time for video. */
  readonly timestamp: number
  readonly body: Uint8Array
}
