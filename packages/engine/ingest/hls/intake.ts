import type { MediaPlaylist, MultivariantPlaylist } from '@bandstand/media/manifests/hls/model.ts'
import type { HlsReport } from '../../ports.ts'
import { acceptPlaylist } from './accept.ts'
import { type Choice, chooseRenditions } from './choose.ts'
import { createContest } from './contest.ts'
import type { Slot } from './entry.ts'
import type { Begin } from './follow.ts'
import { FIRST_LANES, type LaneRole, lanesOf, placeLanes } from './lanes.ts'
import { HLS_LIMITS } from './limits.ts'
import type { Load } from './load.ts'
import type { ResolveName } from './name.ts'
import { createRendition, type FileBody, type Rendition, type Seen, type Want } from './rendition.ts'
import { quietOf } from './rivals.ts'

export interface IntakeOptions {
  readonly resolve: ResolveName
  /** Name of the playlist by which all others are found; absent where an encoder sends them as it likes, then they show it. */
  readonly root?: string
  readonly begin: Begin
  /** See `FollowOptions`. */
  readonly isOrdered: boolean
  /** Bits a second of one rendition, at the most. */
  readonly maxBitrate: number
  /** What may be said of a name; absent where there is nothing secret in one. */
  readonly shown?: (name: string) => string
}

/** What is known of a source, for the studio. */
export interface IntakeFacts extends Omit<HlsReport, 'source'> {
  /** Units that could not be read. */
  readonly malformed: number
}

/** What a playlist said. */
export type PlaylistReport =
  | { readonly kind: 'media'; readonly playlist: MediaPlaylist /** Something is new in it. */; readonly grown: boolean }
  | { readonly kind: 'multivariant' }
  /** It is of an encoder that still sends beside one that began later; nothing of it is taken. */
  | { readonly kind: 'rival'; readonly reason: string }
  | { readonly kind: 'refused'; readonly reason: string }

/** A rendition that is taken. */
export interface IntakeLane {
  /** Of `Load.lane` and `Want.rendition`; it stays the same for as long as the rendition is listed. */
  readonly number: number
  readonly role: LaneRole
  readonly playlist: string
  /** Bits a second, as declared; 0 where it is not. */
  readonly bandwidth: number
  /** The next that is to be read, and whether the playlist is at its end. */
  readonly ended: boolean
}

/**
 * Where HLS comes together that an encoder makes: states of playlists and files in; which file is needed next, and media, out. Pure:
 * times are arguments, in ms. Nothing is thrown for what an encoder sends.
 */
export interface Intake {
  /** @param stamp on the clock of `FileBody.stamp`. */
  playlist(name: string, text: string, now: number, stamp?: number): PlaylistReport
  /** @param held ms of media that wait to be passed on: nothing more is wanted where they are many. */
  wants(now: number, held: number): readonly Want[]
  /** @returns false where the file is not to be used yet: it is not whole, or not the one that is meant. */
  file(want: Want, body: FileBody, now: number): boolean
  missing(want: Want, now: number, isFinal: boolean): void
  /** Media that have been read since it was last asked. */
  take(): readonly Load[]
  /** The main one first, then the others from the best on. */
  readonly lanes: readonly IntakeLane[]
  /** Playlists that are followed; the root before it is known what it lists. */
  readonly playlists: readonly string[]
  /** Everything has been read, and no more is to come. */
  readonly ended: boolean
  /** Tracks of the main rendition and its sound, once they are known. */
  readonly tracks: { readonly video: boolean; readonly audio: boolean } | undefined
  readonly facts: IntakeFacts
  /** Notes a trouble from outside: a file that is too large, a folder that cannot be read. */
  trouble(text: string): void
}

export function createIntake(options: IntakeOptions): Intake {
  return new HlsIntake(options)
}

interface Lane extends Pick<IntakeLane, 'number' | 'role' | 'playlist' | 'bandwidth'> {
  /** Which tracks of its segments are taken. */
  readonly slots: readonly Slot[]
  readonly rendition: Rendition
}

/** Media playlists that came before it was known what they are, or that come beside the one that is the stream. */
interface Early {
  readonly playlist: MediaPlaylist
  readonly stamp: number | undefined
  readonly at: number
  /** About what it takes in memory, bytes. */
  readonly size: number
}

