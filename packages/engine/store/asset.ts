import type { TrackId } from '@bandstand/media/access-unit.ts'
import type { BroadcastTiming, Epoch } from '../packager/model.ts'
import { type Assembler, createAssembler } from './assembler.ts'
import { addEpoch, findEpoch } from './epochs.ts'
import type { StoreIo } from './io.ts'
import type { JournalRecord } from './journal.ts'
import { isReplayed } from './pause.ts'
import type { AssetIndex, AssetTrack, IndexedPart, Removed } from './port.ts'
import type { Reserved } from './reserved.ts'
import { createRows, type Rows } from './rows.ts'

/** A stretch of about ten minutes: a data file and an index file for each track. */
export interface Span {
  readonly firstMsn: number
  readonly tracks: Set<TrackId>
  /** Of all its files. */
  bytes: number
  /** When its newest part was closed, Unix milliseconds. */
  newest: number
  /** Puts its files right, where a start could read them and not write. @throws what the disk says; then it is left to do */
  mend?: (io: StoreIo) => Promise<void>
}

/**
 * - `open`: nothing says that it has ended; a writer has it or may go on with it.
 * - `ended`: the end mark was read or written.
 * - `unreadable`: the disk did not let it be looked at, and it may not have ended. Its bytes count, and it is deleted in
 *   its turn, in one piece. It is looked at again.
 * - `nameless`: no journal says what it is, so that nothing can be made of it. Deleted in its turn.
 */
export type AssetState = 'open' | 'ended' | 'unreadable' | 'nameless'

/** What is known of every asset without reading its index. */
export interface AssetFiles {
  readonly assetId: string
  readonly folder: string
  /** Rising. Files of spans before `shedMsn` are being deleted and not in here. */
  readonly spans: Span[]
  /** Where the next journal record goes. */
  journalBytes: number
  state: AssetState
  /** As in the index. */
  endedAt?: number
  /** Set as soon as the asset is to vanish: nothing is read from it any more. */
  removed: boolean
  /**
   * Of a broadcast that this process ended: live playlists list it from this sequence number on, until `performance.now()`
   * says so. No other process lists it.
   */
  listed?: { readonly from: number; readonly until: number }
}

interface TrackMemory {
  readonly kind: 'video' | 'audio'
  /** Rising: from which epoch on times count in which ticks a second. */
  readonly timescales: { readonly epoch: number; readonly timescale: number }[]
}

/** Index of an asset in memory. */
export interface AssetMemory {
  readonly timing: BroadcastTiming
  readonly recording: boolean
  readonly begun: { readonly channelId: string | undefined; readonly at: number }
  /** Numbers rise. Another array whenever there is another epoch, so that it can be given out as it is. */
  epochs: readonly Epoch[]
  /** Wall clock of the first epoch, once that is forgotten. */
  origin?: number
  readonly rows: Rows
  readonly assembler: Assembler
  readonly tracks: Map<TrackId, TrackMemory>
  /** Ticks a second of a track's times in an epoch. */
  timescale(track: TrackId, epoch: number): number
  /** The newest parts of each track, after a recovery and until they are taken (`takeRecovered`). */
  readonly recent: Map<TrackId, readonly IndexedPart[]>
  reserved: Reserved
  shed: boolean
  removed: Removed
  version: number
}

let versions = 0

/** Marks a change; versions are unique over all assets of the process. */
export function touch(memory: AssetMemory): void {
  memory.version = ++versions
}

export function totalBytes(files: AssetFiles): number {
  return files.spans.reduce((sum, span) => sum + span.bytes, files.journalBytes)
}

/** The span that holds, or will hold, a sequence number. */
export function spanOf(spans: readonly Span[], msn: number): Span | undefined {
  let low = 0
  let high = spans.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((spans[middle]?.firstMsn ?? 0) <= msn) low = middle + 1
    else high = middle
  }
  return spans[low - 1]
}

/** Empty memory of a new asset, or of one whose journal was read. `undefined` when the journal does not say what it is. */
export function createMemory(journal: readonly JournalRecord[], lagging: number): AssetMemory | undefined {
  const begin = journal.find((record) => record.type === 'begin')
  if (begin === undefined) return undefined
  const shed = journal.findLast((record) => record.type === 'shed')
  const { segments = 0, discontinuities = 0, pauses } = shed ?? {}
  const removed = { segments, discontinuities, ...(pauses !== undefined && { pauses }) }
  const epochs: Epoch[] = []
  for (const record of journal) if (record.type === 'epoch') addEpoch(epochs, record.epoch)
  const tracks: AssetMemory['tracks'] = new Map()
  const timescale = (track: TrackId, epoch: number) => {
    const timescales = tracks.get(track)?.timescales
    return (timescales?.findLast((from) => from.epoch <= epoch) ?? timescales?.[0])?.timescale ?? 90_000
  }
  const rows = createRows(timescale)
  const assembler = createAssembler({
    rows,
    timescale,
    removed,
    lagging,
    tracksOf: (id) => findEpoch(memory.epochs, id)?.tracks.map((track) => track.track),
  })
  const memory: AssetMemory = {
    timing: begin.timing,
    recording: begin.recording,
    begun: { channelId: begin.channelId, at: begin.at },
    epochs,
    rows,
    assembler,
    tracks,
    timescale,
    recent: new Map(),
    reserved: { msn: -1, part: -1, count: 0, isShown: false },
    shed: shed !== undefined,
    removed,
    version: 0,
  }
  for (const epoch of memory.epochs) learnTracks(memory, epoch)
  touch(memory)
  return memory
}

