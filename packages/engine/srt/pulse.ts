/** Datagrams that one turn of the event loop reads at most are twice as many: with fewer, the socket is empty. */
const FEW = 16
/** Turns that are waited for it: a flood does not stop time. */
const TURNS = 100

export interface Pulse {
  /** A datagram was read. */
  received(): void
  start(): void
  stop(): void
}

/**
 * Lets time pass at even intervals, but never before everything that lies in the socket has been read. After a pause of the process
 * timers come first, and packets would be given up as too late whose repetitions have long arrived.
 */
export function createPulse(everyMs: number, pass: () => void): Pulse {
  let timer: NodeJS.Timeout | undefined
  let datagrams = 0
  let turns = 0
  let isSettling = false

  function settle(): void {
    if (timer !== undefined && datagrams >= FEW && turns < TURNS) {
      datagrams = 0
      turns++
      setImmediate(settle)
      return
    }
    isSettling = false
    if (timer !== undefined) pass()
  }

  function tick(): void {
    if (isSettling) return
    isSettling = true
    datagrams = 0
    turns = 0
    // Behind the reading of sockets in this turn.
    setImmediate(settle)
  }

  return {
    received() {
      datagrams++
    },
    start() {
      timer ??= setInterval(tick, everyMs)
    },
    stop() {
      clearInterval(timer)
      timer = undefined
    },
  }
}
