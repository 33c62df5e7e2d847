import type { MediaPlaylist } from '@bandstand/media/manifests/hls/model.ts'
import type { Entry, SegmentReader, Slot } from './entry.ts'
import { openFmp4 } from './fmp4.ts'
import { type Begin, createFollower, type FileRange, type Follower, type Item, type Source } from './follow.ts'
import { HLS_LIMITS } from './limits.ts'
import type { Load } from './load.ts'
import type { ResolveName } from './name.ts'
import { createBareReader } from './open-segment.ts'
import { unpin } from './unpin.ts'

/** A file that is needed now. */
export interface Want {
  /** Changes with what it is for: an answer to an older one is passed over. */
  readonly id: number
  readonly rendition: number
  readonly name: string
  readonly range?: FileRange
  /** EXT-X-MAP, which is needed again and again; all others are read once. */
  readonly isMap: boolean
}

/** A file that was looked for and is there. */
export interface FileBody {
  readonly bytes: Uint8Array
  /** Changes whenever the file does: its times and size, its ETag. Absent where nothing is known of it. */
  readonly version?: string
  /** Rises with time, on the clock that stamps playlists too: when it was written. Absent where there is no such clock. */
  readonly stamp?: number
  /** Nothing is going to be added to it. */
  readonly isWhole: boolean
}

/** What a rendition tells of, as it happens. */
export interface RenditionEvents {
  load(load: Load): void
  /** Segments that are left out: they were gone, never came, or could not be read. */
  lost(count: number): void
  malformed(units: number): void
  trouble(text: string): void
  /** The encoder began anew, or another one did. */
  began(): void
  /** Media has been read: what was told as a trouble is over. */
  read(content: { readonly format: 'mpegts' | 'fmp4'; readonly video: boolean; readonly audio: boolean }): void
}

export interface RenditionOptions {
  readonly number: number
  /** Name of its media playlist. */
  readonly playlist: string
  /** Which tracks of its segments are taken. */
  readonly slots: readonly Slot[]
  readonly leads: boolean
  readonly begin: Begin
  /** See `FollowOptions`. */
  readonly from?: number
  readonly isOrdered: boolean
  /** Bits a second of whole segments, at the most. */
  readonly maxBitrate: number
  readonly resolve: ResolveName
  /** What may be said of a name. */
  readonly shown: (name: string) => string
  /** Where the renditions are on their clock, ticks of 90 kHz. */
  readonly near: () => number | undefined
  readonly events: RenditionEvents
}

/** What a state of the playlist is: `rival` is of an encoder that was there before, and nothing of it is taken. */
export type Seen = 'grown' | 'same' | 'rival'

/** One media playlist that is followed: which file it needs next, and what its files hold. Pure. */
export interface Rendition {
  readonly follower: Follower
  /** @returns whether there is something new. */
  update(playlist: MediaPlaylist, stamp: number | undefined, now: number): Seen
  want(now: number): Want | undefined
  /** @returns false where it is not to be used: not whole yet, or a file of before. */
  file(want: Want, body: FileBody, now: number): boolean
  /** @param isFinal it will not come any more. */
  missing(want: Want, now: number, isFinal: boolean): void
  /** Its media playlist has another name from now on; see `Follower.moved`. */
  move(playlist: string): void
}

export function createRendition(options: RenditionOptions): Rendition {
  return new FollowedRendition(options)
}

class FollowedRendition implements Rendition {
  readonly #options: RenditionOptions
  #playlist: string
  readonly follower: Follower
  #wanted: { readonly want: Want; readonly item: Item } | undefined
  #nextId = 0
  /** When the file that is wanted was first looked for in vain, ms. */
  #waitingSince: number | undefined
  #run = 0
  #stamp: number | undefined
  /** What was written before belongs to an encoder that is gone. */
  #notBefore = Number.NEGATIVE_INFINITY
  /** Whole files that have been read: what was in them, and as what. */
  readonly #used = new Map<string, { readonly version: string; readonly as: string }>()
  #map: { readonly key: string; readonly reader: SegmentReader } | undefined
  #bare: SegmentReader | undefined
  /** Newest decode time of each track, ticks. */
  readonly #last = new Map<Slot, number>()
  #unreadable = 0
  /** The item that was last looked at: what stands before it counts once. */
  #entered = ''

  constructor(options: RenditionOptions) {
    this.#options = options
    this.#playlist = options.playlist
    this.follower = createFollower(options)
  }

