import { MediaError } from '../../../error.ts'
import { isAmf0Object, stringField } from '../amf0/value.ts'
import { ChunkDecoder } from '../chunk/decoder.ts'
import type { RtmpMessage } from '../chunk/message.ts'
import { TimestampUnwrapper } from '../chunk/timestamp.ts'
import { ServerHandshake } from '../handshake/server.ts'
import { parseAggregate } from '../message/aggregate.ts'
import { type Command, parseCommand } from '../message/command.ts'
import { parseControl, printControl } from '../message/control.ts'
import { parseData } from '../message/data.ts'
import { MessageType } from '../message/type.ts'
import { parseUserControl, printUserControl } from '../message/user-control.ts'
import { parseCapabilities, printCapabilities } from './capabilities.ts'
import { HeldMedia } from './held-media.ts'
import { Intake } from './intake.ts'
import { Liveness } from './liveness.ts'
import { Outbox } from './outbox.ts'
import { type PublishApp, parseApp, parseKey } from './publish-target.ts'
import {
  printConnectError,
  printConnectResult,
  printFcStatus,
  printReconnectRequest,
  printResult,
  printStatus,
} from './replies.ts'
import type { CloseReason, RtmpOutput, RtmpServerEvent, RtmpServerOptions, RtmpServerSession } from './server-types.ts'

/** Window told to encoders and assumed of them until they tell theirs, bytes. */
const WINDOW = 2_500_000
/** Chunk size of what we send: answers only. */
const SEND_CHUNK = 4096

type State = 'handshake' | 'connecting' | 'connected' | 'deciding' | 'publishing' | 'closed'

/** Server side of one publishing connection (RTMP 1.0), see the README for what is spoken. */
export function createRtmpServerSession(options: RtmpServerOptions): RtmpServerSession {
  return new ServerSession(options)
}

class ServerSession implements RtmpServerSession {
  readonly #options: RtmpServerOptions
  readonly #handshake: ServerHandshake
  readonly #decoder: ChunkDecoder
  readonly #outbox = new Outbox()
  readonly #liveness: Liveness
  readonly #held: HeldMedia
  readonly #time = new TimestampUnwrapper()
  readonly #intake: Intake
  #state: State = 'handshake'
  #events: RtmpServerEvent[] = []
  #now: number
  #received = 0
  #acknowledged = 0
  #peerWindow = WINDOW
  #app: PublishApp = { app: '', key: '' }
  #encoderName = ''
  /** The encoder has said that it takes a request to connect again. */
  #canReconnect = false
  /** Message streams that were created and not deleted. */
  readonly #streams = new Set<number>()
  #publishStream = 0
  /** When a publish must have been asked for. */
  #publishBy = Number.POSITIVE_INFINITY

  constructor(options: RtmpServerOptions) {
    const { limits, now } = options
    this.#options = options
    this.#handshake = new ServerHandshake(options.crypto)
    this.#decoder = new ChunkDecoder(limits)
    this.#intake = new Intake(limits)
    this.#now = now
    this.#liveness = new Liveness(limits, now)
    this.#held = new HeldMedia(limits)
    this.#restrictStranger()
  }

  receive(bytes: Uint8Array, now: number): RtmpOutput<RtmpServerEvent> {
    this.#now = now
    this.#liveness.heard(now)
    if (this.#state !== 'closed' && bytes.byteLength > 0) {
      try {
        this.#read(bytes)
      } catch (error) {
        if (!(error instanceof MediaError)) throw error
        const early = this.#state === 'handshake'
        this.#close(early ? 'handshake' : error.code === 'too-large' ? 'limit' : 'protocol', error.message)
      }
    }
    return this.#output()
  }

