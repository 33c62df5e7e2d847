import { type TrackId, VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import type { VideoTrackConfig } from '@bandstand/media/track.ts'
import type { ListedRung } from '../packager/model.ts'
import type { RungPort } from '../packager/rung-packer.ts'
import type { TimedUnit } from '../timeline/model.ts'
import type { Hub } from './hub.ts'

/** A rendition that was made of a broadcast, as access units: pictures alone, on the broadcast's clock, without B-frames. */
export interface RungRendition {
  /** `720p`, after the shorter side of the picture; no other of the broadcast has it. */
  readonly name: string
  readonly width: number
  readonly height: number
  readonly frameRate: number
  /** Bits a second, without sound. */
  readonly bitrate: number
  /** Without an epoch while it is not being made. */
  readonly hub: Hub
}

/** Hubs of a ladder's rungs, beside the packer that cuts them; of renditions that the encoder brings too. */
export interface RungHubs extends RungPort {
  /**
   * These rungs may be watched from now on.
   *
   * @param measured bits a second of a rung, where known
   */
  list(rungs: readonly ListedRung[], measured?: (track: TrackId) => number | undefined): void
  /** Publishes what does not go through the packer of rungs. */
  publisherOf(track: TrackId): RungPublisher
  /** Those, highest first. */
  readonly renditions: readonly RungRendition[]
  /** Readers take what is queued; there will be no more. */
  end(): void
}

export interface RungHubsOptions {
  /** Gets everything that the hubs get. */
  readonly packer: RungPort
  readonly createHub: () => Hub
  readonly endHub: (hub: Hub) => void
}

export function createRungHubs({ packer, createHub, endHub }: RungHubsOptions): RungHubs {
  const hubs = new Map<TrackId, { readonly hub: Hub; readonly publisher: RungPublisher }>()
  let renditions: readonly RungRendition[] = []

  function of(track: TrackId) {
    const known = hubs.get(track)
    if (known !== undefined) return known
    const hub = createHub()
    const made = { hub, publisher: createRungPublisher(hub) }
    hubs.set(track, made)
    return made
  }

  return {
    add: packer.add,
    begin: packer.begin,
    configure(track, epoch, config) {
      packer.configure(track, epoch, config)
      of(track).publisher.configure(epoch, config)
    },
    unit(unit, epoch) {
      packer.unit(unit, epoch)
      of(unit.track).publisher.unit(unit, epoch)
    },
    pause(track, epoch) {
      packer.pause(track, epoch)
      of(track).publisher.pause(epoch)
    },
    reached: packer.reached,
    tick: packer.tick,
    get starts() {
      return packer.starts
    },
    publisherOf: (track) => of(track).publisher,
    list(rungs, measured) {
      const names = new Set<string>()
      renditions = rungs
        .filter(({ isRealTime }) => isRealTime !== false)
        .toSorted((a, b) => b.bitrate - a.bitrate)
        .map(({ track, width, height, frameRate, bitrate }) => {
          const usual = `${Math.min(width, height)}p`
          const name = names.has(usual) ? `${usual}-${track}` : usual
          names.add(name)
          const { hub } = of(track)
          return {
            ...{ name, width, height, frameRate, hub },
            get bitrate() {
              return measured?.(track) ?? bitrate
            },
          }
        })
    },
    get renditions() {
      return renditions
    },
    end() {
      renditions = []
      for (const { hub } of hubs.values()) endHub(hub)
    },
  }
}

/** Publishes to a hub what comes back of one rung, epoch by epoch. */
export interface RungPublisher {
  configure(epoch: number, config: VideoTrackConfig): void
  unit(unit: TimedUnit, epoch: number): void
  /** No more comes of this epoch, at least for now. */
  pause(epoch: number): void
}

export function createRungPublisher(hub: Hub): RungPublisher {
  let coming: { readonly epoch: number; readonly config: VideoTrackConfig } | undefined
  let end = 0

  /** With its first picture: until then there is nothing to begin with. */
  function open(first: TimedUnit): void {
    if (coming === undefined) return
    const { epoch: id, config } = coming
    coming = undefined
    close()
    const frameDuration = 1 / (config.frameRate ?? 30)
    hub.publish({
      kind: 'epoch-opened',
      id,
      start: first.dts,
      wallClock: first.arrivedAt,
      tracks: [{ track: VIDEO_TRACK, config, frameDuration }],
      reason: 'configuration',
    })
  }

  function close(): void {
    if (hub.epoch !== undefined) hub.publish({ kind: 'epoch-closed', id: hub.epoch.id, end })
  }

  return {
    configure(epoch, config) {
      coming = { epoch, config }
    },
    unit(unit, epoch) {
      if (coming?.epoch === epoch && unit.key) open(unit)
      // What an ended ffmpeg still had when the next one began is too late for who watches now.
      if (hub.epoch?.id !== epoch) return
      end = unit.dts
      hub.publish({ kind: 'unit', unit: { ...unit, track: VIDEO_TRACK } })
    },
    pause(epoch) {
      if (coming?.epoch === epoch) coming = undefined
      if (hub.epoch?.id === epoch) close()
    },
  }
}
