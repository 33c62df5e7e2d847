import { isBroughtTrack, isFurtherSound } from '@bandstand/media/access-unit.ts'
import type { AudioTrackConfig } from '@bandstand/media/track.ts'
import { createBroughtPacker } from '../packager/brought-packer.ts'
import type { PictureSize } from '../packager/display-size.ts'
import { followers } from '../packager/followers.ts'
import { type ListedRung, withoutBrought } from '../packager/model.ts'
import { createPackager, type Packager } from '../packager/packager.ts'
import { createRungPacker, type RungPacker } from '../packager/rung-packer.ts'
import { createShelter, sheltered } from '../packager/shelter.ts'
import { chooseTiming } from '../packager/timing.ts'
import type { MemoryBudget } from '../packager/window/budget.ts'
import { resumePoint } from '../packager/window/recovered.ts'
import type { Scheduler } from '../packager/window/waiting-room.ts'
import { createLiveWindow, type LiveWindow } from '../packager/window/window.ts'
import type { AacRendition, AacRenditionOptions } from '../sound/aac-rendition.ts'
import { MADE_SOUND } from '../sound/made.ts'
import type { AssetIndex, AssetWriter, SegmentStore } from '../store/port.ts'
import { recorded } from '../store/recorded.ts'
import { frameRateOf } from '../timeline/frame-rate.ts'
import type { TimelineEvent, TimelineTrack } from '../timeline/model.ts'
import { createTimeline, type TimelineOptions } from '../timeline/timeline.ts'
import type { Ladder, LadderOptions } from '../transcode/ladder.ts'
import { type BroughtPorts, createBrought } from './brought.ts'
import { createBroughtRecord } from './brought-record.ts'
import type { Broadcast } from './channel.ts'
import { declaredBitrate, diagnose } from './diagnosis.ts'
import { createFurtherSounds } from './further-sounds.ts'
import { createHub, type Hub } from './hub.ts'
import { createRungHubs, type RungHubs } from './rung-hubs.ts'

export interface BroadcastOptions {
  readonly assetId: string
  /** Noted with the recording. */
  readonly channelId: string
  readonly store: SegmentStore
  /** `false`: nothing is kept after the broadcast. */
  readonly recording: boolean
  readonly budget: MemoryBudget
  readonly scheduler: Scheduler
  /** Whether the newest group of pictures is kept for readers of the hub to come. */
  readonly keepsGroup: boolean
  /** A reader of the hub failed and was closed, the ladder could not be made, or who is told of changes failed. */
  readonly onReaderFault: (reader: string, error: unknown) => void
  /** Distinguishes this process' validators from those of others. */
  readonly nonce: string
  /** What a former process recorded of this broadcast. */
  readonly recovered?: AssetIndex
  /** The first epoch has opened. Not called for a recovered broadcast. */
  readonly onOpened: (assetId: string, startedAt: number) => void
  /** Players need the multivariant playlist again. */
  readonly onGeneration: () => void
  /** Makes the broadcast's ladder; absent where there is to be none. */
  readonly createLadder?: (
    ports: Pick<LadderOptions, 'packer' | 'list' | 'isBrought'>,
    assetId: string,
  ) => Ladder | undefined
  /** Makes the broadcast's sound in AAC where it comes in another codec; absent where there is to be none. */
  readonly createSound?: (
    ports: Pick<AacRenditionOptions, 'packer' | 'list'>,
    assetId: string,
  ) => AacRendition | undefined
}

/** What exists from the first epoch on: only then are the frame rates known that the constants are chosen by. */
interface Stage {
  readonly packager: Packager
  readonly window: LiveWindow
  readonly writer: AssetWriter
  readonly ladder: Ladder | undefined
  readonly rungs: RungPacker
  readonly rungHubs: RungHubs
  readonly brought: BroughtPorts
  readonly sound: AacRendition | undefined
  readonly soundPacker: RungPacker<AudioTrackConfig>
}

