import { crc32 } from 'node:zlib'
import type { TrackId } from '@bandstand/media/access-unit.ts'
import type { TrackConfig } from '@bandstand/media/track.ts'
import type { BroadcastTiming, Epoch, EpochTrack } from '../packager/model.ts'
import type { Removed } from './port.ts'

/**
 * Journal of an asset: what is rare and must not be lost. Big endian.
 *
 *      0  "BSJL"
 *      4  format version (4)
 *      8  record, record, …
 *
 *     record:
 *      0  length of the payload (4)
 *      4  CRC-32 of bytes 8..                        (4)
 *      8  type (1)  | zero (3)
 *     12  payload: JSON in UTF-8, byte strings as {"$b": base64}
 *
 * JSON because a journal has a few dozen records, is read by people when something is wrong, and gains fields over time. An
 * encoder that reconnects every second makes tens of thousands of epochs a day, so a track is written in full once, with a
 * `key`, and by its key alone in the epochs after.
 */
export const JOURNAL_VERSION = 1
const MAGIC = 0x42534a4c
const HEAD_BYTES = 12
export const JOURNAL_HEADER_BYTES = 8
/** An epoch with its init segments is a few kB. */
const RECORD_LIMIT = 4 * 2 ** 20

export type JournalRecord =
  | {
      readonly type: 'begin'
      readonly timing: BroadcastTiming
      readonly recording: boolean
      readonly at: number
      /** Whose broadcast it is. */
      readonly channelId?: string
    }
  | { readonly type: 'epoch'; readonly epoch: Epoch }
  /** Everything before `msn` was removed by retention: so much in all. */
  | ({ readonly type: 'shed'; readonly msn: number } & Removed)
  | { readonly type: 'end'; readonly at: number; readonly spans?: readonly SpanSummary[] }

/** What an ended asset's files are, so that a start need not look at each. */
export interface SpanSummary {
  readonly firstMsn: number
  readonly tracks: readonly TrackId[]
  /** Of all its files. */
  readonly bytes: number
  /** When its newest part was closed, Unix milliseconds. */
  readonly newest: number
}

/** Tracks that a journal holds in full: their keys by what was written. */
export type WrittenTracks = Map<string, number>

/** More than one encoder ever has; then keys are given anew, and a reader takes the newest. */
const MOST_KEYS = 64

const TYPES = ['begin', 'epoch', 'shed', 'end'] as const

export function writeJournalHeader(): Uint8Array {
  const bytes = new Uint8Array(JOURNAL_HEADER_BYTES)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, MAGIC)
  view.setUint32(4, JOURNAL_VERSION)
  return bytes
}

/** @param written tracks that stand in the journal before the record; those of the record are put in. */
export function writeJournalRecord(record: JournalRecord, written: WrittenTracks = new Map()): Uint8Array {
  const { type, ...fields } = record
  const json = 'epoch' in fields ? epochJson(fields.epoch, written) : JSON.stringify(fields)
  const payload = new TextEncoder().encode(json)
  const bytes = new Uint8Array(HEAD_BYTES + payload.byteLength)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, payload.byteLength)
  view.setUint8(8, TYPES.indexOf(type) + 1)
  bytes.set(payload, HEAD_BYTES)
  view.setUint32(4, crc32(bytes.subarray(8)))
  return bytes
}

function epochJson({ tracks, ...fields }: Epoch, keys: WrittenTracks): string {
  const entries = tracks.map((track) => {
    const full = JSON.stringify(track, bytesToJson)
    const known = keys.get(full)
    if (known !== undefined) return `{"key":${known}}`
    if (keys.size >= MOST_KEYS) keys.clear()
    const key = keys.size
    keys.set(full, key)
    return `{"key":${key},${full.slice(1)}`
  })
  return `{"epoch":{${JSON.stringify(fields).slice(1, -1)},"tracks":[${entries.join(',')}]}}`
}

/** A journal as far as it was read: records up to the first torn or damaged one. */
export interface JournalReader {
  readonly records: readonly JournalRecord[]
  /** Where the next record is to be written, once all were read; 0 when not even the header is whole. */
  readonly bytes: number
  /** Reads records of about so many bytes more, at least one. False when there are no more. Never throws. */
  read(bytes: number): boolean
}

export function createJournalReader(bytes: Uint8Array): JournalReader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const records: JournalRecord[] = []
  const tracks = new Map<number, EpochTrack>()
  const isJournal =
    bytes.byteLength >= JOURNAL_HEADER_BYTES && view.getUint32(0) === MAGIC && view.getUint32(4) === JOURNAL_VERSION
  let at = isJournal ? JOURNAL_HEADER_BYTES : 0

  function readRecord(): boolean {
    if (!isJournal || at + HEAD_BYTES > bytes.byteLength) return false
    const length = view.getUint32(at)
    const end = at + HEAD_BYTES + length
    if (length > RECORD_LIMIT || end > bytes.byteLength) return false
    if (view.getUint32(at + 4) !== crc32(bytes.subarray(at + 8, end))) return false
    const record = parsePayload(TYPES[view.getUint8(at + 8) - 1], bytes.subarray(at + HEAD_BYTES, end), tracks)
    if (record === undefined) return false
    records.push(record)
    at = end
    return true
  }

  return {
    records,
    get bytes() {
      return at
    },
    read(count) {
      const until = at + count
      while (readRecord()) if (at >= until) return true
      return false
    },
  }
}

