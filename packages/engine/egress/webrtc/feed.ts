import { VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { parseAvcC } from '@bandstand/media/codecs/h264/avcc.ts'
import { parseSps } from '@bandstand/media/codecs/h264/sps.ts'
import type { ProfileLevelId } from '@bandstand/media/protocols/sdp/h264-profile.ts'
import type { AudioTrackConfig, VideoCodec, VideoTrackConfig } from '@bandstand/media/track.ts'
import type { Hub, OpenEpoch } from '../../stream/hub.ts'
import type { TimedUnit, TimelineEvent } from '../../timeline/model.ts'
import { PROCESS_LIMITS } from '../../webrtc/limits.ts'
import { WEBRTC_LIMITS } from './limits.ts'
import type { ToRoom } from './messages.ts'

export interface FeedOptions {
  readonly id: number
  readonly name: string
  readonly hub: Hub
  readonly send: (message: ToRoom) => void
  /** Bytes of media on their way to the process. */
  readonly sending: () => number
  /** Learned of the pictures' order. `false` may still become `true`, when an encoder uses B-frames here and there. */
  readonly onJudged: (hasBFrames: boolean) => void
  /** The hub has ended. */
  readonly onEnded: () => void
}

/** The pictures of one stream on their way from its hub to the WebRTC process, once for all its viewers. */
export interface Feed {
  readonly id: number
  readonly epoch: OpenEpoch | undefined
  /** Pictures are decoded in another order than they are shown; `undefined` while it is not known. */
  readonly hasBFrames: boolean | undefined
  readonly droppedGroups: number
  /** There is room again. */
  pump(): void
  close(): void
}

export function createFeed(options: FeedOptions): Feed {
  const { id, send } = options
  let epoch: OpenEpoch | undefined
  let hasBFrames: boolean | undefined
  let judged = 0
  let newest = Number.NEGATIVE_INFINITY
  let isClosed = false

  /** Whether pictures come in the order in which they are shown. */
  function judge({ pts }: TimedUnit): void {
    if (pts < newest) verdict(true)
    else if (++judged === WEBRTC_LIMITS.judgePictures) verdict(hasBFrames ?? false)
    newest = Math.max(newest, pts)
  }

  function verdict(found: boolean): void {
    if (hasBFrames === found) return
    hasBFrames = found
    options.onJudged(found)
  }

  function pass(event: TimelineEvent): void {
    if (event.kind === 'epoch-opened') {
      epoch = event
      newest = Number.NEGATIVE_INFINITY
      judged = 0
      hasBFrames = undefined
      const config = picturesOf(event)
      // No viewer here takes another codec: as with B-frames, pictures are made for them.
      if (config !== undefined && config.codec !== 'h264') verdict(true)
      else if (config === undefined || promisesNoReordering(config.decoderConfig)) verdict(false)
      send({ kind: 'epoch', stream: id, decoderConfig: config?.codec === 'h264' ? config.decoderConfig : undefined })
    } else if (event.kind === 'epoch-closed') {
      epoch = undefined
    } else if (event.unit.track === VIDEO_TRACK) {
      const { pts, key, data } = event.unit
      judge(event.unit)
      // Browsers show pictures in the order in which they come.
      if (hasBFrames) return
      send({ kind: 'picture', stream: id, time: pts, key, data })
    }
  }

  function pump(): void {
    for (;;) {
      if (isClosed || options.sending() >= PROCESS_LIMITS.sendingBytes) return
      const event = reader.take()
      if (event === undefined) break
      pass(event)
    }
    if (!reader.ended) return
    isClosed = true
    options.onEnded()
  }

  const reader = options.hub.read({
    name: options.name,
    from: 'newest-key',
    maxBytes: WEBRTC_LIMITS.queuedBytes,
    maxDuration: WEBRTC_LIMITS.queuedDuration,
    isUrgent: () => true,
    onReady: pump,
  })

  return {
    id,
    get epoch() {
      return epoch
    },
    get hasBFrames() {
      return hasBFrames
    },
    get droppedGroups() {
      return reader.dropped.groups
    },
    pump,
    close() {
      isClosed = true
      reader.close()
    },
  }
}

export function picturesOf(epoch: OpenEpoch): VideoTrackConfig | undefined {
  const track = epoch.tracks.find(({ config }) => config.kind === 'video')
  return track?.config.kind === 'video' ? track.config : undefined
}

export function soundOf(epoch: OpenEpoch): AudioTrackConfig | undefined {
  const track = epoch.tracks.find(({ config }) => config.kind === 'audio')
  return track?.config.kind === 'audio' ? track.config : undefined
}

/** Of the pictures now; without any the one that says nothing about itself. */
export function codecOf({ epoch }: Hub): VideoCodec {
  return (epoch && picturesOf(epoch)?.codec) ?? 'h264'
}

/** From the first sequence parameter set: the record's own copy may differ. */
export function profileOf(config: VideoTrackConfig): ProfileLevelId {
  // Nothing of it is sent: any profile will do.
  if (config.codec !== 'h264') return { profileIdc: 0x42, constraints: 0xe0, levelIdc: 31 }
  const [, profileIdc = 0x42, constraints = 0, levelIdc = 31] = parseAvcC(config.decoderConfig).sps[0] ?? []
  return { profileIdc, constraints, levelIdc }
}

/** Only a promise counts: encoders also announce a depth and never use it (H.264 §E.2.1, max_num_reorder_frames). */
function promisesNoReordering(decoderConfig: Uint8Array): boolean {
  const [sps] = parseAvcC(decoderConfig).sps
  return sps !== undefined && parseSps(sps).maxNumReorderFrames === 0
}
