import type { TrackConfig } from '../../track.ts'
import type { TsFormat } from './stream-type.ts'

/** One elementary stream of the programme that was taken. */
export interface TsStream {
  readonly pid: number
  readonly kind: 'video' | 'audio' | 'other'
  /** Absent for what is not spoken here. */
  readonly format?: TsFormat
  /** Name of the codec, for people. */
  readonly name: string
  /** ISO 639-2. */
  readonly language?: string
  /** Its units come: the first video and the first sound, or several, that can be read. */
  readonly isTaken: boolean
  /** Why it cannot be read, as it turned out. */
  readonly trouble?: string
}

/** What a demuxer found, in the order in which it came. Times are unwrapped, 90 kHz. */
export type TsEvent =
  /** The programme's streams, first or changed; also when another one is taken because one cannot be read. */
  | {
      readonly type: 'tracks'
      /** program_number, and how many programmes there are. */
      readonly program: number
      readonly programs: number
      readonly streams: readonly TsStream[]
    }
  /** Before the first unit of a stream, and when it changes. */
  | {
      readonly type: 'config'
      readonly kind: 'video' | 'audio'
      readonly pid: number
      readonly config: TrackConfig
    }
  /** A whole access unit, as `AccessUnit` has it: 4-byte lengths and no parameter sets for pictures, one frame for sound. */
  | {
      readonly type: 'unit'
      readonly kind: 'video' | 'audio'
      readonly pid: number
      readonly pts: number
      readonly dts: number
      readonly key: boolean
      readonly data: Uint8Array
    }
  /** One access unit or more is missing or damaged here: what follows may refer to it. */
  | {
      readonly type: 'loss'
      readonly kind: 'video' | 'audio'
      readonly pid: number
    }

/** Counted since the beginning. */
export interface TsCounters {
  packets: number
  /** Packets that the counters say are missing, and those that came damaged; of the streams that are taken. */
  lostPackets: number
  /** Bytes that were no packets. */
  skippedBytes: number
  /** Announced breaks of counters and clock (discontinuity_indicator). */
  discontinuities: number
  /** Tables that could not be read. */
  badTables: number
  /** Changes of programmes and their streams. */
  tableChanges: number
  /** PES packets and frames that contradict their specification. */
  malformed: number
  /** Access units before their parameter sets. */
  unconfigured: number
  /** Pictures and frames of sound that were looked at, also those that are not given out, and bytes in which none was found for what they cost. */
  units: number
}
