import { setTimeout as sleep } from 'node:timers/promises'
import type { Hub } from '../../stream/hub.ts'
import { codecOf } from './feed.ts'
import { WEBRTC_LIMITS } from './limits.ts'
import { BUSY, CHANGED, encodedAgain, NO_RENDITION, NOT_READY, notSent, OFFLINE, type OfferRefusal } from './offer.ts'
import type { Stage } from './stage.ts'
import type { Stages } from './stages.ts'
import { type Offered, offeredOf, SOURCE, type Watchable } from './watchable.ts'

/** Where a viewer begins. */
export interface Seat {
  readonly stage: Stage
  /** By name. */
  readonly rendition: string
  /** Why it is not what the encoder sends. */
  readonly reason?: string
}

/** Finds renditions for viewers, and has those made that are watched. */
export interface Seating {
  /** @param watched the hub that the viewer is on. */
  offered(stream: Watchable, channel: string, watched: Hub): readonly Offered[]
  /** Its encoder sends B-frames or another codec than H.264, so that nothing of it is sent on. */
  isReordered(hub: Hub): boolean
  /** Has it made for a while. */
  keep(stream: Watchable, rendition: Offered): void
  /**
   * @param wanted by name; the best otherwise. One that has to be made first is waited for.
   * @param begin where none is wanted: the name of one to begin with, if it runs.
   */
  find(stream: Watchable, channel: string, wanted?: string, begin?: string): Promise<Seat | OfferRefusal>
}

export function createSeating(stages: Stages): Seating {
  function isReordered({ epoch }: Hub): boolean | undefined {
    return epoch && stages.hasBFrames(epoch)
  }

  function keep(stream: Watchable, { name, hub }: Offered): void {
    if (name !== SOURCE) stream.askForRungs()
    else if (hub !== stream.source.hub) stream.askForPlain()
  }

  /** Waits until it runs. */
  async function begun(stream: Watchable, rendition: Offered): Promise<boolean> {
    const { hub } = rendition
    const until = performance.now() + WEBRTC_LIMITS.beginMs
    while (hub.epoch === undefined && !hub.ended && performance.now() < until) {
      keep(stream, rendition)
      await sleep(WEBRTC_LIMITS.beginStepMs)
    }
    return hub.epoch !== undefined
  }

  /** Its stage ended while it was looked at: with the broadcast, or the process. */
  function gone({ source }: Watchable): OfferRefusal {
    return source.hub.ended ? OFFLINE : CHANGED
  }

  async function sit(
    stream: Watchable,
    channel: string,
    rendition: Offered,
    reason?: string,
  ): Promise<Seat | OfferRefusal> {
    keep(stream, rendition)
    if (!(await begun(stream, rendition))) return stream.source.hub.ended ? OFFLINE : NOT_READY
    const stage = stages.of(rendition.hub, stream.source.hub, channel)
    if (stage === undefined) return BUSY
    // An encoder of the machine may reorder although it was told not to.
    const verdict = await stage.judged()
    if (!stages.isOpen(stage)) return gone(stream)
    if (verdict === 'unknown') return NOT_READY
    if (verdict === 'b-frames') return notSent('h264', 'the encoder of this server makes them too')
    return { stage, rendition: rendition.name, ...(reason !== undefined && { reason }) }
  }

  /** What stands for a source that is not sent as it is. */
  async function instead(stream: Watchable, channel: string, isWanted: boolean): Promise<Seat | OfferRefusal> {
    const plain = stream.plain()
    const codec = codecOf(stream.source.hub)
    const offered = offeredOf(stream, true)
    const first = offered.find(({ name }) => name === SOURCE)
    if (first !== undefined) keep(stream, first)
    // What is made already is there at once; from it the viewer climbs.
    const running = offered.find(({ isRunning }) => isRunning)
    const chosen = isWanted ? first : (running ?? first)
    if (chosen === undefined) return notSent(codec, typeof plain === 'string' ? plain : 'nothing can be made of it')
    const seat = await sit(stream, channel, chosen, encodedAgain(codec))
    if (!('code' in seat) || seat.code !== 'not-ready') return seat
    const why = stream.plain()
    return typeof why === 'string' ? notSent(codec, why) : seat
  }

  return {
    offered(stream, channel, watched) {
      const { hub } = stream.source
      const reordered = isReordered(hub)
      // It is found out by watching it for a moment.
      if (hub.epoch !== undefined && reordered === undefined) stages.of(hub, hub, channel)
      // An encoder of the machine may reorder although it was told not to.
      return offeredOf(stream, reordered, watched).filter((rendition) => isReordered(rendition.hub) !== true)
    },
    isReordered: (hub) => isReordered(hub) ?? false,
    keep,
    async find(stream, channel, wanted, begin) {
      const { source } = stream
      if (source.hub.epoch === undefined) return NOT_READY
      const rungOf = (called: string) => offeredOf(stream, false).find(({ name }) => name === called)
      if (wanted !== undefined && wanted !== SOURCE) {
        const rung = rungOf(wanted)
        return rung === undefined ? NO_RENDITION : sit(stream, channel, rung)
      }
      const first = wanted === undefined && begin !== undefined && begin !== SOURCE ? rungOf(begin) : undefined
      if (first?.isRunning === true) {
        const seat = await sit(stream, channel, first)
        if (!('code' in seat)) return seat
      }
      const stage = stages.of(source.hub, source.hub, channel)
      if (stage === undefined) return BUSY
      const verdict = await stage.judged()
      if (!stages.isOpen(stage)) return gone(stream)
      if (verdict === 'unknown') return NOT_READY
      if (verdict === 'plain') return { stage, rendition: SOURCE }
      return instead(stream, channel, wanted === SOURCE)
    },
  }
}