/** Reads a journal in one go. Never throws. */
export function parseJournal(bytes: Uint8Array): Pick<JournalReader, 'records' | 'bytes'> {
  const reader = createJournalReader(bytes)
  reader.read(Number.POSITIVE_INFINITY)
  return { records: reader.records, bytes: reader.bytes }
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** @param tracks those that stand in full before the record, by key. */
function parsePayload(
  type: JournalRecord['type'] | undefined,
  payload: Uint8Array,
  tracks: Map<number, EpochTrack>,
): JournalRecord | undefined {
  if (type === undefined) return undefined
  let fields: Record<string, unknown>
  try {
    const text = utf8.decode(payload)
    fields = JSON.parse(text, text.includes('"$b"') ? bytesFromJson : undefined)
  } catch {
    return undefined
  }
  if (typeof fields !== 'object' || fields === null) return undefined
  switch (type) {
    case 'begin': {
      const timing = fields['timing'] as BroadcastTiming | undefined
      if (!isPositive(timing?.targetDuration) || !isPositive(timing?.partTarget)) return undefined
      const { channelId } = fields
      const owner = typeof channelId === 'string' ? { channelId } : {}
      return { type, timing, recording: fields['recording'] !== false, at: count(fields['at']) ?? 0, ...owner }
    }
    case 'epoch': {
      const epoch = parseEpoch(fields['epoch'], tracks)
      return epoch && { type, epoch }
    }
    case 'shed': {
      const msn = count(fields['msn'])
      if (msn === undefined) return undefined
      const { pauses } = fields
      return {
        type,
        msn,
        segments: count(fields['segments']) ?? 0,
        discontinuities: count(fields['discontinuities']) ?? 0,
        ...(areCounts(pauses) && { pauses }),
      }
    }
    case 'end': {
      const { spans } = fields
      const at = count(fields['at']) ?? 0
      return Array.isArray(spans) && spans.every(isSummary) ? { type, at, spans } : { type, at }
    }
  }
}

/** A track in full, or its key alone. */
type TrackEntry = EpochTrack & { readonly key?: unknown }

function parseEpoch(value: unknown, known: Map<number, EpochTrack>): Epoch | undefined {
  const epoch = value as Partial<Epoch> | null | undefined
  if (!Array.isArray(epoch?.tracks)) return undefined
  const tracks: EpochTrack[] = []
  for (const entry of epoch.tracks as readonly (TrackEntry | null)[]) {
    if (typeof entry !== 'object' || entry === null) return undefined
    const { key, ...full } = entry
    const place = count(key)
    const track = 'init' in full ? full : known.get(place ?? -1)
    if (track === undefined || !isEpochTrack(track)) return undefined
    if (place !== undefined) known.set(place, track)
    tracks.push(track)
  }
  const id = count(epoch.id)
  const { start, wallClock } = epoch
  if (id === undefined || !isFiniteNumber(start) || !isFiniteNumber(wallClock)) return undefined
  return { id, start, wallClock, tracks }
}

function isEpochTrack(track: EpochTrack): boolean {
  const config = track.config as Partial<TrackConfig> | null | undefined
  return (
    isPositive(track.track) &&
    track.init instanceof Uint8Array &&
    count(track.initNumber) !== undefined &&
    (config?.kind === 'video' || config?.kind === 'audio') &&
    isPositive(config.timescale) &&
    typeof config.codecString === 'string' &&
    config.decoderConfig instanceof Uint8Array
  )
}

function isSummary(value: unknown): value is SpanSummary {
  const span = value as Partial<SpanSummary> | null
  if (count(span?.firstMsn) === undefined || count(span?.bytes) === undefined || !isPositive(span?.newest)) return false
  return Array.isArray(span.tracks) && span.tracks.every(isPositive)
}

function areCounts(value: unknown): value is Readonly<Record<TrackId, number>> {
  return typeof value === 'object' && value !== null && Object.values(value).every((one) => count(one) !== undefined)
}

function isFiniteNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

function isPositive(value: unknown): value is number {
  return isFiniteNumber(value) && value > 0
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}

function bytesToJson(_key: string, value: unknown): unknown {
  return value instanceof Uint8Array ? { $b: Buffer.from(value).toString('base64') } : value
}

function bytesFromJson(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('$b' in value) || typeof value.$b !== 'string') return value
  return new Uint8Array(Buffer.from(value.$b, 'base64'))
}