function sizeOf({ segments, trailingParts, renditionReports }: MediaPlaylist, text: string): number {
  const parts = segments.reduce((sum, segment) => sum + segment.parts.length, trailingParts.length)
  return text.length + HLS_LIMITS.listedBytes * (segments.length + parts + renditionReports.length)
}

class HlsIntake implements Intake {
  readonly #options: IntakeOptions
  #root: string | undefined
  /** Of a multivariant root, to see whether it is another one. */
  #choice = ''
  #lanes: readonly Lane[] = []
  readonly #early = new Map<string, Early>()
  /** Newest state of the main playlist. */
  #newest: Early | undefined
  /**
   * Names of media playlists that were the whole stream, until an encoder began that names its own otherwise; and when each was last seen
   * beside that one, ms.
   */
  readonly #former = new Map<string, number>()
  readonly #contest = createContest()
  /** When the main playlist last listed something new, and the newest time that is known here, ms. */
  #grownAt = 0
  #now = 0
  #firstMediaAt: number | undefined
  #out: Load[] = []
  #leftOut = 0
  #lost = 0
  #malformed = 0
  #trouble: string | undefined
  #format: IntakeFacts['format']
  #partTarget: number | undefined
  #near: number | undefined
  #tracks: { video: boolean; audio: boolean } | undefined

  constructor(options: IntakeOptions) {
    this.#options = options
    this.#root = options.root
  }

  playlist(name: string, text: string, now: number, stamp?: number): PlaylistReport {
    this.#now = now
    const read = acceptPlaylist(text)
    if ('reason' in read) {
      this.#trouble = read.reason
      return { kind: 'refused', reason: read.reason }
    }
    if ('variants' in read) {
      const reason = this.#multivariant(name, read, now)
      if (reason === undefined) return { kind: 'multivariant' }
      this.#trouble = reason
      return { kind: 'refused', reason }
    }
    const seen = this.#media(name, { playlist: read, stamp, at: now, size: sizeOf(read, text) })
    if (seen !== 'rival') return { kind: 'media', playlist: read, grown: seen === 'grown' }
    this.#contest.rival(now)
    return { kind: 'rival', reason: CONTESTED }
  }

  wants(now: number, held: number): readonly Want[] {
    this.#now = now
    this.#settleRoot(now)
    const target = Math.max(...this.#lanes.map(({ rendition }) => rendition.follower.targetDuration), 0)
    if (held >= Math.max(HLS_LIMITS.aheadLeastMs, target * 1000 * HLS_LIMITS.aheadTargets)) return []
    return this.#lanes.flatMap(({ rendition }) => rendition.want(now) ?? [])
  }

  file(want: Want, body: FileBody, now: number): boolean {
    return this.#laneOf(want)?.rendition.file(want, body, now) ?? false
  }

  missing(want: Want, now: number, isFinal: boolean): void {
    this.#laneOf(want)?.rendition.missing(want, now, isFinal)
  }

  #laneOf({ rendition }: Want): Lane | undefined {
    return this.#lanes.find(({ number }) => number === rendition)
  }

  take(): readonly Load[] {
    const out = this.#out
    this.#out = []
    return out
  }

