import { acceptCaller } from '../handshake/accept.ts'
import { createSrtCaller, type SrtCallerOptions } from '../handshake/caller.ts'
import { createSrtListener } from '../handshake/listener.ts'
import { SRT_LIMITS, type SrtLimits } from '../limits.ts'
import { createSrtSession, type SrtSession } from '../session/session.ts'
import { testCrypto } from './crypto.ts'
import { createRandom } from './random.ts'

export interface PairOptions {
  readonly seed?: number
  /** Share of the datagrams that are lost, each way. */
  readonly loss?: number
  /** One way, ms, and what may be added to it for each datagram. */
  readonly delay?: number
  readonly jitter?: number
  readonly latency?: number
  readonly callerPassphrase?: string
  readonly listenerPassphrase?: string
  readonly keyLength?: number
  readonly limits?: Partial<SrtLimits>
  /** How much faster the caller's clock runs, as a share. */
  readonly drift?: number
  /** Sequence number that both begin with. */
  readonly initialSequence?: number
  /** The listener sleeps: nothing reaches it and nothing is done by it between these times (ms). */
  readonly pause?: readonly [from: number, to: number]
}

interface Arrival {
  readonly at: number
  readonly packet: Uint8Array
}

/** A caller and a listener, with a line between them and one clock, all of it simulated. */
export function createPair(options: PairOptions = {}) {
  const { seed = 1, loss = 0, delay = 10, jitter = 0, latency = 120, drift = 0, pause } = options
  const limits: SrtLimits = { ...SRT_LIMITS, ...options.limits }
  const crypto = testCrypto(seed)
  const random = createRandom(seed + 1000)
  const [up, down]: [Arrival[], Arrival[]] = [[], []]
  let now = 0
  const callerNow = () => now * (1 + drift)
  let lossNow = 0
  let acknowledgements = 0
  let sentByListener = 0

  function post(way: Arrival[], packet: Uint8Array): void {
    if (random() < lossNow) return
    // A copy: what is sent again is marked in place.
    way.push({ at: now + delay + random() * jitter, packet: packet.slice() })
    way.sort((a, b) => a.at - b.at)
  }

  const callerOptions: SrtCallerOptions = {
    ...{ crypto, limits, latency, streamId: 'publish:some-key', socketId: 0x1234, now: 0 },
    initialSequence: options.initialSequence ?? 1000,
    ...(options.callerPassphrase !== undefined && { passphrase: options.callerPassphrase }),
    ...(options.keyLength !== undefined && { keyLength: options.keyLength }),
  }
  const calling = createSrtCaller(callerOptions)
  const listening = createSrtListener({
    ...{ crypto, limits, secret: crypto.randomBytes(32) },
    ...(options.listenerPassphrase !== undefined && { passphrase: options.listenerPassphrase }),
  })
  const received: { readonly at: number; readonly payload: Uint8Array }[] = []
  const returned: { readonly at: number; readonly payload: Uint8Array }[] = []
  const refusals: string[] = []
  let caller: SrtSession | undefined
  let listener: SrtSession | undefined
  let answer: Uint8Array | undefined

  function toListener(packet: Uint8Array): void {
    if (listener !== undefined && packet.slice(12, 16).some((byte) => byte !== 0)) {
      listener.receive(packet, now)
      return
    }
    if (answer !== undefined) {
      post(down, answer)
      return
    }
    const step = listening.receive(packet, '192.0.2.1:5000', now)
    if (step.kind === 'answer' || step.kind === 'refused') post(down, step.packet)
    if (step.kind === 'refused') refusals.push(step.refusal.text)
    if (step.kind !== 'caller') return
    const accepted = acceptCaller(step.request, 0x4321, limits, now)
    answer = accepted.packet
    listener = createSrtSession(accepted.session, {
      send: (packet) => {
        sentByListener++
        if (packet[0] === 0x80 && packet[1] === 2) acknowledgements++
        post(down, packet)
      },
      payload: (payload) => void received.push({ at: now, payload }),
    })
    post(down, answer)
  }

  function toCaller(packet: Uint8Array): void {
    if (caller !== undefined) {
      caller.receive(packet, callerNow())
      return
    }
    const next = calling.receive(packet, callerNow())
    if (next !== undefined) post(up, next)
    if (calling.state.kind !== 'connected') return
    caller = createSrtSession(calling.state.session, {
      send: (packet) => post(up, packet),
      payload: (payload) => void returned.push({ at: now, payload }),
    })
  }

  const isAsleep = () => pause !== undefined && now >= pause[0] && now < pause[1]

  function step(): void {
    now++
    // What lay in the socket is read before time passes.
    while (!isAsleep() && up.length > 0 && (up[0] as Arrival).at <= now) toListener((up.shift() as Arrival).packet)
    while (down.length > 0 && (down[0] as Arrival).at <= now) toCaller((down.shift() as Arrival).packet)
    const packet = calling.wake(callerNow())
    if (packet !== undefined) post(up, packet)
    if (caller !== undefined && callerNow() >= caller.wakeAt) caller.wake(callerNow())
    // As the one timer of all sessions does.
    if (!isAsleep() && now % 10 === 0 && listener !== undefined && now >= listener.wakeAt) listener.wake(now)
  }

  return {
    received,
    returned,
    refusals,
    get now() {
      return now
    },
    /** ACKs of the listener's. */
    get acknowledgements() {
      return acknowledgements
    },
    /** Packets of the listener's session. */
    get sentByListener() {
      return sentByListener
    },
    callerNow,
    get calling() {
      return calling.state
    },
    get caller(): SrtSession {
      if (caller === undefined) throw new Error('the caller is not connected')
      return caller
    },
    get listener(): SrtSession {
      if (listener === undefined) throw new Error('the listener has let nobody in')
      return listener
    },
    run(ms: number, each: () => void = () => {}): void {
      for (let i = 0; i < ms; i++) {
        step()
        each()
      }
    },
    /** Runs the handshake on a line that loses nothing; then it loses. */
    connect(): void {
      this.run(4 * delay + 4 * jitter + 20)
      lossNow = loss
    },
    /** Sends numbered payloads, one every `every` ms, for so long. */
    stream(ms: number, every = 3): number {
      let sent = 0
      this.run(ms, () => {
        if (now % every !== 0) return
        const payload = new Uint8Array(1316).fill(sent)
        new DataView(payload.buffer).setUint32(0, sent++)
        this.caller.send(payload, callerNow())
      })
      return sent
    },
    setLoss(share: number): void {
      lossNow = share
    },
  }
}

/** Numbers of payloads that `stream` has sent. */
export function numbers(received: readonly { readonly payload: Uint8Array }[]): number[] {
  return received.map(({ payload }) => new DataView(payload.buffer, payload.byteOffset).getUint32(0))
}
