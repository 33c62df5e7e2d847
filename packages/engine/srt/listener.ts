import { randomBytes, randomInt } from 'node:crypto'
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { acceptCaller } from '@bandstand/media/protocols/srt/handshake/accept.ts'
import { createSrtListener, type SrtCallerRequest } from '@bandstand/media/protocols/srt/handshake/listener.ts'
import { printVersion } from '@bandstand/media/protocols/srt/packet/capabilities.ts'
import { handshakeSocketOf } from '@bandstand/media/protocols/srt/packet/handshake.ts'
import { destinationOf, HEADER_BYTES, isControl } from '@bandstand/media/protocols/srt/packet/header.ts'
import { REJECTION, type SrtRefusal } from '@bandstand/media/protocols/srt/rejection.ts'
import type { ReceiveCounts } from '@bandstand/media/protocols/srt/session/statistics.ts'
import { parseStreamId, type SrtTarget, shortStreamId } from '@bandstand/media/protocols/srt/stream-id.ts'
import { bindError } from '../bind-error.ts'
import type { Log } from '../ports.ts'
import { networkOf, plainAddress } from '../remote/address.ts'
import { createRefusalLog } from '../remote/refusals.ts'
import { createAttempts } from './attempts.ts'
import { OpenConnection } from './connection.ts'
import type { SrtListenerLimits } from './limits.ts'
import { nodeCrypto } from './node-crypto.ts'
import type { SrtRoute } from './port.ts'
import { createPulse } from './pulse.ts'

export interface SrtListenerServerOptions {
  /** Port 0 takes any free one. */
  readonly address: { readonly host: string; readonly port: number }
  /** All callers must have it; without one, none may. */
  readonly passphrase?: string
  readonly route: SrtRoute
  readonly log: Log
  /** `SRT_LISTENER_LIMITS`, changed where the owner wants it. */
  readonly limits: SrtListenerLimits
}

export interface SrtFigures extends Readonly<Pick<ReceiveCounts, 'packets' | 'lost' | 'recovered' | 'dropped'>> {
  readonly connections: number
  readonly halfOpen: number
}

export interface SrtListenerServer {
  /** As bound. */
  readonly address: { readonly host: string; readonly port: number }
  /** Since the start, of all connections. */
  figures(): SrtFigures
  /** Says goodbye to all and closes the socket. */
  close(): Promise<void>
}

/** Listens for SRT callers on one UDP port. @throws EngineError `address-in-use` or `bad-request` when it cannot be bound */
export async function startSrtListener(options: SrtListenerServerOptions): Promise<SrtListenerServer> {
  const socket = await bind(options)
  return new Server(options, socket)
}

async function bind({ address, limits }: SrtListenerServerOptions): Promise<Socket> {
  const { host, port } = address
  const family = isIPv6(host) ? 6 : 4
  const socket = createSocket({
    type: family === 6 ? 'udp6' : 'udp4',
    // Addresses come from the socket as they go back: there is nothing to look up.
    lookup: (hostname, _options, done) => done(null, hostname, family),
    recvBufferSize: limits.socketBytes,
    sendBufferSize: limits.socketBytes,
  })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  socket.once('error', reject)
  socket.bind(port, host, resolve)
  try {
    await promise
  } catch (error) {
    throw bindError('SRT', host, port, error as NodeJS.ErrnoException)
  }
  socket.off('error', reject)
  return socket
}

/** What is known of a caller by its address, port and socket id. */
type Known =
  | { readonly state: 'deciding' }
  | { readonly state: 'open'; readonly connection: OpenConnection }
  | { readonly state: 'refused'; readonly packet: Uint8Array; readonly until: number }

class Server implements SrtListenerServer {
  readonly address: { readonly host: string; readonly port: number }
  readonly #options: SrtListenerServerOptions
  readonly #socket: Socket
  readonly #handshakes
  readonly #refusals
  readonly #attempts
  readonly #pulse
  readonly #connections = new Map<number, OpenConnection>()
  readonly #known = new Map<string, Known>()
  /** Connections and decisions of encoders and of readers, by mode, and by mode and network. */
  readonly #crowds = new Map<string, number>()
  /** Decisions of each network. */
  readonly #halfOpenPerNetwork = new Map<string, number>()
  #halfOpen = 0
  #refused = 0
  #isClosed = false
  /** Of connections that have ended. */
  readonly #past = { packets: 0, lost: 0, recovered: 0, dropped: 0 }