  get lanes(): readonly IntakeLane[] {
    return this.#lanes.map(({ number, role, playlist, bandwidth, rendition }) => ({
      ...{ number, role, playlist, bandwidth, ended: rendition.follower.ended },
    }))
  }

  get playlists(): readonly string[] {
    const followed = this.#lanes.map(({ playlist }) => playlist)
    return followed.length > 0 || this.#root === undefined ? followed : [this.#root]
  }

  get ended(): boolean {
    return (
      this.#lanes.length > 0 &&
      this.#lanes.every(({ role, rendition }) => role === 'brought' || rendition.follower.ended) &&
      !this.#isBeside()
    )
  }

  get tracks(): { readonly video: boolean; readonly audio: boolean } | undefined {
    return this.#tracks
  }

  get facts(): IntakeFacts {
    const [main] = this.#lanes
    const trouble = this.#contest.isOn(this.#now) ? CONTESTED : this.#trouble
    return {
      ...(this.#format !== undefined && { format: this.#format }),
      targetDuration: main?.rendition.follower.targetDuration ?? 0,
      ...(this.#partTarget !== undefined && { partTarget: this.#partTarget }),
      renditions: this.#lanes.filter(({ role }) => role !== 'audio').length,
      ...{ leftOut: this.#leftOut, lost: this.#lost, malformed: this.#malformed },
      ...(trouble !== undefined && { trouble }),
    }
  }

  trouble(text: string): void {
    this.#trouble = text
  }

  /** @returns what is wrong with it. */
  #multivariant(name: string, playlist: MultivariantPlaylist, now: number): string | undefined {
    if (this.#root !== undefined && this.#root !== name && this.#options.root !== undefined) {
      return 'a multivariant playlist lists another multivariant playlist: name the inner one'
    }
    const choice = chooseRenditions(playlist)
    if (choice === undefined) return 'the multivariant playlist lists nothing that could be taken'
    this.#root = name
    // Where a redirect leads elsewhere the same names are other files.
    const text = JSON.stringify([choice, this.#options.resolve(name, choice.main.uri)])
    if (text === this.#choice) return undefined
    return this.#follow(name, choice, text, now)
  }

  #follow(root: string, choice: Choice, text: string, now: number): string | undefined {
    const { resolve } = this.#options
    const lanes: Omit<Lane, 'number' | 'rendition'>[] = []
    for (const { uri, ...lane } of lanesOf(choice)) {
      const found = resolve(root, uri)
      if ('fault' in found) return found.fault
      lanes.push({ ...lane, playlist: found.name })
    }
    this.#choice = text
    this.#leftOut = choice.leftOut
    const places = placeLanes(lanes, this.#lanes)
    const moved = this.#moved(places)
    if (this.#lanes.length > 0 && (places[0]?.known ?? moved.get(0)) === undefined) this.#contest.began(now)
    const before = this.#lanes
    this.#lanes = places.map(({ lane, number, known = moved.get(number) }) => {
      if (known !== undefined) return { ...lane, number, rendition: known.rendition }
      // What was read of it may be gone.
      const from = before.find(({ playlist }) => playlist === lane.playlist)?.rendition.follower.position
      return { ...lane, number, rendition: this.#rendition({ ...lane, number }, from) }
    })
    this.#applyEarly(now)
    return undefined
  }

  /** A server may give playlists other names for each session: there, what takes a rendition's place goes on with it where it can. */
  #moved(places: ReturnType<typeof placeLanes<Omit<Lane, 'number' | 'rendition'>, Lane>>): ReadonlyMap<number, Lane> {
    const moved = new Map<number, Lane>()
    if (this.#options.isOrdered) return moved
    for (const { lane, number, known } of places) {
      if (known !== undefined || this.#lanes.some(({ playlist }) => playlist === lane.playlist)) continue
      const before = this.#lanes.find((one) => one.number === number && one.slots.join() === lane.slots.join())
      if (before === undefined) continue
      before.rendition.move(lane.playlist)
      moved.set(number, before)
    }
    return moved
  }

  #rendition({ number, role, playlist, slots }: Omit<Lane, 'bandwidth' | 'rendition'>, from?: number): Rendition {
    const leads = role !== 'brought'
    const { begin, isOrdered, resolve, maxBitrate, shown = (name) => name } = this.#options
    return createRendition({
      ...{ number, playlist, slots, leads, begin, isOrdered, resolve, maxBitrate, shown },
      ...(from !== undefined && { from }),
      near: () => this.#near,
      events: {
        load: (load) => {
          this.#near = load.end
          this.#out.push(load)
        },
        lost: (count) => {
          this.#lost += count
        },
        malformed: (units) => {
          this.#malformed += units
        },
        trouble: (text) => {
          this.#trouble = text
        },
        // Renditions of one ladder begin anew together.
        began: () => {
          if (role === 'main') this.#contest.began(this.#now)
        },
        read: ({ format, video, audio }) => {
          this.#trouble = undefined
          this.#format = format
          if (role !== 'main') return
          const hasOwnSound = this.#lanes.some(({ role }) => role === 'audio')
          this.#tracks = { video, audio: audio || hasOwnSound }
        },
      },
    })
  }

  #media(name: string, state: Early): Seen {
    const { playlist, stamp, at: now } = state
    this.#firstMediaAt ??= now
    if (name === this.#root && this.#lanes.length === 0) this.#alone(name)
    if (this.#isOfAnother(name, playlist, now)) {
      if (this.#former.has(name) && !this.#isQuiet(playlist, now)) {
        // One that has said goodbye is beside nobody any more.
        this.#former.set(name, playlist.endList ? Number.NEGATIVE_INFINITY : now)
        return 'rival'
      }
      this.#supersede(name)
    }
    const followed = this.#lanes.filter(({ playlist: own }) => own === name)
    if (followed.length === 0) {
      this.#remember(name, state)
      return 'grown'
    }
    const seen = followed.map(({ rendition }) => rendition.update(playlist, stamp, now))
    const isMain = name === this.#lanes[0]?.playlist
    if (isMain) {
      this.#partTarget = playlist.partTarget
      if (seen[0] !== 'rival') this.#newest = state
      if (seen[0] === 'grown') this.#grownAt = now
    }
    return seen.includes('rival') ? 'rival' : seen.includes('grown') ? 'grown' : 'same'
  }

  /**
   * A lone media playlist under a name that was not there while the stream began is that of an encoder that began later, or of the one
   * that it took the place of. Those of a ladder without a multivariant playlist come together: another of them is taken only where
   * it has long gone on without the first, and not where both come back from an outage.
   */
  #isOfAnother(name: string, { targetDuration }: MediaPlaylist, now: number): boolean {
    const isAlone = this.#options.root === undefined && this.#lanes.length === 1 && this.#choice === ''
    if (!isAlone || name === this.#root) return false
    const quiet = quietOf({ target: targetDuration })
    const early = this.#early.get(name)
    if (early !== undefined) return now - this.#grownAt > quiet && early.at - this.#grownAt > quiet / 2
    return this.#former.has(name) || now - (this.#firstMediaAt ?? now) > quiet
  }

  #isQuiet({ targetDuration }: MediaPlaylist, now: number): boolean {
    const hasEnded = this.#lanes[0]?.rendition.follower.ended === true
    return hasEnded || now - this.#grownAt > quietOf({ target: targetDuration })
  }

  /** Another encoder still sends: where this one ends, the stream does not. */
  #isBeside(): boolean {
    const recent = 2 * quietOf({ target: this.#lanes[0]?.rendition.follower.targetDuration ?? 0 })
    return [...this.#former.values()].some((at) => this.#now - at <= recent)
  }

  /** It is another encoder's from now on; or another playlist's of the same one, whose first is no rival for that. */
  #supersede(name: string): void {
    const before = this.#root
    const areTogether = this.#early.delete(name)
    if (before !== undefined && areTogether && this.#newest !== undefined) this.#remember(before, this.#newest)
    else if (before !== undefined) this.#former.set(before, Number.NEGATIVE_INFINITY)
    this.#former.delete(name)
    const [oldest] = this.#former.keys()
    if (this.#former.size > HLS_LIMITS.playlists && oldest !== undefined) this.#former.delete(oldest)
    this.#alone(name)
  }

  /** A media playlist without a multivariant one is the whole stream. */
  #alone(name: string): void {
    this.#root = name
    this.#choice = ''
    const lane = { number: FIRST_LANES.main, role: 'main', playlist: name, slots: ['video', 'audio'] } as const
    this.#lanes = [{ ...lane, bandwidth: 0, rendition: this.#rendition(lane) }]
  }

  /** Of several media playlists without a multivariant one the first that came is taken. */
  #settleRoot(now: number): void {
    if (this.#root !== undefined || this.#firstMediaAt === undefined) return
    if (now - this.#firstMediaAt < HLS_LIMITS.rootGraceMs) return
    const [first, second] = this.#early.keys()
    if (first === undefined) return
    this.#alone(first)
    this.#applyEarly(now)
    if (second !== undefined) {
      this.#leftOut = this.#early.size
      this.#trouble = `several media playlists and no multivariant one: ${first} is taken; let the encoder write a multivariant playlist (master playlist) for a ladder`
    }
  }

  #remember(name: string, early: Early): void {
    this.#early.delete(name)
    this.#early.set(name, early)
    let bytes = 0
    for (const { size } of this.#early.values()) bytes += size
    for (const [oldest, { size }] of this.#early) {
      if (this.#early.size <= HLS_LIMITS.playlists && bytes <= HLS_LIMITS.rememberedBytes) break
      this.#early.delete(oldest)
      bytes -= size
    }
  }

  #applyEarly(now: number): void {
    for (const { playlist } of this.#lanes) {
      const early = this.#early.get(playlist)
      this.#early.delete(playlist)
      if (early !== undefined) this.#media(playlist, { ...early, at: now })
    }
  }
}

const CONTESTED =
  'two encoders seem to send under one name: the one that began later is taken; stop the other one, or give each a key (or folder) of its own'