/** One broadcast: timeline → packager → live window and store. */
export function createBroadcast(options: BroadcastOptions): Broadcast {
  const { assetId, store, recovered } = options
  const hub = openHub()
  const timeline = createTimeline(recovered === undefined ? {} : continuation(recovered))
  /** The ladder and what cuts its pictures. */
  const beside = createShelter((error) => stage?.ladder?.fail(error))
  /** Sound in AAC and what cuts it. */
  const besideSound = createShelter((error) => stage?.sound?.fail(error))
  /** What the encoder brings besides its first rendition, and what cuts that. */
  const brought = createBrought({ ports: () => stage?.brought })
  const besideBrought = createShelter((error) => {
    options.onReaderFault('renditions', error)
    brought.giveUp()
  })
  const furtherSounds = createFurtherSounds()
  /** What is listed beside the source. */
  let made: readonly ListedRung[] = []
  let stage: Stage | undefined = recovered === undefined ? undefined : setUp(recovered.timing, store.resume(assetId))
  let tracks: readonly TimelineTrack[] = []
  let bitrate: number | undefined
  /** After a failure nothing more is cut; what is there can still be ended properly. */
  let isBroken = false

  function openHub(): Hub {
    const opened = createHub({ keep: options.keepsGroup, onFault: options.onReaderFault })
    options.budget.join(opened)
    return opened
  }

  function endHub(ending: Hub): void {
    options.budget.leave(ending)
    ending.end()
  }

  function setUp(timing: AssetIndex['timing'], writer: AssetWriter): Stage {
    const window = createLiveWindow({
      assetId,
      timing,
      budget: options.budget,
      scheduler: options.scheduler,
      nonce: options.nonce,
      older: {
        available: () => writer.state.recording,
        written: () => writer.written(),
        read: (track, first, last) => writer.read(track, first, last),
      },
      onGeneration: () => attended('page', options.onGeneration),
      onLadderAsked: () => beside.pass(() => stage?.ladder?.asked()),
      onSoundAsked: () => besideSound.pass(() => stage?.sound?.asked()),
      ...(recovered !== undefined && { recovered }),
    })
    const rungs = createRungPacker({ timing, sink: window, numbersOf: (track) => packager.numbersOf(track) })
    const soundPacker = createRungPacker<AudioTrackConfig>({
      ...{ timing, sink: window, sound: MADE_SOUND },
      numbersOf: (track) => packager.numbersOf(track),
    })
    const record = createBroughtRecord(writer)
    const broughtPacker = createBroughtPacker({
      timing,
      // As for the packager's: the writer first.
      sink: {
        epoch: record.epoch,
        rung(epoch, track) {
          record.rung(epoch, track)
          window.rung(epoch, track)
        },
        part(part) {
          record.part(part)
          window.part(part)
        },
      },
      numbersOf: (track) => packager.numbersOf(track),
    })
    const packager = createPackager({
      timing,
      // The writer first: the window asks whether what it lists is recorded, and when it is written.
      sinks: [writer, window],
      follower: followers(
        sheltered(rungs, beside),
        sheltered(broughtPacker, besideBrought),
        sheltered(soundPacker, besideSound),
      ),
      ...(recovered !== undefined && {
        start: firstNumbers(recovered),
        before: recovered.epochs.map(withoutBrought),
      }),
    })
    const rungHubs = createRungHubs({ packer: rungs, createHub: openHub, endHub })
    const list = () => {
      const all = [...brought.listed, ...made].toSorted(bySize)
      rungHubs.list(all, brought.bitrate)
      window.ladder(all)
    }
    return {
      ...{ packager, window, writer, rungs, rungHubs, soundPacker },
      sound: attended('sound', () => options.createSound?.({ packer: soundPacker, list: window.sounds }, assetId)),
      ladder: makeLadder(rungHubs, list),
      brought: {
        packer: broughtPacker,
        hubs: rungHubs,
        list() {
          list()
          beside.pass(() => stage?.ladder?.reconsider())
        },
      },
    }
  }

  function makeLadder(packer: RungHubs, list: () => void): Ladder | undefined {
    const ports: Pick<LadderOptions, 'packer' | 'list' | 'isBrought'> = {
      packer,
      list(rungs) {
        made = rungs
        list()
      },
      isBrought: (rung) => brought.listed.some((own) => isAlike(own, rung)),
    }
    return attended('ladder', () => options.createLadder?.(ports, assetId))
  }

  function attended<T>(who: string, step: () => T): T | undefined {
    try {
      return step()
    } catch (error) {
      options.onReaderFault(who, error)
      return undefined
    }
  }

  /** @throws what the timeline or the packager throws, once. */
  function guard(step: () => void): void {
    if (isBroken) return
    try {
      step()
    } catch (error) {
      isBroken = true
      throw error
    }
  }

  function handle(events: readonly TimelineEvent[], now: number): void {
    for (const event of events) {
      // Readers take one sound: a group of pictures is held for them with that alone.
      if (event.kind !== 'unit' || !isFurtherSound(event.unit.track)) hub.publish(event)
      const isFirst = stage === undefined && event.kind === 'epoch-opened'
      if (isFirst) {
        const timing = chooseTiming(event.tracks.map((track) => track.frameDuration))
        stage = setUp(
          timing,
          store.create(assetId, timing, { recording: options.recording, channelId: options.channelId }),
        )
      }
      if (event.kind === 'epoch-opened') {
        tracks = event.tracks
        const pictures = tracks.find(({ config }) => config.kind === 'video')
        const frameRate = pictures && frameRateOf(pictures)
        stage?.window.declare({
          ...(bitrate !== undefined && { bitrate }),
          ...(frameRate !== undefined && { frameRate }),
        })
      }
      stage?.packager.handle(event, now)
      besideBrought.pass(() => brought.handle(event))
      beside.pass(() => stage?.ladder?.handle(event))
      besideSound.pass(() => stage?.sound?.handle(event))
      if (isFirst && event.kind === 'epoch-opened') options.onOpened(assetId, event.wallClock)
    }
  }

  /** Everything the encoder sent is cut and listed. */
  function drain(now: number): void {
    guard(() => {
      handle(timeline.stop(now), now)
      stage?.packager.finish(now)
      besideBrought.pass(() => brought.encoderLeft())
    })
  }

  /**
   * Everyone who follows has all of it. One that fails keeps no other from its end.
   *
   * @returns the first failure.
   * @throws what `write` throws
   */
  async function conclude(
    now: number,
    last: () => void,
    write: () => Promise<void> | undefined,
  ): Promise<Error | undefined> {
    const failures: Error[] = []
    const attempt = (step: () => void): void => {
      try {
        step()
      } catch (error) {
        failures.push(error as Error)
      }
    }
    attempt(() => drain(now))
    attempt(() => endHub(hub))
    // Before the ladder ends: it is told what goes wrong.
    beside.pass(() => stage?.rungs.finish(now))
    besideBrought.pass(() => stage?.brought.packer.finish(now))
    besideSound.pass(() => stage?.soundPacker.finish(now))
    attempt(() => stage?.ladder?.close())
    attempt(() => stage?.sound?.close())
    attempt(() => stage?.rungHubs.end())
    attempt(last)
    await write()
    return failures[0]
  }

  return {
    assetId,
    hub,
    get rungs() {
      return stage?.rungHubs.renditions ?? []
    },
    askForRungs: () => beside.pass(() => stage?.ladder?.asked()),
    get live() {
      return stage?.window.multivariant() === undefined ? undefined : stage.window
    },
    get generation() {
      return stage?.window.generation ?? 0
    },
    encoderArrived(now) {
      guard(() => handle(timeline.startEpoch(now), now))
      besideBrought.pass(() => brought.encoderArrived())
    },
    announce: (expected, now) => guard(() => handle(timeline.announce(expected, now), now)),
    configure(track, config, now, bitrate) {
      if (!isBroughtTrack(track)) return guard(() => handle(timeline.configure(track, config, now), now))
      besideBrought.pass(() => brought.configure(track, config, bitrate, now))
      guard(() => handle(timeline.brought(brought.configured, now), now))
    },
    unit(unit, now) {
      furtherSounds.heard(unit.track, now)
      if (!isBroughtTrack(unit.track)) return guard(() => handle(timeline.unit(unit, now), now))
      besideBrought.pass(() => brought.unit(unit, now))
      const reach = brought.standIn(now)
      if (reach === undefined) return
      guard(() => {
        timeline.beside(reach)
        stage?.packager.beside(reach, now)
      })
    },
    encoderLeft: drain,
    tick(now) {
      if (timeline.deadline !== undefined && now >= timeline.deadline) guard(() => handle(timeline.tick(now), now))
      beside.pass(() => stage?.ladder?.tick())
      besideBrought.pass(() => brought.tick(now))
      besideSound.pass(() => stage?.sound?.tick())
    },
    describe(facts) {
      bitrate = declaredBitrate(facts) ?? bitrate
      if (bitrate !== undefined) stage?.window.declare({ bitrate })
    },
    async end(now) {
      const failure = await conclude(
        now,
        () => stage?.window.end(),
        () => stage?.writer.end(),
      )
      const index = stage === undefined ? undefined : await store.index(assetId)
      return { duration: index === undefined ? 0 : recorded(index).duration, bytes: index?.bytes ?? 0, failure }
    },
    async suspend(now) {
      const failure = await conclude(
        now,
        () => undefined,
        () => stage?.writer.suspend(),
      )
      if (failure !== undefined) throw failure
    },
    close: () => stage?.window.close(),
    diagnose() {
      if (stage === undefined) return undefined
      const ladder = stage.ladder?.report
      const sound = stage.sound?.report
      const { report } = brought
      return {
        ...diagnose(stage.packager, tracks, furtherSounds, timeline.counters.jumps),
        ...(ladder !== undefined && { ladder }),
        ...(report !== undefined && { brought: report }),
        ...(sound !== undefined && { sound }),
      }
    },
  }
}

/** Highest first; of pictures of one size that of more bits. */
function bySize(a: ListedRung, b: ListedRung): number {
  return b.width * b.height - a.width * a.height || b.bitrate - a.bitrate
}

/** Near enough that nobody needs both: encoders round sizes to whole blocks. */
function isAlike(a: PictureSize, b: PictureSize): boolean {
  const lines = ({ width, height }: PictureSize) => Math.min(width, height)
  return Math.abs(lines(a) / lines(b) - 1) < 0.1
}

function firstNumbers(recovered: AssetIndex): AssetIndex['next'] {
  return { msn: resumePoint(recovered).msn, part: recovered.next.part }
}

/** Where the timeline of a recovered broadcast goes on. */
function continuation(recovered: AssetIndex): TimelineOptions {
  const { start, epoch, notBefore } = resumePoint(recovered)
  return { start, firstEpoch: epoch, notBefore }
}