  wake(now: number): RtmpOutput<RtmpServerEvent> {
    this.#now = now
    const { limits } = this.#options
    if (this.#state === 'closed') return this.#output()
    const due = this.#liveness.due(now)
    if (due === 'deadline') this.#expire()
    else if (due === 'idle') this.#close('idle', `silent for ${limits.idleMs / 1000} s`)
    else if (due === 'ping') this.#outbox.control(printUserControl({ kind: 'ping-request', value: now >>> 0 }))
    return this.#output()
  }

  acceptPublish(now: number): RtmpOutput<RtmpServerEvent> {
    this.#now = now
    if (this.#state === 'deciding') {
      const { limits } = this.#options
      this.#state = 'publishing'
      this.#liveness.deadline = Number.POSITIVE_INFINITY
      this.#decoder.maxMessageBytes = limits.messageBytes
      this.#decoder.maxPendingBytes = limits.pendingBytes
      this.#outbox.control(printUserControl({ kind: 'stream-begin', value: this.#publishStream }))
      this.#outbox.command(printStatus(this.#publishStream, 'status', 'NetStream.Publish.Start', 'Publishing.'))
      for (const message of this.#held.take()) this.#media(message)
    }
    return this.#output()
  }

  askToReconnect(description: string, now: number): RtmpOutput<RtmpServerEvent> {
    if (!this.#canReconnect) return this.refuse('NetStream.Publish.Rejected', description, now)
    this.#now = now
    if (this.#state !== 'closed') {
      this.#outbox.command(printReconnectRequest(description))
      this.#close('reconnect', description)
    }
    return this.#output()
  }

  refuse(
    code: 'NetStream.Publish.BadName' | 'NetStream.Publish.Rejected',
    description: string,
    now: number,
  ): RtmpOutput<RtmpServerEvent> {
    this.#now = now
    if (this.#state !== 'closed') {
      if (this.#state !== 'handshake')
        this.#outbox.command(printStatus(this.#publishStream, 'error', code, description))
      this.#close('refused', description)
    }
    return this.#output()
  }

  #read(bytes: Uint8Array): void {
    const { limits } = this.#options
    const complaint = this.#intake.bytes(bytes.byteLength, this.#now, this.#state === 'publishing')
    if (complaint !== undefined) return this.#reject(complaint)
    let rest = bytes
    if (this.#state === 'handshake') {
      const step = this.#handshake.receive(bytes)
      this.#outbox.raw(step.send)
      if (!step.done) return
      rest = bytes.subarray(step.consumed)
      this.#state = 'connecting'
      if (this.#options.rejection === undefined) this.#awaitPublish(this.#now + limits.publishMs)
      this.#liveness.startPings(this.#now)
    }
    this.#received += rest.byteLength
    this.#decoder.push(rest, this.#onMessage)
    if (this.#received - this.#acknowledged >= this.#peerWindow) {
      this.#acknowledged = this.#received
      this.#outbox.control(printControl({ kind: 'acknowledgement', sequence: this.#received % 2 ** 32 }))
    }
  }

  readonly #onMessage = (message: RtmpMessage): void => {
    if (this.#state === 'closed') return
    const complaint = this.#intake.message(this.#now, this.#state === 'publishing')
    if (complaint !== undefined) return this.#reject(complaint)
    switch (message.type) {
      case MessageType.dataAmf0:
      case MessageType.dataAmf3:
        this.#intake.command(this.#now)
        this.#media(message)
        return
      case MessageType.audio:
      case MessageType.video:
        this.#media(message)
        return
      case MessageType.aggregate:
        for (const part of parseAggregate(message)) {
          if (part.type !== MessageType.aggregate) this.#onMessage(part)
          if (this.#hasClosed()) return
        }
        return
      case MessageType.commandAmf0:
      case MessageType.commandAmf3:
        this.#intake.command(this.#now)
        this.#onCommand(parseCommand(message), message.streamId)
        return
      case MessageType.userControl:
        this.#intake.command(this.#now)
        this.#onUserControl(message.payload)
        return
      case MessageType.setChunkSize:
      case MessageType.abort:
      case MessageType.acknowledgement:
      case MessageType.windowAcknowledgementSize:
      case MessageType.setPeerBandwidth:
        this.#intake.command(this.#now)
        this.#onControl(message)
        return
      default: // Shared objects and unknown types have no meaning for publishing.
    }
  }

  /** TypeScript takes the state for what it was before a call. */
  #hasClosed(): boolean {
    return this.#state === 'closed'
  }

  #media(message: RtmpMessage): void {
    if (this.#state === 'deciding') {
      this.#held.add(message)
      return
    }
    if (this.#state !== 'publishing' || message.payload.byteLength === 0) return
    const data = message.payload
    if (message.type === MessageType.video) {
      this.#events.push({ type: 'video', timestamp: this.#time.unwrap(message.timestamp), data })
    } else if (message.type === MessageType.audio) {
      this.#events.push({ type: 'audio', timestamp: this.#time.unwrap(message.timestamp), data })
    } else {
      this.#metadata(message)
    }
  }

  #metadata(message: RtmpMessage): void {
    try {
      const { name, values } = parseData(message)
      const [fields] = values
      if (name === 'onMetaData' && isAmf0Object(fields)) this.#events.push({ type: 'metadata', values: fields })
    } catch (error) {
      // Script data only describes: a stream does not end because an encoder writes it wrong or in AMF3.
      if (!(error instanceof MediaError)) throw error
    }
  }

  #onControl(message: RtmpMessage): void {
    const control = parseControl(message)
    const { chunkBytes } = this.#options.limits
    switch (control.kind) {
      case 'set-chunk-size':
        if (control.bytes > chunkBytes) {
          throw new MediaError('too-large', `rtmp: chunk size ${control.bytes}, at most ${chunkBytes}`)
        }
        this.#decoder.chunkSize = control.bytes
        return
      case 'abort':
        this.#decoder.abort(control.chunkStreamId)
        return
      case 'window-acknowledgement-size':
        // Zero would ask for an acknowledgement of nothing; some encoders send it for "none".
        this.#peerWindow = control.bytes === 0 ? WINDOW : control.bytes
        return
      case 'set-peer-bandwidth':
        if (control.bytes !== WINDOW)
          this.#outbox.control(printControl({ kind: 'window-acknowledgement-size', bytes: WINDOW }))
        return
      case 'acknowledgement': // We send too little for it to matter.
    }
  }

  #onUserControl(payload: Uint8Array): void {
    const { kind, value } = parseUserControl(payload)
    if (kind === 'ping-request') this.#outbox.control(printUserControl({ kind: 'ping-response', value }))
  }

  #onCommand(command: Command, streamId: number): void {
    if (this.#state === 'connecting' && command.name !== 'connect') {
      throw new MediaError('wrong-state', `rtmp: ${command.name.slice(0, 30)} before connect`)
    }
    switch (command.name) {
      case 'connect':
        return this.#onConnect(command)
      case 'createStream':
        return this.#createStream(command)
      case 'publish':
        return this.#onPublish(command, streamId)
      case 'FCPublish':
        this.#result(command)
        return this.#outbox.command(printFcStatus('onFCPublish', 'NetStream.Publish.Start', ''))
      case 'FCUnpublish':
        this.#unpublish()
        this.#result(command)
        return this.#outbox.command(printFcStatus('onFCUnpublish', 'NetStream.Unpublish.Success', ''))
      case 'closeStream':
        return this.#unpublish()
      case 'deleteStream': {
        const [id] = command.args
        if (id === this.#publishStream || typeof id !== 'number') this.#unpublish()
        this.#streams.delete(typeof id === 'number' ? id : this.#publishStream)
        return
      }
      case 'getStreamLength':
        return this.#outbox.command(printResult(command.transaction, 0))
      case 'play':
      case 'play2':
      case 'pause':
      case 'seek': {
        const text = 'This address takes streams from encoders only. To watch, open the page or the HLS address.'
        this.#outbox.command(printStatus(streamId, 'error', 'NetStream.Play.Failed', text))
        return this.#close('refused', text)
      }
      case '_result':
      case '_error':
      case 'onStatus':
        return
      default: // releaseStream, _checkbw and whatever else wants an answer gets an empty one.
        this.#result(command)
    }
  }

  #onConnect(command: Command): void {
    const { limits, app, rejection } = this.#options
    if (this.#state !== 'connecting') throw new MediaError('wrong-state', 'rtmp: connect twice')
    if (rejection !== undefined) return this.#rejectConnect(command, 'NetConnection.Connect.Rejected', rejection)
    const field = (name: string): string => stringField(command.object, name).slice(0, limits.nameLength)
    this.#app = parseApp(field('app'), field('tcUrl'))
    this.#encoderName = field('flashVer').slice(0, 100)
    if (this.#app.app !== app) {
      // What was asked for is not repeated: it is the stream key where somebody left the application out.
      const text = `There is no such application here: the server address must end in "/${app}", the stream key comes after it.`
      return this.#rejectConnect(command, 'NetConnection.Connect.InvalidApp', text)
    }
    this.#state = 'connected'
    this.#outbox.control(printControl({ kind: 'window-acknowledgement-size', bytes: WINDOW }))
    this.#outbox.control(printControl({ kind: 'set-peer-bandwidth', bytes: WINDOW, limit: 'dynamic' }))
    this.#outbox.control(printControl({ kind: 'set-chunk-size', bytes: SEND_CHUNK }))
    this.#outbox.encoder.chunkSize = SEND_CHUNK
    const { enhanced, reconnect } = parseCapabilities(command.object)
    this.#canReconnect = reconnect
    // Who says nothing of it gets the answer that it always got.
    this.#outbox.command(printConnectResult(command.transaction, enhanced ? printCapabilities() : undefined))
  }

  #rejectConnect(command: Command, code: Parameters<typeof printConnectError>[1], text: string): void {
    this.#outbox.command(printConnectError(command.transaction, code, text))
    this.#close('refused', text)
  }

