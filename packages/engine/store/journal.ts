import { crc32 } from 'node:zlib'
import type { TrackConfig } from '@bandstand/media/track.ts'
import type { BroadcastTiming, Epoch } from '../packager/model.ts'

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
 * JSON because a journal has a few dozen records, is read by people when something is wrong, and gains fields over time.
 */
export const JOURNAL_VERSION = 1
const MAGIC = 0x42534a4c
const HEAD_BYTES = 12
export const JOURNAL_HEADER_BYTES = 8
/** An epoch with its init segments is a few kB. */
const RECORD_LIMIT = 4 * 2 ** 20

export type JournalRecord =
  | { readonly type: 'begin'; readonly timing: BroadcastTiming; readonly recording: boolean; readonly at: number }
  | { readonly type: 'epoch'; readonly epoch: Epoch }
  /** Everything before `msn` was removed by retention: so many listed segments and discontinuities in all. */
  | { readonly type: 'shed'; readonly msn: number; readonly segments: number; readonly discontinuities: number }
  | { readonly type: 'end'; readonly at: number }

const TYPES = ['begin', 'epoch', 'shed', 'end'] as const

export function writeJournalHeader(): Uint8Array {
  const bytes = new Uint8Array(JOURNAL_HEADER_BYTES)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, MAGIC)
  view.setUint32(4, JOURNAL_VERSION)
  return bytes
}

export function writeJournalRecord(record: JournalRecord): Uint8Array {
  const { type, ...fields } = record
  const payload = new TextEncoder().encode(JSON.stringify(fields, bytesToJson))
  const bytes = new Uint8Array(HEAD_BYTES + payload.byteLength)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, payload.byteLength)
  view.setUint8(8, TYPES.indexOf(type) + 1)
  bytes.set(payload, HEAD_BYTES)
  view.setUint32(4, crc32(bytes.subarray(8)))
  return bytes
}

/**
 * Records up to the first torn or damaged one. Never throws.
 *
 * @returns `bytes` is where the next record is to be written; 0 when not even the header is whole.
 */
export function parseJournal(bytes: Uint8Array): {
  readonly records: readonly JournalRecord[]
  readonly bytes: number
} {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.byteLength < JOURNAL_HEADER_BYTES) return { records: [], bytes: 0 }
  if (view.getUint32(0) !== MAGIC || view.getUint32(4) !== JOURNAL_VERSION) return { records: [], bytes: 0 }
  const records: JournalRecord[] = []
  let at = JOURNAL_HEADER_BYTES
  while (at + HEAD_BYTES <= bytes.byteLength) {
    const length = view.getUint32(at)
    const end = at + HEAD_BYTES + length
    if (length > RECORD_LIMIT || end > bytes.byteLength) break
    if (view.getUint32(at + 4) !== crc32(bytes.subarray(at + 8, end))) break
    const record = parsePayload(TYPES[view.getUint8(at + 8) - 1], bytes.subarray(at + HEAD_BYTES, end))
    if (record === undefined) break
    records.push(record)
    at = end
  }
  return { records, bytes: at }
}

function parsePayload(type: JournalRecord['type'] | undefined, payload: Uint8Array): JournalRecord | undefined {
  if (type === undefined) return undefined
  let fields: Record<string, unknown>
  try {
    fields = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload), bytesFromJson)
  } catch {
    return undefined
  }
  if (typeof fields !== 'object' || fields === null) return undefined
  switch (type) {
    case 'begin': {
      const timing = fields['timing'] as BroadcastTiming | undefined
      if (!isPositive(timing?.targetDuration) || !isPositive(timing?.partTarget)) return undefined
      const recording = fields['recording'] !== false
      return { type, timing: { ...timing }, recording, at: count(fields['at']) ?? 0 }
    }
    case 'epoch': {
      const epoch = fields['epoch']
      return isEpoch(epoch) ? { type, epoch } : undefined
    }
    case 'shed': {
      const msn = count(fields['msn'])
      if (msn === undefined) return undefined
      return {
        type,
        msn,
        segments: count(fields['segments']) ?? 0,
        discontinuities: count(fields['discontinuities']) ?? 0,
      }
    }
    case 'end':
      return { type, at: count(fields['at']) ?? 0 }
  }
}

function isEpoch(value: unknown): value is Epoch {
  const epoch = value as Epoch | null | undefined
  if (count(epoch?.id) === undefined || typeof epoch?.start !== 'number' || typeof epoch.wallClock !== 'number')
    return false
  if (!Number.isFinite(epoch.start) || !Number.isFinite(epoch.wallClock) || !Array.isArray(epoch.tracks)) return false
  return epoch.tracks.every((track: Epoch['tracks'][number] | null) => {
    const config = track?.config as Partial<TrackConfig> | null | undefined
    return (
      isPositive(track?.track) &&
      track?.init instanceof Uint8Array &&
      count(track.initNumber) !== undefined &&
      (config?.kind === 'video' || config?.kind === 'audio') &&
      isPositive(config.timescale) &&
      typeof config.codecString === 'string' &&
      config.decoderConfig instanceof Uint8Array
    )
  })
}

function isPositive(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0
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
