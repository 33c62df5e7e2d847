import { type AccessUnit, BROUGHT_TRACKS, type TrackId, VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { sameConfig } from '@bandstand/media/same-config.ts'
import type { TrackConfig, VideoTrackConfig } from '@bandstand/media/track.ts'
import type { BroughtPacker } from '../packager/brought-packer.ts'
import { displaySize } from '../packager/display-size.ts'
import type { ListedRung } from '../packager/model.ts'
import { createTrackMeter, type TrackMeter } from '../packager/track-stats.ts'
import { guessPictures } from '../packager/window/multivariant.ts'
import { type BroughtUnit, createBroughtClock } from '../timeline/brought-clock.ts'
import { frameRateOf, saidFrameRate } from '../timeline/frame-rate.ts'
import type { TimelineEvent } from '../timeline/model.ts'
import { type BroughtFacts, type BroughtReport, reportBrought } from './brought-report.ts'
import { STREAM_LIMITS } from './limits.ts'
import type { RungHubs } from './rung-hubs.ts'
import { createStandIn } from './stand-in.ts'

/** Where brought renditions go. */
export interface BroughtPorts {
  readonly packer: BroughtPacker
  readonly hubs: Pick<RungHubs, 'publisherOf'>
  /** These may be watched from now on. */
  readonly list: (renditions: readonly ListedRung[]) => void
}

export interface BroughtOptions {
  /** `undefined` until the first epoch has opened. */
  readonly ports: () => BroughtPorts | undefined
}

/** The renditions that a broadcast's encoder brings besides its first: they are cut, listed and sent as what is made of the source. */
export interface Brought {
  /** Another encoder: what it brings is yet to be seen. */
  encoderArrived(): void
  /** Nothing more comes of the running epoch. */
  encoderLeft(): void
  /** @param bitrate bits a second, where the encoder says so */
  configure(track: TrackId, config: TrackConfig, bitrate: number | undefined, now: number): void
  unit(unit: AccessUnit, now: number): void
  /** What the timeline says of the source, after the packager was told. */
  handle(event: TimelineEvent): void
  /** Lets time pass, Unix milliseconds. */
  tick(now: number): void
  /** Something is wrong here: none is listed any more. */
  giveUp(): void
  /**
   * How far the renditions are where they go on while the first has stopped, on the broadcast's clock: segments are cut for them then.
   * `undefined` where it has not.
   */
  standIn(now: number): number | undefined
  /** How many it has. */
  readonly configured: number
  /** Those that are listed. */
  readonly listed: readonly ListedRung[]
  /** `undefined` where it brings none. */
  readonly report: BroughtReport | undefined
  /** Bits a second, measured; `undefined` until known. */
  bitrate(track: TrackId): number | undefined
}

interface Own {
  config: VideoTrackConfig
  bitrate: number | undefined
  meter: TrackMeter
  /** Frames a second as listed. */
  frameRate: number | undefined
  /** That has been compared with what was measured. */
  isMeasured: boolean
  /** WebRTC has no B-frames. */
  isReordered: boolean
  /** When it was configured first, and when something of it last came, Unix milliseconds. */
  readonly since: number
  newest: number | undefined
  /** Nothing comes of it: whoever chose it would wait in vain. */
  isSilent: boolean
}

export function createBrought({ ports }: BroughtOptions): Brought {
  const clock = createBroughtClock()
  const tracks = new Map<TrackId, Own>()
  let epoch: Extract<TimelineEvent, { kind: 'epoch-opened' }> | undefined
  let newest = 0
  const standIn = createStandIn()
  /** Of the rendition that is furthest. */
  let reach = 0
  let listed: readonly ListedRung[] = []
  let now = 0
  let measuredAt = 0
  const alignment = new Map<TrackId, { misaligned: number; since: number }>()

  function put({ epoch: id, unit }: BroughtUnit): void {
    const own = tracks.get(unit.track)
    const to = ports()
    if (own === undefined || to === undefined) return
    reach = Math.max(reach, unit.dts)
    standIn.brought(unit.arrivedAt)
    own.meter.add(unit)
    own.newest = unit.arrivedAt
    if (unit.pts !== unit.dts && !own.isReordered) {
      own.isReordered = true
      to.hubs.publisherOf(unit.track).pause(id)
      list()
    }
    if (!own.isReordered) to.hubs.publisherOf(unit.track).unit(unit, id)
    to.packer.unit(unit, id, own.config)
  }

  /** A rendition goes by what it is in the running epoch. */
  function begin(track: TrackId, own: Own): void {
    const to = ports()
    if (epoch === undefined || to === undefined) return
    own.frameRate ??= saidFrameRate(own.config) ?? sourceFrameRate() ?? 30
    const { frameRate } = own
    if (own.config.frameRate !== frameRate) own.config = { ...own.config, frameRate }
    to.packer.add(track, Math.round(90_000 / own.frameRate))
    to.hubs.publisherOf(track).configure(epoch.id, own.config)
  }

  function sourceFrameRate(): number | undefined {
    const source = epoch?.tracks.find(({ track }) => track === VIDEO_TRACK)
    return source && frameRateOf(source)
  }

  function list(): void {
    if (epoch === undefined || tracks.size + listed.length === 0) return
    const heard = [...tracks].filter(([, { isSilent }]) => !isSilent)
    listed = heard.map(([track, own]) => {
      const { width, height } = displaySize(own.config)
      const { codec, codecString } = own.config
      const bitrate = own.bitrate ?? Math.round(guessPictures(width * height))
      const isRealTime = codec === 'h264' && !own.isReordered
      const frameRate = own.frameRate ?? 30
      return {
        track,
        width,
        height,
        frameRate,
        bitrate,
        codecString,
        brought: true,
        ...(!isRealTime && { isRealTime: false as const }),
      }
    })
    ports()?.list(listed)
  }

  /** What is listed is what comes. Parameter sets may say nothing of frames, or what is not so; the source's are no more than likely. */
  function measure(): void {
    let isOther = false
    for (const [track, own] of tracks) {
      const isSilent = now - (own.newest ?? own.since) > STREAM_LIMITS.broughtSilenceMs
      isOther ||= isSilent !== own.isSilent
      own.isSilent = isSilent
      const { frameRate, keyDistances } = own.meter.read()
      if (own.isMeasured || own.frameRate === undefined || frameRate === 0 || keyDistances.length === 0) continue
      own.isMeasured = true
      if (Math.abs(frameRate / own.frameRate - 1) < 0.05) continue
      own.frameRate = Math.round(frameRate * 1000) / 1000
      ports()?.packer.add(track, Math.round(90_000 / own.frameRate))
      isOther = true
    }
    if (isOther) list()
  }

  /** Remembers for a while that key frames did not stand where they should. */
  function lookAtAlignment(): void {
    for (const track of tracks.keys()) {
      const { misaligned = 0 } = ports()?.packer.misses(track) ?? {}
      const known = alignment.get(track)
      if (known === undefined) alignment.set(track, { misaligned, since: Number.NEGATIVE_INFINITY })
      else if (misaligned > known.misaligned) alignment.set(track, { misaligned, since: now })
    }
  }

  function factsOf(track: TrackId, own: Own): BroughtFacts {
    const { frameRate, bitrate } = own.meter.read()
    const { misaligned = 0, absent = 0 } = ports()?.packer.misses(track) ?? {}
    const since = alignment.get(track)?.since ?? Number.NEGATIVE_INFINITY
    return {
      ...displaySize(own.config),
      ...{ codec: own.config.codecString, frameRate, bitrate, missedSegments: misaligned + absent },
      isMisaligned: now - since < STREAM_LIMITS.misalignedMs,
      silence: own.newest === undefined ? undefined : now - own.newest,
    }
  }

  return {
    encoderArrived() {
      clock.reset()
      tracks.clear()
      alignment.clear()
    },
    encoderLeft() {
      clock.reset()
      if (epoch === undefined) return
      ports()?.packer.over(epoch.id)
      for (const track of tracks.keys()) ports()?.hubs.publisherOf(track).pause(epoch.id)
      epoch = undefined
    },
    configure(track, config, bitrate, at) {
      now = Math.max(now, at)
      if (config.kind !== 'video') return
      const known = tracks.get(track)
      if (known !== undefined && sameConfig(known.config, config)) {
        if (bitrate === undefined || bitrate === known.bitrate) return
        known.bitrate = bitrate
        return list()
      }
      if (known === undefined && tracks.size >= BROUGHT_TRACKS.most) return
      clock.forget(track)
      tracks.set(track, {
        ...{ config, bitrate: bitrate ?? known?.bitrate, meter: known?.meter ?? createTrackMeter(90_000) },
        ...{ frameRate: undefined, isMeasured: false, isReordered: false, isSilent: false },
        ...{ since: known?.since ?? now, newest: known?.newest },
      })
      const own = tracks.get(track)
      if (own !== undefined) begin(track, own)
      list()
    },
    unit(unit, at) {
      now = Math.max(now, at)
      if (!tracks.has(unit.track)) return
      const mapped = clock.unit(unit, at, newest)
      if (mapped !== undefined) put(mapped)
    },
    handle(event) {
      if (event.kind === 'unit') {
        if (event.unit.track !== VIDEO_TRACK) return
        newest = event.unit.dts
        standIn.source(event.unit.arrivedAt)
        return
      }
      if (event.kind === 'epoch-closed') {
        clock.closed(event.end)
        for (const track of tracks.keys()) ports()?.hubs.publisherOf(track).pause(event.id)
        return
      }
      epoch = event
      newest = event.start
      reach = event.start
      standIn.source(now)
      for (const [track, own] of tracks) begin(track, own)
      // Before their parts.
      list()
      const { id, start, shift } = event
      if (shift !== undefined) for (const unit of clock.opened({ id, start, shift })) put(unit)
    },
    tick(at) {
      now = at
      ports()?.packer.tick(at)
      if (at - measuredAt < 1_000) return
      measuredAt = at
      measure()
      lookAtAlignment()
    },
    standIn: (at) => (epoch !== undefined && reach > newest && standIn.isNeeded(at) ? reach : undefined),
    giveUp() {
      tracks.clear()
      list()
    },
    get configured() {
      return tracks.size
    },
    get listed() {
      return listed
    },
    get report() {
      if (tracks.size === 0) return undefined
      return reportBrought([...tracks].map(([track, own]) => factsOf(track, own)))
    },
    bitrate(track) {
      const bitrate = tracks.get(track)?.meter.read().bitrate ?? 0
      return bitrate > 0 ? bitrate : undefined
    },
  }
}
