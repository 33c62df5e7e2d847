import { type Connection, connectionOf, type HttpRequest, type HttpResponse } from './message.ts'
import { abandon, whenTaken } from './outbox.ts'

/** Requests that wait for something to be made, bounded in total and per connection. */
export interface WaitingRoom {
  /** Requests waiting now. */
  readonly size: number
  /**
   * Calls `then` with the value when it is ready, unless the client has gone by then: such a request leaves at once and
   * keeps nothing alive.
   *
   * @param ready one promise for all who wait for the same thing: they are released together.
   * @returns false when there is no room; nothing has been done then.
   */
  wait<T>(req: HttpRequest, res: HttpResponse, ready: Promise<T>, then: Then<T>): boolean
}

export interface WaitingRoomOptions {
  /** Requests in all. */
  readonly total: number
  readonly perConnection: number
  /** The kernel has taken the last byte of the last answer to those who waited for this value. */
  readonly onDelivered?: (value: unknown) => void
}

type Then<T> = (req: HttpRequest, res: HttpResponse, value: T | undefined) => void

/**
 * How long one turn of the event loop may go on sending answers that became ready together, in milliseconds. A crowd of
 * waiting players is released at once, and a listener for media must not wait until the last of them is served.
 */
const turn = 8

/** One request that waits. */
interface Seat {
  readonly req: HttpRequest
  readonly res: HttpResponse
  readonly then: Then<unknown>
  readonly connection: Connection
  readonly leave: () => void
}

/** Everyone who waits for the same promise. */
interface Party {
  readonly seats: Set<Seat>
  /** What they waited for; set when it is there. */
  answer: { readonly value: unknown } | undefined
  /** Of those who were released, those whose answer the kernel has not taken yet. */
  left: number
}

export function createWaitingRoom(options: WaitingRoomOptions): WaitingRoom {
  const perConnection = new WeakMap<Connection, number>()
  const parties = new WeakMap<Promise<unknown>, Party>()
  const releasing: Party[] = []
  let scheduled = false
  let size = 0

  function openParty(ready: Promise<unknown>): Party {
    const party: Party = { seats: new Set(), answer: undefined, left: 0 }
    parties.set(ready, party)
    const settle = (value: unknown) => {
      parties.delete(ready)
      party.answer = { value }
      party.left = party.seats.size
      releasing.push(party)
      schedule(queueMicrotask)
    }
    ready.then(settle, () => settle(undefined))
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

  function answer(party: Party, { req, res, then }: Seat): void {
    try {
      then(req, res, party.answer?.value)
    } catch {
      // One bad answer must not take the others of its burst with it.
      abandon(req, res)
    }
    if (options.onDelivered !== undefined) whenTaken(req, res, () => settled(party))
  }

  function schedule(when: (f: () => void) => unknown): void {
    if (scheduled) return
    scheduled = true
    when(release)
  }

  /** Answers in order: at once while the turn lasts, in following turns after that. */
  function release(): void {
    scheduled = false
    const until = performance.now() + turn
    let done = 0
    for (let party = releasing[0]; party !== undefined; party = releasing[0]) {
      for (const seat of party.seats) {
        if (done > 0 && done % 8 === 0 && performance.now() > until) return schedule(setImmediate)
        done++
        stand(party, seat)
        answer(party, seat)
      }
      releasing.shift()
    }
  }

  return {
    get size() {
      return size
    },
    wait(req, res, ready, then) {
      const connection = connectionOf(req)
      if (connection === undefined) return true
      const count = perConnection.get(connection) ?? 0
      if (size >= options.total || count >= options.perConnection) return false
      size++
      perConnection.set(connection, count + 1)
      const party = parties.get(ready) ?? openParty(ready)
      const leave = () => {
        stand(party, seat)
        if (party.answer !== undefined) settled(party)
      }
      const seat: Seat = { req, res, then: then as Then<unknown>, connection, leave }
      res.on('close', leave)
      party.seats.add(seat)
      return true
    },
  }
}
