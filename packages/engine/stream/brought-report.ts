import { STREAM_LIMITS } from './limits.ts'

/** A rendition that the encoder brings, for the studio. */
export interface BroughtRenditionReport {
  readonly width: number
  readonly height: number
  /** RFC 6381. */
  readonly codec: string
  /** Frames and bits a second over the last seconds; 0 until known. */
  readonly frameRate: number
  readonly bitrate: number
  /**
   * `waiting`: nothing of it has come; `stopped`: nothing comes any more; `misaligned`: its key frames do not stand where those of the
   * first rendition do, so that it is left out in between.
   */
  readonly state: 'live' | 'waiting' | 'stopped' | 'misaligned'
  /** Segments in which viewers find nothing of it. */
  readonly missedSegments: number
}

export interface BroughtReport {
  readonly renditions: readonly BroughtRenditionReport[]
  /** What is not as it should be, in plain words. */
  readonly message: string | undefined
}

/** What a report is made of. */
export interface BroughtFacts extends Omit<BroughtRenditionReport, 'state'> {
  readonly isMisaligned: boolean
  /** Milliseconds since something of it came; `undefined` where nothing has. */
  readonly silence: number | undefined
}

/** Highest first. */
export function reportBrought(facts: readonly BroughtFacts[]): BroughtReport {
  const renditions = facts
    .map(
      ({ isMisaligned, silence, ...own }): BroughtRenditionReport => ({
        ...own,
        state: stateOf(isMisaligned, silence),
      }),
    )
    .toSorted((a, b) => b.width * b.height - a.width * a.height)
  const named = (state: BroughtRenditionReport['state']) =>
    renditions.flatMap((one) => (one.state === state ? [`${one.width}×${one.height}`] : [])).join(', ')
  const misaligned = named('misaligned')
  const stopped = named('stopped')
  const messages = [
    misaligned &&
      `the renditions' key frames do not stand together: set the same key-frame interval for each of them in the encoder, and no scene-change detection; ${misaligned} is left out where they differ`,
    stopped && `the encoder sends nothing of ${stopped} any more`,
  ]
  return { renditions, message: messages.filter((text) => text !== '').join('; ') || undefined }
}

function stateOf(isMisaligned: boolean, silence: number | undefined): BroughtRenditionReport['state'] {
  if (silence === undefined) return 'waiting'
  if (silence > STREAM_LIMITS.broughtSilenceMs) return 'stopped'
  return isMisaligned ? 'misaligned' : 'live'
}
