import { isBroughtTrack, type TrackId } from '@bandstand/media/access-unit.ts'
import type { RenditionReport } from '@bandstand/media/manifests/hls/model.ts'
import type { AssetIndex } from '../../store/port.ts'
import { PACKAGER_LIMITS, WINDOW_LIMITS } from '../limits.ts'
import type { LiveBroadcast } from '../live.ts'
import {
  type BroadcastTiming,
  type Epoch,
  type EpochTrack,
  type ListedRung,
  type ListedSound,
  names,
  type Part,
  type PartSink,
  type RenditionRole,
  renditionName,
  trackOf,
  withoutBrought,
} from '../model.ts'
import type { RungSink } from '../rung-packer.ts'
import type { MemoryBudget } from './budget.ts'
import { createLiveMultivariant } from './live-multivariant.ts'
import { createLiveManifest } from './manifest.ts'
import type { OlderParts } from './media-answers.ts'
import { newestKeyFrame } from './newest-key-frame.ts'
import { partsOf } from './print-live.ts'
import { recoveredSegments } from './recovered.ts'
import { createRendition, type Rendition } from './rendition.ts'
import { createRungShelf, type Shelved } from './rung-shelf.ts'
import { sameSet } from './same-set.ts'
import { beforeJoining, gapBeside, type WindowSegment } from './segments.ts'
import { createWaitingRoom, type Scheduler } from './waiting-room.ts'

export interface LiveWindowOptions {
  readonly assetId: string
  readonly timing: BroadcastTiming
  readonly budget: MemoryBudget
  readonly scheduler: Scheduler
  /** Distinguishes this process' ETags from those of others: a start time, a random text. */
  readonly nonce: string
  /** Segments that have left memory; without it only memory is listed. */
  readonly older?: OlderParts
  /** What a former process recorded of this broadcast. */
  readonly recovered?: AssetIndex
  /** The track set changed: players need the multivariant playlist again. Not called for the first. */
  readonly onGeneration?: (generation: number) => void
  /** Somebody asked for something of the ladder. */
  readonly onLadderAsked?: () => void
  /** Somebody asked for sound that is made of the source's. */
  readonly onSoundAsked?: () => void
}

/** The live side of a broadcast: a sink of parts on one side, playlists and bytes on the other. */
export interface LiveWindow extends LiveBroadcast, PartSink, RungSink {
  /** What the encoder announced, bits a second with sound; `frameRate` as measured at an epoch's start. */
  declare(facts: { readonly bitrate?: number; readonly frameRate?: number }): void
  /** The rungs that may be watched from now on, highest first; none of them has to be there yet. */
  ladder(rungs: readonly ListedRung[]): void
  /** The same of sound beside the source's own. */
  sounds(sounds: readonly ListedSound[]): void
  /** Playlists get their end; everyone who waits is answered. */
  end(): void
  /** Gives the memory back. */
  close(): void
  readonly generation: number
}

/** Epochs that parts may come of, and that are known for it. */
const MOST_EPOCHS = 64

