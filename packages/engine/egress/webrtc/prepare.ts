import type { Supervisor } from '../../webrtc/supervisor.ts'
import { soundOf } from './feed.ts'
import {
  chooseMedia,
  DOWN,
  NOT_READY,
  OFFLINE,
  type OfferRefusal,
  printTaken,
  readOffer,
  type TakenMedia,
} from './offer.ts'
import type { Seat, Seating } from './seating.ts'
import type { Stages } from './stages.ts'
import type { Watchable } from './watchable.ts'

/** An offer, as it came. */
export interface OfferRequest {
  readonly channel: string
  /** By name: it stays with that one. */
  readonly rendition?: string
  /** Name of the one that it begins with, if that runs; from there the server chooses. */
  readonly begin?: string
  readonly sdp: string
  /** The viewer's address. */
  readonly remote: string
  /** What its player calls itself on every way of watching, where it does. */
  readonly viewer?: string
}

/** All that an answer needs. */
export interface Prepared {
  readonly seat: Seat
  readonly media: TakenMedia
  /** The offer with the sections that are answered. */
  readonly sdp: string
  /** Why there is no sound although the stream has some. */
  readonly soundMissing: string | undefined
}

export interface PreparationOptions {
  readonly find: (channel: string) => Watchable | undefined
  readonly supervisor: Pick<Supervisor, 'ensure' | 'isUp' | 'restsFor'>
  readonly stages: Pick<Stages, 'sound'>
  readonly seating: Pick<Seating, 'find'>
}

/** Reads offers and finds what they are answered with; starts the process for those that could be. */
export function createPreparation({ find, supervisor, stages, seating }: PreparationOptions) {
  return async function prepare(request: OfferRequest): Promise<Prepared | OfferRefusal> {
    const offer = readOffer(request.sdp)
    if ('code' in offer) return offer
    if (isOffline(find(request.channel))) return OFFLINE
    try {
      await supervisor.ensure()
    } catch {
      return down(supervisor)
    }
    const stream = find(request.channel)
    if (stream === undefined || isOffline(stream)) return OFFLINE
    const seat = await seating.find(stream, request.channel, request.rendition, request.begin)
    // It may have died while a rendition was waited for.
    if (!supervisor.isUp) return down(supervisor)
    if ('code' in seat) return seat
    const { epoch } = seat.stage
    const sourceEpoch = stream.source.hub.epoch
    if (epoch === undefined || sourceEpoch === undefined) return NOT_READY
    const sound = soundOf(sourceEpoch)
    const soundMissing = sound && stages.sound(stream.source.hub, request.channel).missing
    const media = chooseMedia(offer, epoch, soundMissing === undefined ? sound : undefined)
    if ('code' in media) return media
    return { seat, media, sdp: printTaken(offer, media), soundMissing }
  }
}

/** The process is not to be had, and when it may be. */
export function down(supervisor: Pick<Supervisor, 'restsFor'>): OfferRefusal {
  return { ...DOWN, retryAfter: Math.max(1, Math.ceil(supervisor.restsFor / 1000)) }
}

function isOffline(stream: Watchable | undefined): boolean {
  return stream === undefined || stream.source.hub.ended
}
