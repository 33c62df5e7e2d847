import { VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import type { Packager } from '../packager/packager.ts'
import type { HlsReport, IngestProtocol, LineReport } from '../ports.ts'
import type { SoundReport } from '../sound/report.ts'
import type { TimelineTrack } from '../timeline/model.ts'
import type { LadderReport } from '../transcode/report.ts'
import type { BroughtReport } from './brought-report.ts'
import type { FurtherSoundReport, FurtherSounds } from './further-sounds.ts'
import { STREAM_LIMITS } from './limits.ts'

/** What the encoder says of its stream in its metadata. */
export type EncoderFacts = Readonly<Record<string, string | number | boolean>>

/** What is said later counts; new names beyond `STREAM_LIMITS.facts` do not, for an encoder may make up more and more. */
export function mergeFacts(known: EncoderFacts, said: EncoderFacts): EncoderFacts {
  const facts = new Map(Object.entries(known))
  for (const [name, value] of Object.entries(said)) {
    if (facts.has(name) || facts.size < STREAM_LIMITS.facts) facts.set(name, value)
  }
  return Object.fromEntries(facts)
}

/** What comes in, measured from the units, not from what is announced. */
export interface MediaDiagnosis {
  readonly video?: {
    /** RFC 6381. */
    readonly codec: string
    readonly width: number
    readonly height: number
    /** Frames a second over the last seconds; 0 until known. */
    readonly frameRate: number
    /** Bits a second over the last seconds; 0 until known. */
    readonly bitrate: number
    /** Seconds between the newest key frames, oldest first. */
    readonly keyDistances: readonly number[]
    readonly bFrames: boolean
  }
  readonly audio?: {
    readonly codec: string
    readonly sampleRate: number
    readonly channels: number
    readonly bitrate: number
  }
  /** Absent where the encoder brings one audio track only. */
  readonly furtherSounds?: readonly FurtherSoundReport[]
  /** Source clock jumps of more than 1 s since the broadcast began. */
  readonly timestampJumps: number
  /** Absent where there is to be none. */
  readonly ladder?: LadderReport
  /** Absent where the encoder brings no further renditions. */
  readonly brought?: BroughtReport
  /** Of AAC made of the sound; absent where the sound is AAC, or nothing can be made here. */
  readonly sound?: SoundReport
}

/** The connected encoder and what it sends; the platform turns the figures into plain words. */
export interface EncoderDiagnosis extends Partial<MediaDiagnosis> {
  readonly protocol: IngestProtocol
  /** Remote address without port. */
  readonly remote: string
  /** What it says it is. */
  readonly encoder: string | undefined
  /** Which of the channel's further keys it has; not there for the channel's own key and for signed ones. */
  readonly keyId?: string
  /** Unix ms. */
  readonly connectedAt: number
  /** In this broadcast. */
  readonly reconnects: number
  /** Units of the last 15 to 30 s that came damaged or with parts missing in a transport stream, and pictures left out for them. */
  readonly damagedUnits: number
  /** Units that could not be read since it connected. */
  readonly malformedUnits: number
  /** Units of a track that it had not configured, since it connected. */
  readonly unconfiguredUnits: number
  /** Audio tracks that there is no room for, or that cannot be read. */
  readonly soundsLeftOut: number
  /** Absent where the protocol does not measure it. */
  readonly line?: LineReport
  /** Where it comes as HLS. */
  readonly hls?: HlsReport
}

/** What an ingest counts, it tells among the facts: there an encoder may have put anything. */
export function countIn(
  facts: EncoderFacts,
  name: 'droppedMalformed' | 'droppedUnconfigured' | 'damagedUnits' | 'audioTracksLeftOut',
): number {
  const count = facts[name]
  return typeof count === 'number' && Number.isSafeInteger(count) && count >= 0 ? count : 0
}

/**
 * Bits a second; encoders announce kbit/s (`videodatarate`, `audiodatarate` of onMetaData). `undefined` where the pictures'
 * rate is not among them, for the sound's alone would be far too low.
 */
export function declaredBitrate(facts: EncoderFacts): number | undefined {
  const { videodatarate: video, audiodatarate: audio, videocodecid: hasVideo } = facts
  const pictures = typeof video === 'number' && video > 0 ? video : hasVideo === undefined ? 0 : undefined
  if (pictures === undefined) return undefined
  const sum = pictures + (typeof audio === 'number' && audio > 0 ? audio : 0)
  return sum > 0 && sum < 1e6 ? sum * 1000 : undefined
}

/** What the source's tracks are, as the packager has measured them. */
export function diagnose(
  packager: Packager,
  tracks: readonly TimelineTrack[],
  furtherSounds: FurtherSounds,
  timestampJumps: number,
): MediaDiagnosis {
  const video = tracks.find(({ track }) => track === VIDEO_TRACK)?.config
  const first = tracks.find(({ config }) => config.kind === 'audio')
  const pictures = packager.stats(VIDEO_TRACK)
  const sound = first && packager.stats(first.track)
  const further = furtherSounds.report(tracks, (track) => packager.stats(track)?.bitrate)
  return {
    timestampJumps,
    ...(video?.kind === 'video' &&
      pictures !== undefined && {
        video: { codec: video.codecString, width: video.width, height: video.height, ...pictures },
      }),
    ...(first?.config.kind === 'audio' &&
      sound !== undefined && {
        audio: {
          codec: first.config.codecString,
          sampleRate: first.config.sampleRate,
          channels: first.config.channels,
          bitrate: sound.bitrate,
        },
      }),
    ...(further.length > 0 && { furtherSounds: further }),
  }
}