export function createLiveWindow(options: LiveWindowOptions): LiveWindow {
  const { assetId, timing, recovered } = options
  const asked = {
    rungs: options.onLadderAsked ?? (() => undefined),
    sounds: options.onSoundAsked ?? (() => undefined),
  }
  const shelf = createRungShelf({
    scheduler: options.scheduler,
    inner: (name) => renditions.get(name),
    asked: (what) => asked[what](),
    onChange: listShelved,
  })
  const renditions = new Map<string, Rendition>()
  const byTrack = new Map<TrackId, Rendition>()
  const epochs = new Map<number, OwnEpoch>()
  let current: Epoch | undefined
  /** The newest epoch while it is not shown: the tracks that have no part of it so far, and what is listed with it. */
  let coming: Coming | undefined
  let generation = 0
  /** Changes of the ladder since this process began: with them too the generation rises. */
  let revision = 0
  /** Newest initialisation segments of what is made or brought. */
  const inits = new Map<TrackId, EpochTrack>()
  let ended = false
  let declared: number | undefined
  let frameRate: number | undefined

  /** Of all that players may change to (RFC 8216bis Appendix B.1), also of rungs that rest: those report their gaps. */
  function reports(except: string): readonly RenditionReport[] {
    const listed = shelf.names
    const made = [...renditions.values()]
      .filter((r) => r.name !== except && (inCurrent(r) || listed.has(r.name) || shelf.isThere(r.name)))
      .map((r) => r.report() ?? openingReport(r.name, except))
    const unmade = [...listed].filter((name) => !renditions.has(name)).map((name) => unmadeReport(name, except))
    return [...made, ...unmade].filter((report) => report !== undefined)
  }

  /** Of a rung that nothing has come of so far: where it will be if it rests on, for its playlist will open with gaps. */
  function unmadeReport(name: string, other: string): RenditionReport | undefined {
    const segments = renditions.get(other)?.segments ?? []
    const rested = (segments.at(-1)?.msn ?? 0) - PACKAGER_LIMITS.rungOpenSegments
    const beside = segments.findLast(({ msn }) => msn < rested)
    if (beside === undefined) return undefined
    const lastPart = partsOf(gapBeside(beside, 90_000), timing).length - 1
    return { uri: `../${name}/${names.playlist}`, lastMsn: beside.msn, lastPart }
  }

  /** Of a rendition whose first part is still in the making: its playlist will open with the same gaps as the other's. */
  function openingReport(name: string, other: string): RenditionReport | undefined {
    const gap = renditions.get(other)?.segments.findLast((segment) => segment.gap && segment.complete)
    return gap && { uri: `../${name}/${names.playlist}`, lastMsn: gap.msn }
  }

  function inCurrent(rendition: Rendition): boolean {
    return current?.tracks.some((t) => t.track === rendition.track) === true
  }

  function make(track: TrackId, kind: 'video' | 'audio', role: RenditionRole = 'source'): Rendition {
    const name = renditionName(track, kind)
    const rendition = createRendition({
      name,
      track,
      kind,
      timing,
      budget: options.budget,
      scheduler: options.scheduler,
      older: options.older,
      nonce: options.nonce,
      reports: () => reports(name),
      nextPart: recovered?.next.part,
      onSegment: (closedAt) => manifest.changed(closedAt),
      role,
    })
    renditions.set(name, rendition)
    byTrack.set(track, rendition)
    return rendition
  }

  function longest(): readonly WindowSegment[] {
    const lists = [...renditions.values()].map(({ segments }) => segments)
    return lists.reduce((best, segments) => (segments.length > best.length ? segments : best), [])
  }

  /** A track that comes late lists the numbers it was not there for: its playlist must be long enough to start. */
  function backfill(rendition: Rendition, like: EpochTrack): void {
    rendition.restore(
      longest()
        // Also one that is listed as a whole as soon as it is written.
        .filter((s) => s.closed)
        .map((s) => beforeJoining(s, like)),
    )
  }

  function epoch(opened: Epoch): void {
    multivariant.changed()
    const next: OwnEpoch = { ...opened, rungs: new Map() }
    epochs.set(next.id, next)
    for (const own of next.tracks) (byTrack.get(own.track) ?? late(own)).addInit(own)
    if (current === undefined) generation = next.id + 1
    // Whoever comes before the very first part waits for it.
    else
      coming = { epoch: next, missing: new Set(next.tracks.map(({ track }) => track)), shelved: coming?.shelved ?? {} }
    if (current === undefined || sameSet(current, next)) current = next
  }

  /**
   * Another track set, or rungs that are others with a new epoch, are shown when each of its tracks has a part: a player that
   * came before would find a playlist of gaps, or begin in what is left of the encoder before. A track that stays silent is
   * not waited for longer than a part of the others.
   */
  function showComing(part: Part): void {
    if (coming === undefined || part.epoch !== coming.epoch.id) return
    const isSecond = !coming.missing.delete(part.track)
    if (coming.missing.size > 0 && !isSecond) return
    const { epoch: shown, shelved } = coming
    const isOther = current?.id !== shown.id
    coming = undefined
    current = shown
    if (isOther) generation = shown.id + 1
    const isTold = shelf.list(shelved)
    if (isOther && !isTold) options.onGeneration?.(generation + revision)
  }

  function late(like: EpochTrack): Rendition {
    const rendition = make(like.track, like.config.kind)
    backfill(rendition, like)
    return rendition
  }

  function rung(epochId: number, track: EpochTrack): void {
    epochs.get(epochId)?.rungs.set(track.track, track)
    inits.set(track.track, track)
    byTrack.get(track.track)?.addInit(track)
  }

  /** Such a rendition is made with its first part: only then is it known how much of the source it was not there for. */
  function firstOf({ track, msn }: Part, kind: 'video' | 'audio'): Rendition {
    const missing = longest().filter((s) => s.msn < msn)
    const rendition = make(track, kind, roleOf(track, 'rung'))
    const init = inits.get(track)
    const timescale = init?.config.timescale ?? shelf.sound(track)?.timescale ?? 90_000
    rendition.restore(missing.map((s) => gapBeside(s, timescale)))
    if (init !== undefined) rendition.addInit(init)
    return rendition
  }

  /** Players must read the multivariant playlist again, where there is one. */
  function listShelved(): void {
    if (current === undefined) return
    revision++
    options.onGeneration?.(generation + revision)
  }

  function restore(index: AssetIndex): void {
    for (const track of index.tracks) {
      make(track.track, track.kind, roleOf(track.track, 'source')).restore(recoveredSegments(index, track))
    }
    for (const old of index.epochs) {
      const { rungs, ...own } = withoutBrought(old)
      epochs.set(old.id, { ...own, rungs: new Map(rungs) })
      for (const init of old.tracks) byTrack.get(init.track)?.addInit(init)
      current = own
    }
    // As the process before counted, so that players that stayed notice a change and nothing else. What it counted of the ladder is not
    // known here: the number falls then, which pages pass over, and rises when the ladder is listed again.
    index.epochs.forEach((old, i) => {
      const before = index.epochs[i - 1]
      if (before === undefined || !sameSet(withoutBrought(before), withoutBrought(old))) generation = old.id + 1
    })
  }

  function tellSound(): void {
    if (withSound.size > 0 && !isSoundComing()) {
      withSound.answer(
        () => true,
        () => true,
      )
    }
  }

  function shelve(shelved: Partial<Shelved>): void {
    // With what it is made of. Pictures of it may come before the sound that those are shown with.
    shelf.know(shelved)
    if (coming === undefined) shelf.list(shelved)
    else coming.shelved = { ...coming.shelved, ...shelved }
    tellSound()
  }

  function part(next: Part): void {
    const of = epochs.get(next.epoch)
    const beside = shelf.kindOf(next.track)
    const rendition =
      byTrack.get(next.track) ?? (beside !== undefined && of !== undefined ? firstOf(next, beside) : undefined)
    if (of === undefined || rendition === undefined) return
    if (beside === undefined) multivariant.changed()
    rendition.add(next, of, trackOf(of, next.track)?.initNumber)
    if (beside !== undefined) shelf.arrived(next)
    else showComing(next)
    if (beside === 'audio' && next.last) tellSound()
    if (next.last && epochs.size > MOST_EPOCHS) forgetEpochs()
  }

  /** The oldest: of those before the newest, rungs still have something to come. */
  function forgetEpochs(): void {
    for (const id of epochs.keys()) {
      if (epochs.size <= MOST_EPOCHS / 2) return
      if (id !== current?.id && id !== coming?.epoch.id) epochs.delete(id)
    }
  }

  const multivariant = createLiveMultivariant({
    ...{ assetId, nonce: options.nonce },
    peakOf: (track) => byTrack.get(track)?.peak,
  })

  const manifest = createLiveManifest({
    ...{ assetId, timing, nonce: options.nonce, recovered },
    renditions,
    bitrate: () => declared,
    rung: (track) => shelf.rung(track) ?? (isBroughtTrack(track) ? { bitrate: 0, brought: true } : undefined),
    sound: shelf.sound,
    isRecorded: () => options.older?.available() === true,
  })

  /** Those who want a manifest with sound that is being made for them. */
  const withSound = createWaitingRoom<'manifest', true>(options.scheduler, WINDOW_LIMITS.soundStart, (key) => key)

  /** Sound that is made on demand, and of which nothing whole is there. */
  function isSoundComing(): boolean {
    return shelf.listed.sounds.some(
      ({ track }) => byTrack.get(track)?.segments.findLast(({ complete }) => complete)?.gap !== false,
    )
  }

  if (recovered !== undefined) restore(recovered)

  return {
    assetId,
    targetDuration: timing.targetDuration,
    get ended() {
      return ended
    },
    get generation() {
      return generation + revision
    },
    multivariant: () =>
      current &&
      multivariant.show({
        generation: generation + revision,
        epoch: current,
        renditions: [...renditions.values()].filter((r) => inCurrent(r)),
        ...shelf.listed,
        declaredBitrate: declared,
        frameRate,
      }),
    manifest() {
      // Its players choose among what it lists, and there is no other sign of them before they do.
      if (shelf.listed.rungs.some(({ brought }) => brought !== true)) asked.rungs()
      if (shelf.listed.sounds.length > 0) asked.sounds()
      return manifest.show(ended)
    },
    manifestSoon() {
      if (ended || !isSoundComing()) return undefined
      asked.sounds()
      return withSound.wait('manifest')
    },
    rendition: (name) => shelf.rendition(name) ?? renditions.get(name),
    keyFrame: () => newestKeyFrame([...renditions.values()].find((r) => r.kind === 'video' && inCurrent(r))),
    declare(facts) {
      declared = facts.bitrate ?? declared
      frameRate = facts.frameRate ?? frameRate
    },
    epoch,
    ladder: (rungs) => shelve({ rungs }),
    sounds: (sounds) => shelve({ sounds }),
    rung,
    part,
    reserve() {
      // Numbers are made durable by the store; the window only shows them.
    },
    end() {
      ended = true
      for (const rendition of renditions.values()) rendition.end()
      shelf.end()
      withSound.answer(
        () => true,
        () => true,
      )
    },
    close() {
      for (const rendition of renditions.values()) rendition.close()
    },
  }
}

function roleOf(track: TrackId, otherwise: RenditionRole): RenditionRole {
  return isBroughtTrack(track) ? 'brought' : otherwise
}

interface Coming {
  readonly epoch: Epoch
  readonly missing: Set<TrackId>
  /** What is not named here stays as it is listed. */
  shelved: Partial<Shelved>
}

/** As the packager opened it, and the rungs that have begun in it, each as it is now. */
interface OwnEpoch extends Epoch {
  readonly rungs: Map<TrackId, EpochTrack>
}