  /** The lowest id that is free: encoders that stop and start again on one connection delete theirs and ask for another. */
  #createStream(command: Command): void {
    let id = 1
    while (this.#streams.has(id)) id++
    if (id > this.#options.limits.messageStreams) throw new MediaError('too-large', 'rtmp: too many message streams')
    this.#streams.add(id)
    this.#outbox.command(printResult(command.transaction, id))
  }

  #onPublish(command: Command, streamId: number): void {
    if (this.#state !== 'connected') throw new MediaError('wrong-state', 'rtmp: publish twice')
    const [name] = command.args
    const key = parseKey(typeof name === 'string' ? name.slice(0, this.#options.limits.nameLength) : '', this.#app)
    this.#publishStream = streamId
    if (key === '') {
      const text = 'No stream key was sent: enter it in the encoder, as stream key or at the end of the address.'
      this.#outbox.command(printStatus(streamId, 'error', 'NetStream.Publish.BadName', text))
      this.#close('refused', text)
      return
    }
    this.#state = 'deciding'
    this.#restrict()
    this.#liveness.deadline = this.#now + this.#options.limits.decisionMs
    this.#events.push({ type: 'publish', key, encoder: this.#encoderName })
  }

  #unpublish(): void {
    if (this.#state !== 'publishing' && this.#state !== 'deciding') return
    if (this.#state === 'publishing') {
      this.#awaitPublish(this.#now + this.#options.limits.publishMs)
      this.#intake.unaccepted()
      this.#restrict()
    } else {
      // It was never accepted, so it is the stranger it was: else asking and taking back would lift every limit.
      this.#awaitPublish(this.#publishBy)
      this.#restrictStranger()
    }
    this.#state = 'connected'
    this.#held.take()
    this.#outbox.command(printStatus(this.#publishStream, 'status', 'NetStream.Unpublish.Success', 'Unpublished.'))
    this.#events.push({ type: 'unpublish' })
  }

  #expire(): void {
    const { limits } = this.#options
    if (this.#state === 'handshake') this.#close('handshake', `no handshake within ${limits.handshakeMs / 1000} s`)
    else if (this.#state === 'deciding') {
      const text = 'The server is too busy to accept the stream: try again.'
      this.#outbox.command(printStatus(this.#publishStream, 'error', 'NetStream.Publish.Rejected', text))
      this.#close('refused', text)
    } else this.#close('idle', `nothing published within ${limits.publishMs / 1000} s`)
  }

  /** The limit was the encoder's to keep: it is told. */
  #reject(text: string): void {
    this.#outbox.command(printStatus(this.#publishStream, 'error', 'NetStream.Publish.Rejected', text))
    this.#close('limit', text)
  }

  #close(reason: CloseReason, text: string): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#held.take()
    this.#events.push({ type: 'close', reason, text })
  }

  #awaitPublish(until: number): void {
    this.#publishBy = until
    this.#liveness.deadline = until
  }

  /** Bounds for a peer that has named no key. */
  #restrictStranger(): void {
    this.#decoder.maxMessageBytes = this.#options.limits.messageBytesOfStranger
    this.#decoder.maxPendingBytes = this.#options.limits.pendingBytesOfStranger
  }

  /** Bounds for a peer that has named a key and has not been accepted, or not again. */
  #restrict(): void {
    this.#decoder.maxMessageBytes = this.#options.limits.messageBytesBeforeAcceptance
    this.#decoder.maxPendingBytes = this.#options.limits.pendingBytesBeforeAcceptance
  }

  #result(command: Command): void {
    if (command.transaction !== 0) this.#outbox.command(printResult(command.transaction, undefined))
  }

  #output(): RtmpOutput<RtmpServerEvent> {
    const events = this.#events
    this.#events = []
    const wakeAt = this.#state === 'closed' ? Number.POSITIVE_INFINITY : this.#liveness.wakeAt
    return { send: this.#outbox.take(), events, wakeAt }
  }
}
