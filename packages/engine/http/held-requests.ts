import { limits } from './limits.ts'
import { type Connection, connectionOf, type HttpRequest, type HttpResponse } from './message.ts'
import { abandon, whenTaken } from './outbox.ts'
import { isShared } from './shared-connections.ts'
import type { Turn, Urgency } from './turn.ts'

/** Requests that are held open until something is made, bounded in total and per connection. */
export interface HeldRequests {
  /** Requests held now. */
  readonly size: number
  /**
   * Calls `then` with the value when it is ready, or with nothing where it could not be made, unless the client has gone by
   * then: such a request leaves at once and keeps nothing alive.
   *
   * @param ready one promise for all who wait for the same thing: they are released together.
   * @param urgency of all who wait for it.
   * @returns false when there is no room; nothing has been done then.
   */
  hold<T>(req: HttpRequest, res: HttpResponse, ready: Promise<T>, urgency: Urgency, then: Then<T>): boolean
}

export interface HeldRequestsOptions {
  /** Requests in all. */
  readonly total: number
  /** Not for connections that a reverse proxy shares among its viewers: those have a limit of their own. */
  readonly perConnection: number
  /** Those who waited are answered in turns. */
  readonly turn: Turn
  /** The kernel has taken the last byte of the last answer to those who waited for this value. */
  readonly onDelivered?: (value: unknown) => void
}

/** @param isFailed what was waited for could not be made */
type Then<T> = (req: HttpRequest, res: HttpResponse, value: T | undefined, isFailed: boolean) => void

/** One request that waits. */
interface Seat {
  readonly req: HttpRequest
  readonly res: HttpResponse
  readonly send: Then<unknown>
  readonly connection: Connection
  readonly leave: () => void
}

/** Everyone who waits for the same promise. */
interface Party {
  readonly seats: Set<Seat>
  /** What they waited for; set when it is there. */
  answer: { readonly value: unknown; readonly isFailed: boolean } | undefined
  /** Of those who were released, those whose answer the kernel has not taken yet. */
  left: number
}

export function createHeldRequests(options: HeldRequestsOptions): HeldRequests {
  const perConnection = new WeakMap<Connection, number>()
  const parties = new WeakMap<Promise<unknown>, Party>()
  let size = 0

  function openParty(ready: Promise<unknown>, urgency: Urgency): Party {
    const party: Party = { seats: new Set(), answer: undefined, left: 0 }
    parties.set(ready, party)
    const settle = (value: unknown, isFailed: boolean) => {
      parties.delete(ready)
      party.answer = { value, isFailed }
      party.left = party.seats.size
      // One iterator for all turns: a new one would step over everyone who has been answered.
      const seats = party.seats.values()
      options.turn.queue(() => release(party, seats), urgency)
    }
    ready.then(
      (value) => settle(value, false),
      () => settle(undefined, true),
    )
    return party
  }

  function stand(party: Party, seat: Seat): void {
    party.seats.delete(seat)
    seat.res.off('close', seat.leave)
    size--
    perConnection.set(seat.connection, (perConnection.get(seat.connection) ?? 1) - 1)
  }

  function settled(party: Party): void {
    party.left--
    if (party.left === 0) options.onDelivered?.(party.answer?.value)
  }

  function answer(party: Party, { req, res, send }: Seat): void {
    try {
      send(req, res, party.answer?.value, party.answer?.isFailed === true)
    } catch {
      // One bad answer must not take the others of its burst with it.
      abandon(req, res)
    }
    if (options.onDelivered !== undefined) whenTaken(req, res, () => settled(party))
  }

  /** Answers one of the party; true while there are more. */
  function release(party: Party, seats: Iterator<Seat>): boolean {
    const { value: seat, done } = seats.next()
    if (done === true) return false
    stand(party, seat)
    answer(party, seat)
    return party.seats.size > 0
  }

  return {
    get size() {
      return size
    },
    hold(req, res, ready, urgency, then) {
      const connection = connectionOf(req)
      const count = connection === undefined ? 0 : (perConnection.get(connection) ?? 0)
      const most = connection !== undefined && isShared(connection) ? limits.sharedWaiting : options.perConnection
      if (connection === undefined || size >= options.total || count >= most) {
        // What is being made may fail while nobody waits for it, which is no fault of the process.
        ready.catch(() => undefined)
        return connection === undefined
      }
      size++
      perConnection.set(connection, count + 1)
      const party = parties.get(ready) ?? openParty(ready, urgency)
      const leave = () => {
        stand(party, seat)
        if (party.answer !== undefined) settled(party)
      }
      const seat: Seat = { req, res, send: then as Then<unknown>, connection, leave }
      res.on('close', leave)
      party.seats.add(seat)
      return true
    },
  }
}
