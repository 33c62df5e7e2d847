import type { TrackId } from '@bandstand/media/access-unit.ts'
import { nameNumber } from '../packager/model.ts'
import { isReplayed } from '../store/pause.ts'
import type { AssetIndex, IndexedSegment, SegmentList } from '../store/port.ts'
import { beginsWithKeyFrame } from './key-frame.ts'
import { PICTURE_LIMITS } from './limits.ts'

/** One picture of a storyboard: the key frame at the beginning of a segment. */
export interface Tile {
  /** Part that begins with the key frame. */
  readonly part: number
  /** Seconds from the beginning of what is listed, as a player of the playlist counts. */
  readonly time: number
  /** Seconds from the first frame of the broadcast by the clock, as the bar of a running broadcast counts. */
  readonly clock: number
}

/** Tiles that are joined into one JPEG. They share an initialisation segment, for one run of ffmpeg decodes them. */
export interface Sheet {
  readonly track: TrackId
  readonly init: Uint8Array
  /** Of a tile, pixels. */
  readonly width: number
  readonly height: number
  readonly tiles: readonly Tile[]
}

export interface Storyboard {
  /** Seconds between tiles, at least. */
  readonly interval: number
  readonly sheets: readonly Sheet[]
  /** Ends of what is listed, seconds. */
  readonly time: number
  readonly clock: number
}

/**
 * Chooses the pictures of a recording's storyboard, from its index alone.
 *
 * @param interval seconds; chosen by the length where not given.
 * @returns `undefined` where there is no picture track.
 */
export function planStoryboard(index: AssetIndex, interval?: number): Storyboard | undefined {
  const track = index.tracks.find(({ kind }) => kind === 'video')
  const origin = index.origin ?? index.epochs[0]?.wallClock
  if (track === undefined || origin === undefined) return undefined
  const epochs = new Map(index.epochs.map((epoch) => [epoch.id, epoch]))
  const clockOf = ({ epoch, start, timescale }: IndexedSegment) => {
    const of = epochs.get(epoch)
    return of === undefined ? 0 : (of.wallClock - origin) / 1000 + (start / timescale - of.start / 90_000)
  }
  const last = track.segments.at(-1)
  const first = track.segments.at(0)
  if (last === undefined || first === undefined) return undefined
  const clock = clockOf(last) + last.duration / last.timescale
  const every = interval ?? intervalFor(clock - clockOf(first))

  const sheets: (Sheet & { readonly tiles: Tile[] })[] = []
  let time = 0
  let before = -1
  for (let row = 0; row < track.segments.length; row++) {
    const segment = track.segments.at(row)
    if (segment === undefined) break
    const at = clockOf(segment)
    const slot = Math.floor(at / every)
    if (beginsWithKeyFrame(segment) && slot > before) {
      const found = epochs.get(segment.epoch)?.tracks.find((candidate) => candidate.track === track.track)
      if (found?.config.kind === 'video') {
        const { width, height, sampleAspectRatio } = found.config
        let sheet = sheets.at(-1)
        // By time, not by count: what retention takes from the front leaves the other sheets as they are.
        if (sheet?.init !== found.init || sheetOf(slot) !== sheetOf(before)) {
          const size = tileSize(width * (sampleAspectRatio[0] / sampleAspectRatio[1]), height)
          sheets.push((sheet = { track: track.track, init: found.init, ...size, tiles: [] }))
        }
        sheet.tiles.push({ part: segment.firstPart, time, clock: at })
        before = slot
      }
    }
    // A replay leaves out rows in which no track has anything.
    if (isReplayed(segment) || index.tracks.some(({ segments }) => isReplayedAt(segments, row))) {
      time += segment.duration / segment.timescale
    }
  }
  return { interval: every, sheets, time, clock }
}

function isReplayedAt(segments: SegmentList, row: number): boolean {
  const segment = segments.at(row)
  return segment !== undefined && isReplayed(segment)
}

function sheetOf(slot: number): number {
  return Math.floor(slot / PICTURE_LIMITS.columns ** 2)
}

/** The same for a while as a broadcast grows, then twice as long. @param length seconds */
function intervalFor(length: number): number {
  let interval: number = PICTURE_LIMITS.interval
  while (length / interval > PICTURE_LIMITS.tiles) interval *= 2
  return interval
}

function tileSize(width: number, height: number): { width: number; height: number } {
  const { tileWidth } = PICTURE_LIMITS
  const even = (value: number) => Math.max(2, Math.round(value / 2) * 2)
  // A tall one is bounded too: a sheet of a phone's picture is as large as one of a wide screen's, turned.
  return width >= height
    ? { width: tileWidth, height: even((tileWidth * height) / width) }
    : { width: even((tileWidth * width) / height), height: tileWidth }
}

/** What a sheet's file name says. */
export interface SheetName {
  readonly interval: number
  readonly part: number
  readonly count: number
}

/** Names are never used again for other pictures: of a growing recording the last sheet changes its name. */
export function printSheetName({ interval, part, count }: SheetName): string {
  return `storyboard-${interval}-${nameNumber(part)}-${count}.jpg`
}

/** @returns `undefined` for what no storyboard has named. */
export function parseSheetName(name: string): SheetName | undefined {
  const [, interval, part, count] = /^storyboard-(\d{2,9})-(\d{10})-(\d{1,2})\.jpg$/.exec(name) ?? []
  const found = { interval: Number(interval), part: Number(part), count: Number(count) }
  const doublings = Math.log2(found.interval / PICTURE_LIMITS.interval)
  if (!Number.isInteger(doublings) || doublings < 0 || found.interval > PICTURE_LIMITS.longestInterval) return undefined
  return found.count >= 1 ? found : undefined
}

/**
 * The WebVTT file that media-chrome and others read as a thumbnails track: each cue names a place in a sheet (Media
 * Fragments URI §4.2.2).
 *
 * @param by which of the two times the cues have.
 */
export function printStoryboard({ interval, sheets, ...end }: Storyboard, by: 'time' | 'clock'): string {
  const cues: { readonly from: number; readonly text: string }[] = []
  for (const { width, height, tiles } of sheets) {
    const file = printSheetName({ interval, part: tiles[0]?.part ?? 0, count: tiles.length })
    tiles.forEach((tile, i) => {
      const x = (i % PICTURE_LIMITS.columns) * width
      const y = Math.floor(i / PICTURE_LIMITS.columns) * height
      cues.push({ from: tile[by], text: `${file}#xywh=${x},${y},${width},${height}` })
    })
  }
  const blocks = cues.map(({ from, text }, i) => {
    const until = Math.max(from + 0.001, cues[i + 1]?.from ?? end[by])
    return `${timestamp(i === 0 ? 0 : from)} --> ${timestamp(until)}\n${text}\n`
  })
  return ['WEBVTT\n', ...blocks].join('\n')
}

/** WebVTT §4.1. */
function timestamp(seconds: number): string {
  const ms = Math.max(0, Math.round(seconds * 1000))
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0')
  return `${two(ms / 3_600_000)}:${two((ms / 60_000) % 60)}:${two((ms / 1000) % 60)}.${String(ms % 1000).padStart(3, '0')}`
}