  update(playlist: MediaPlaylist, stamp: number | undefined, now: number): Seen {
    const { restarted, isReturn = false, lost, grown, isRival = false } = this.follower.update(playlist, now)
    if (isRival) return 'rival'
    // A clock that was set back, as of a camera that has just heard what time it is, says nothing of what was before.
    const isBack = stamp !== undefined && this.#stamp !== undefined && stamp < this.#stamp
    if (isBack || isReturn) this.#notBefore = Number.NEGATIVE_INFINITY
    if (restarted) {
      this.#options.events.began()
      this.#run++
      if (!isBack && !isReturn) this.#notBefore = this.#stamp ?? this.#notBefore
      this.#forget()
      this.#wanted = undefined
      this.#waitingSince = undefined
    }
    if (lost > 0) {
      this.#options.events.lost(lost)
      this.#wanted = undefined
      this.#waitingSince = undefined
    }
    this.#stamp = stamp ?? this.#stamp
    return grown ? 'grown' : 'same'
  }

  want(now: number): Want | undefined {
    for (;;) {
      const item = this.follower.next()
      if (item === undefined) return undefined
      const known = this.#wanted
      if (known !== undefined && isSame(known.item, item)) return known.want
      if (item.gap) {
        // Said by who makes it: nothing was lost on the way here.
        this.#skip(0)
        continue
      }
      const entered = `${this.#as(item)} ${item.part ?? ''}`
      if (item.discontinuity && this.#entered !== entered) this.#forget()
      this.#entered = entered
      const needsMap = item.map !== undefined && this.#map?.key !== this.#keyOf(item.map)
      const source: Source = needsMap && item.map !== undefined ? item.map : item
      const resolved = this.#options.resolve(this.#playlist, source.uri)
      if ('fault' in resolved) {
        this.#options.events.trouble(resolved.fault)
        this.#skip(1)
        continue
      }
      const { range } = source
      const want = {
        ...{ id: this.#nextId++, rendition: this.#options.number, name: resolved.name, isMap: needsMap },
        ...(range !== undefined && { range }),
      }
      if (range !== undefined && range.length > HLS_LIMITS.fileBytes) {
        this.#options.events.trouble(
          `a byte range of ${range.length} bytes is too long: at most ${HLS_LIMITS.fileBytes}`,
        )
        this.#skip(1)
        continue
      }
      this.#wanted = { want, item }
      this.#waitingSince ??= now
      return want
    }
  }

  file(want: Want, body: FileBody, now: number): boolean {
    const wanted = this.#wanted
    if (wanted?.want.id !== want.id) return false
    const { item } = wanted
    const isLate = this.#isOverdue(now)
    if (this.#isOld(wanted.want, item, body)) {
      // An initialisation segment that a new encoder did not write again is that of before, and good.
      if (!isLate) return false
      if (!want.isMap)
        return this.#give(1, `${this.#options.shown(want.name)} is still the file of before, and was left out`)
    }
    if (want.isMap) return this.#openMap(item, body, isLate)
    return this.#read(want, item, body, isLate)
  }

  missing(want: Want, now: number, isFinal: boolean): void {
    if (this.#wanted?.want.id !== want.id) return
    if (isFinal || this.#isOverdue(now))
      this.#give(1, `${this.#options.shown(want.name)} is listed in the playlist but did not come`)
  }

  move(playlist: string): void {
    this.#playlist = playlist
    this.#wanted = undefined
    this.#waitingSince = undefined
    // What it names alike may be another file there.
    this.#map = undefined
    this.follower.moved()
  }

  #openMap(item: Item, body: FileBody, isLate: boolean): boolean {
    const opened = openFmp4(body.bytes)
    if (opened === 'incomplete') {
      if (!body.isWhole && !isLate) return false
      return this.#give(1, 'EXT-X-MAP names a file that ends in the midst of something')
    }
    if ('refused' in opened) return this.#give(1, opened.refused)
    this.#map = { key: this.#keyOf(item.map), reader: opened.reader }
    this.#wanted = undefined
    this.#waitingSince = undefined
    return true
  }

  #read(want: Want, item: Item, body: FileBody, isLate: boolean): boolean {
    const { events, slots } = this.#options
    this.#bare ??= createBareReader(this.#options.near())
    const reader = item.map === undefined ? this.#bare : this.#map?.reader
    const content = reader?.read(body.bytes, body.isWhole || isLate) ?? { kind: 'incomplete' as const }
    if (content.kind === 'incomplete') {
      if (!body.isWhole && !isLate) return false
      return this.#give(1, `${this.#options.shown(want.name)} ends in the midst of something, and was left out`)
    }
    if (content.kind === 'refused') {
      this.#bare = undefined
      return this.#give(1, content.reason)
    }
    const seconds = (content.end - content.start) / 90_000
    const bitrate = (body.bytes.byteLength * 8) / seconds
    // A part, or a short segment, may be little but a key frame.
    if (seconds >= 1 && bitrate > this.#options.maxBitrate) {
      return this.#give(
        1,
        `${this.#options.shown(want.name)} has ${megabits(bitrate)}, at most ${megabits(this.#options.maxBitrate)} are taken: lower the bitrate`,
      )
    }
    if (content.malformed > 0) events.malformed(content.malformed)
    const taken = content.entries.filter((entry) => slots.includes(entry.slot) && !this.#isRead(item, entry))
    const entries = unpin(taken, body.bytes)
    if (entries.length === 0) {
      // A segment of which nothing can be read; parts of which all was read before are none.
      const isEmpty = !item.again
      if (isEmpty && ++this.#unreadable >= HLS_LIMITS.unreadableInARow)
        events.trouble(`nothing can be read in ${this.#options.shown(want.name)}, nor in those before it`)
      this.#use(want, item, body)
      if (isEmpty) events.lost(1)
      this.#advance()
      return true
    }
    this.#unreadable = 0
    for (const { slot, dts } of entries) this.#last.set(slot, dts)
    events.read({ format: item.map === undefined ? formatOf(body.bytes) : 'fmp4', ...content.tracks })
    events.load({
      ...{ lane: this.#options.number, leads: this.#options.leads, entries },
      ...{ start: content.start, end: content.end, pace: this.follower.pace * 1000 },
    })
    this.#use(want, item, body)
    this.#advance()
    return true
  }

  /** Of a segment whose parts have been read in part. */
  #isRead(item: Item, { slot, dts }: Entry): boolean {
    const last = this.#last.get(slot)
    return item.again && last !== undefined && dts <= last
  }

  /** The bytes are those of another segment: of an encoder that is gone, or of one whose names come round again. */
  #isOld({ name, range, isMap }: Want, item: Item, { version, stamp }: FileBody): boolean {
    if (stamp !== undefined && stamp < this.#notBefore) return true
    if (range !== undefined || isMap || version === undefined) return false
    const used = this.#used.get(name)
    return used !== undefined && used.version === version && used.as !== this.#as(item)
  }

  #use({ name, range }: Want, item: Item, { version }: FileBody): void {
    if (range !== undefined || version === undefined) return
    this.#used.delete(name)
    this.#used.set(name, { version, as: this.#as(item) })
    const [oldest] = this.#used.keys()
    if (this.#used.size > HLS_LIMITS.usedNames && oldest !== undefined) this.#used.delete(oldest)
  }

  #as({ sequence }: Item): string {
    return `${this.#run} ${sequence}`
  }

  #isOverdue(now: number): boolean {
    const patience = this.follower.targetDuration * 1000 * HLS_LIMITS.patienceTargets
    const most = Math.min(HLS_LIMITS.patienceMostMs, Math.max(HLS_LIMITS.patienceLeastMs, patience))
    return this.#waitingSince !== undefined && now - this.#waitingSince >= most
  }

  /** Leaves the item out, and says why. */
  #give(lost: number, why: string): true {
    this.#options.events.trouble(why)
    this.#skip(lost)
    return true
  }

  #skip(lost: number): void {
    if (lost > 0) this.#options.events.lost(lost)
    this.#advance()
  }

  #advance(): void {
    this.#wanted = undefined
    this.#waitingSince = undefined
    this.follower.advance()
  }

  /** Another encoder, or settings that may have changed: what was read of its configuration does not hold. */
  #forget(): void {
    this.#map = undefined
    this.#bare = undefined
    this.#last.clear()
  }

  #keyOf(map: Source | undefined): string {
    return `${map?.uri} ${map?.range?.start ?? ''} ${map?.range?.length ?? ''}`
  }
}

function isSame(a: Item, b: Item): boolean {
  return a.sequence === b.sequence && a.part === b.part && a.again === b.again && a.uri === b.uri
}

function megabits(bitrate: number): string {
  return `${(bitrate / 1e6).toFixed(1)} Mbit/s`
}

function formatOf(bytes: Uint8Array): 'mpegts' | 'fmp4' {
  return bytes[0] === 0x47 ? 'mpegts' : 'fmp4'
}