/** A record has been written. */
export function applyJournal(memory: AssetMemory, record: JournalRecord): void {
  if (record.type !== 'epoch') return
  const epochs = [...memory.epochs]
  addEpoch(epochs, record.epoch)
  memory.epochs = epochs
  learnTracks(memory, record.epoch)
}

function learnTracks(memory: AssetMemory, epoch: Epoch): void {
  for (const { track, config } of epoch.tracks) {
    let known = memory.tracks.get(track)
    if (known === undefined) memory.tracks.set(track, (known = { kind: config.kind, timescales: [] }))
    const { timescale } = config
    if (known.timescales.at(-1)?.timescale !== timescale) known.timescales.push({ epoch: epoch.id, timescale })
  }
}

/** All that is listed before a sequence number: what playlists count on from once it is the first. */
export function countBefore({ rows, removed }: AssetMemory, msn: number): Removed {
  const cut = rows.find(msn)
  const pauses = pausesBefore(rows, cut, removed.pauses)
  let index = cut
  let row = rows.row(index)
  while (row !== undefined && !row.listed) row = rows.row(++index)
  if (row !== undefined) return { segments: row.segments - 1, discontinuities: row.discontinuities, ...pauses }
  const before = rows.row(rows.length - 1)
  if (before === undefined) return removed
  return { segments: before.segments, discontinuities: before.discontinuities, ...pauses }
}

function pausesBefore(rows: Rows, cut: number, removed: Removed['pauses']): Pick<Removed, 'pauses'> {
  const pauses = { ...removed }
  for (const track of rows.tracks) {
    for (let at = 0; at < cut; at++) {
      const segment = rows.segment(track, at)
      if (segment?.pause !== undefined && isReplayed(segment)) pauses[track] = (pauses[track] ?? 0) + 1
    }
  }
  return Object.keys(pauses).length === 0 ? {} : { pauses }
}

/**
 * The first sequence number of the newest `ms` of media. Live playlists count media too, not clocks: those are set, and an
 * encoder may be away for an hour with the same minute listed all the while.
 */
export function firstOfNewest({ rows }: AssetMemory, ms: number): number {
  let left = ms * 90
  for (let index = rows.length - 1; index >= 0; index--) {
    const row = rows.row(index)
    left -= row?.duration ?? 0
    if (row !== undefined && left <= 0) return row.msn
  }
  return 0
}

/** Forgets rows before a sequence number. */
export function shedRows(memory: AssetMemory, msn: number): void {
  const { rows } = memory
  memory.removed = countBefore(memory, msn)
  rows.drop(rows.find(msn))
  // Epochs add up too, at several kB each, when an encoder reconnects all day. The newest stay for who goes on with them.
  const oldest = rows.row(0)?.epoch
  const gone = memory.epochs.findIndex((epoch) => epoch.id === oldest)
  const [first] = memory.epochs
  if (gone > 0 && first !== undefined) {
    memory.origin ??= first.wallClock
    memory.epochs = memory.epochs.slice(gone)
  }
  for (const { timescales } of memory.tracks.values()) {
    const since = timescales.findLastIndex((from) => from.epoch <= (oldest ?? 0))
    if (since > 0) timescales.splice(0, since)
  }
  memory.shed = true
  touch(memory)
}

export function toIndex(files: AssetFiles, memory: AssetMemory): AssetIndex {
  const tracks: AssetTrack[] = []
  for (const [track, { kind }] of [...memory.tracks].sort(([a], [b]) => a - b)) {
    tracks.push({ track, kind, segments: memory.rows.list(track) })
  }
  const { highest } = memory.assembler
  return {
    assetId: files.assetId,
    timing: memory.timing,
    begun: memory.begun,
    epochs: memory.epochs,
    ...(memory.origin !== undefined && { origin: memory.origin }),
    tracks,
    ended: files.state === 'ended',
    ...(files.endedAt !== undefined && { endedAt: files.endedAt }),
    shed: memory.shed,
    removed: memory.removed,
    version: memory.version,
    next: {
      msn: Math.max(memory.reserved.msn, highest.msn) + 1,
      part: Math.max(memory.reserved.part, highest.part) + 1,
    },
    unrecorded: isUnrecorded(memory),
    bytes: totalBytes(files),
  }
}

/** Viewers have been shown segments after the newest recorded one. */
export function isUnrecorded({ reserved, assembler }: AssetMemory): boolean {
  return reserved.isShown && reserved.msn > assembler.highest.msn
}

/** The index for who goes on with a recovered asset, with the newest parts. Those are given once and then forgotten. */
export function takeRecovered(files: AssetFiles, memory: AssetMemory): AssetIndex {
  const index = toIndex(files, memory)
  const tracks = index.tracks.map((entry) => {
    const recent = memory.recent.get(entry.track)
    return recent === undefined ? entry : { ...entry, recent }
  })
  memory.recent.clear()
  return { ...index, tracks }
}