  constructor(options: SrtListenerServerOptions, socket: Socket) {
    const { limits, log, passphrase } = options
    this.#options = options
    this.#socket = socket
    this.#refusals = createRefusalLog(log)
    this.#attempts = createAttempts(limits)
    this.#handshakes = createSrtListener({
      crypto: nodeCrypto,
      limits,
      secret: randomBytes(32),
      admit: (source) => this.#admit(hostOf(source)),
      ...(passphrase !== undefined && { passphrase }),
    })
    this.#pulse = createPulse(limits.tickMs, () => this.#pass())
    const bound = socket.address()
    this.address = { host: bound.address, port: bound.port }
    socket.on('message', (packet, from) => this.#receive(packet, from))
    socket.on('error', ({ message }) => this.#refusals.refused('error', { error: message }, 'srt: socket failed'))
  }

  figures(): SrtFigures {
    const figures = { ...this.#past, connections: this.#connections.size, halfOpen: this.#halfOpen }
    for (const connection of this.#connections.values()) addCounts(figures, connection)
    return figures
  }

  async close(): Promise<void> {
    for (const connection of this.#connections.values()) connection.close()
    this.#isClosed = true
    this.#pulse.stop()
    this.#refusals.close()
    await new Promise<void>((resolve) => void this.#socket.close(resolve))
  }

  #receive(packet: Uint8Array, from: RemoteInfo): void {
    this.#pulse.received()
    if (packet.byteLength < HEADER_BYTES) return
    const destination = destinationOf(packet)
    if (destination === 0) {
      if (isControl(packet)) this.#handshake(packet, from)
      return
    }
    const connection = this.#connections.get(destination)
    // Whoever does not send from where it came in has not shown that it is there.
    if (connection === undefined || connection.port !== from.port || connection.address !== from.address) return
    connection.receive(packet, performance.now())
  }

  #handshake(packet: Uint8Array, { address, port }: RemoteInfo): void {
    const source = `${address} ${port}`
    const name = `${source} ${handshakeSocketOf(packet)}`
    const known = this.#known.get(name)
    const now = performance.now()
    const step =
      known === undefined || packet[HEADER_BYTES + 20] === 0 ? this.#handshakes.receive(packet, source, now) : undefined
    if (step === undefined) {
      // It repeats itself: what it was told was lost, or is still being decided.
      if (known?.state === 'open') this.#send(known.connection.answer, port, address)
      if (known?.state === 'refused') this.#send(known.packet, port, address)
      return
    }
    switch (step.kind) {
      case 'ignored':
        return
      case 'answer':
        this.#send(step.packet, port, address)
        return
      case 'refused':
        this.#refuse(name, step.packet, { address, port, streamId: step.streamId, refusal: step.refusal })
        return
      case 'caller':
        void this.#decide(step.request, name, address, port)
    }
  }

  #admit(remote: string): boolean {
    if (this.#attempts.allow(remote, performance.now())) return true
    const text =
      'There are too many handshakes in this second, of this address or of all: what is not answered is tried again.'
    this.#refusals.refused('warn', { remote, text }, 'srt: caller not answered')
    return false
  }

  async #decide(request: SrtCallerRequest, name: string, address: string, port: number): Promise<void> {
    const { route, limits } = this.#options
    const remote = plainAddress(address)
    const network = networkOf(remote)
    const refuse = (refusal: SrtRefusal, channel?: string) =>
      this.#refuse(name, this.#handshakes.refuse(request, refusal.rejection), {
        ...{ address, port, streamId: request.streamId, refusal },
        ...(channel !== undefined && { channel }),
      })
    const { mode } = parseStreamId(request.streamId)
    const crowds = [mode, `${mode} ${network}`]
    const crowd = this.#crowd(mode, network)
    if (crowd !== undefined) {
      refuse({ rejection: REJECTION.overload, text: crowd })
      return
    }
    this.#known.set(name, { state: 'deciding' })
    this.#halfOpen++
    count(this.#halfOpenPerNetwork, network, 1)
    this.#count(crowds, 1)
    const since = performance.now()
    let isOpen = false
    try {
      const library = `SRT ${printVersion(request.extensions.capabilities.version)}`
      const answer = await route.open({ remote, streamId: request.streamId, library })
      this.#known.delete(name)
      if ('refusal' in answer) refuse(answer.refusal, answer.channel)
      else if (this.#isClosed || performance.now() - since > limits.decisionMs) answer.forget()
      else {
        this.#open(request, answer.serve, { name, address, port, crowds })
        isOpen = true
      }
    } catch (error) {
      this.#known.delete(name)
      this.#refusals.refused('error', { remote, err: error }, 'srt: the decision on a caller failed')
      refuse({ rejection: REJECTION.internal, text: 'The server failed to decide: try again.' })
    } finally {
      this.#halfOpen--
      count(this.#halfOpenPerNetwork, network, -1)
      if (!isOpen) this.#count(crowds, -1)
    }
  }

  /** Why there is no room, if so. */
  #crowd(mode: SrtTarget['mode'], network: string): string | undefined {
    const { connections, readers, connectionsPerAddress, halfOpen, halfOpenPerAddress } = this.#options.limits
    if ((this.#crowds.get(`${mode} ${network}`) ?? 0) >= connectionsPerAddress)
      return 'Too many are connected from your address: stop those that are not needed, and try again.'
    if (mode === 'read' && (this.#crowds.get(mode) ?? 0) >= readers)
      return 'Too many read from this server: try again later.'
    if (this.#connections.size + this.#halfOpen >= connections)
      return 'Too many are connected to this server: try again later.'
    if (this.#halfOpen >= halfOpen || (this.#halfOpenPerNetwork.get(network) ?? 0) >= halfOpenPerAddress)
      return 'Too many connect at this moment: try again.'
    return undefined
  }

  #open(
    request: SrtCallerRequest,
    serve: ConstructorParameters<typeof OpenConnection>[0]['serve'],
    { name, address, port, crowds }: { name: string; address: string; port: number; crowds: readonly string[] },
  ): void {
    const { limits } = this.#options
    const { packet, session } = acceptCaller(request, this.#freeSocketId(), limits, performance.now())
    const connection = new OpenConnection({
      ...{ session, address, port, crowds, serve, answer: packet },
      send: (bytes, toPort, toAddress) => this.#send(bytes, toPort, toAddress),
      onError: (error) =>
        this.#refusals.refused('error', { remote: plainAddress(address), err: error }, 'srt: connection failed'),
      onEnded: (ended) => this.#ended(ended, name),
    })
    this.#connections.set(connection.socketId, connection)
    this.#known.set(name, { state: 'open', connection })
    this.#pulse.start()
    this.#send(packet, port, address)
  }

  #ended(connection: OpenConnection, name: string): void {
    addCounts(this.#past, connection)
    this.#connections.delete(connection.socketId)
    this.#known.delete(name)
    this.#count(connection.crowds, -1)
    if (this.#connections.size === 0 && this.#refused === 0) this.#pulse.stop()
  }

  #count(crowds: readonly string[], by: number): void {
    for (const crowd of crowds) count(this.#crowds, crowd, by)
  }

  #refuse(
    name: string,
    packet: Uint8Array,
    about: {
      readonly address: string
      readonly port: number
      readonly streamId: string
      readonly refusal: SrtRefusal
      readonly channel?: string
    },
  ): void {
    const { address, port, streamId, refusal, channel } = about
    this.#send(packet, port, address)
    const { refusals, refusalMs } = this.#options.limits
    if (this.#refused < refusals && !this.#isClosed) {
      if (this.#known.get(name)?.state !== 'refused') this.#refused++
      this.#known.set(name, { state: 'refused', packet, until: performance.now() + refusalMs })
      this.#pulse.start()
    }
    const fields = {
      remote: plainAddress(address),
      ...(streamId !== '' && { streamId: shortStreamId(streamId) }),
      ...(channel !== undefined && { channel }),
      ...{ reason: refusal.rejection, text: refusal.text },
    }
    this.#refusals.refused('warn', fields, 'srt: caller refused', `${refusal.rejection} ${channel ?? ''}`)
  }

  #pass(): void {
    const now = performance.now()
    let kept = 0
    for (const connection of this.#connections.values()) kept += connection.kept
    for (const connection of this.#connections.values()) {
      const before = connection.kept
      connection.pass(now)
      kept += connection.kept - before
      if (kept > this.#options.limits.keptBytes) kept = this.#letGo()
    }
    if (this.#refused === 0) return
    for (const [name, known] of this.#known) {
      if (known.state !== 'refused' || known.until > now) continue
      this.#known.delete(name)
      this.#refused--
    }
    if (this.#connections.size === 0 && this.#refused === 0) this.#pulse.stop()
  }

  /** Readers that have acknowledged least are let go of until the others keep no more than they may. @returns bytes that are kept now */
  #letGo(): number {
    const { keptBytes } = this.#options.limits
    for (;;) {
      let kept = 0
      let most: OpenConnection | undefined
      for (const each of this.#connections.values()) {
        kept += each.kept
        if (each.kept > (most?.kept ?? 0)) most = each
      }
      if (most === undefined || kept <= keptBytes) return kept
      const text = `Readers have yet to acknowledge ${keptBytes >> 20} MB in all, and this one has most of it: it does not answer, or its line is too slow.`
      const fields = { remote: plainAddress(most.address), bytes: most.kept, text }
      this.#refusals.refused('warn', fields, 'srt: a reader is let go of')
      most.close()
    }
  }

  #send(packet: Uint8Array, port: number, address: string): void {
    if (this.#isClosed) return
    // What the system does not take is kept by Node, without any bound.
    if (this.#socket.getSendQueueSize() > this.#options.limits.unsentBytes) {
      this.#refusals.refused('warn', {}, 'srt: the network takes no more; a packet is dropped')
      return
    }
    this.#socket.send(packet, port, address, onSent)
  }

  #freeSocketId(): number {
    for (;;) {
      const id = randomInt(1, 0x3fffffff)
      if (!this.#connections.has(id)) return id
    }
  }
}

/** A network that is away for a moment is no fault of the socket: what was lost is asked for again. */
function onSent(): void {}

function hostOf(source: string): string {
  return plainAddress(source.slice(0, source.lastIndexOf(' ')))
}

function count(counts: Map<string, number>, key: string, by: number): void {
  const next = (counts.get(key) ?? 0) + by
  if (next <= 0) counts.delete(key)
  else counts.set(key, next)
}

function addCounts(
  figures: { packets: number; lost: number; recovered: number; dropped: number },
  connection: OpenConnection,
): void {
  const { received } = connection.statistics()
  figures.packets += received.packets
  figures.lost += received.lost
  figures.recovered += received.recovered
  figures.dropped += received.dropped
}
