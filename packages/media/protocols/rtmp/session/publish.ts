import { MediaError } from '../../../error.ts'
import { type Amf0Object, amf0Object, stringField } from '../amf0/value.ts'
import { ChunkDecoder } from '../chunk/decoder.ts'
import type { RtmpMessage } from '../chunk/message.ts'
import { ClientHandshake } from '../handshake/client.ts'
import type { RtmpCrypto } from '../handshake/crypto.ts'
import type { HandshakeKind } from '../handshake/server.ts'
import type { RtmpLimits } from '../limits.ts'
import { type Command, parseCommand } from '../message/command.ts'
import { parseControl, printControl } from '../message/control.ts'
import { printSetDataFrame } from '../message/data.ts'
import { COMMAND_CHUNK_STREAM, MessageType } from '../message/type.ts'
import { parseUserControl, printUserControl } from '../message/user-control.ts'
import { type Capabilities, parseCapabilities, printCapabilities } from './capabilities.ts'
import { Outbox } from './outbox.ts'
import type { RtmpOutput } from './server-types.ts'

/** All media on one chunk stream, as librtmp does it: order is kept and headers stay short. */
const MEDIA_CHUNK_STREAM = 4

export type RtmpPublishEvent =
  /** Media may be sent from now on. `server` is what it says that it can do. */
  | { readonly type: 'publishing'; readonly server: Capabilities }
  /** The server asks to be connected to again, at this address or, where it is empty, the same. Media may still be sent. */
  | { readonly type: 'reconnect'; readonly tcUrl: string; readonly text: string }
  /** The session is over; `code` is the server's status code where it gave one. */
  | { readonly type: 'close'; readonly code: string; readonly text: string }

export interface RtmpPublishOptions {
  readonly crypto: RtmpCrypto
  readonly limits: RtmpLimits
  /** Application, `live`. */
  readonly app: string
  /** `rtmp://host:port/live`. */
  readonly tcUrl: string
  readonly key: string
  /** What this encoder calls itself. */
  readonly encoder: string
  readonly handshake: HandshakeKind
  /** Says in `connect` that it speaks Enhanced RTMP, multitrack and all. */
  readonly enhanced: boolean
  /** Bytes of a chunk of what is sent; large ones cost the least. */
  readonly chunkBytes: number
  /** ms of a clock that only rises. */
  readonly now: number
}

/** The encoder's side of a connection without its socket. */
export interface RtmpPublishSession {
  /** The first bytes to send. */
  start(): RtmpOutput<RtmpPublishEvent>
  receive(bytes: Uint8Array, now: number): RtmpOutput<RtmpPublishEvent>
  wake(now: number): RtmpOutput<RtmpPublishEvent>
  /**
   * Bytes that carry an FLV tag body, views on it included. Only after `publishing`.
   * @param timestamp milliseconds, wraps by itself.
   * @throws MediaError `wrong-state` before `publishing`.
   */
  media(kind: 'audio' | 'video', timestamp: number, body: Uint8Array): Uint8Array[]
  /** `onMetaData`, wrapped in `@setDataFrame`. @throws MediaError `wrong-state`. */
  metadata(values: Amf0Object): Uint8Array[]
  /** Goodbye: FCUnpublish and deleteStream; then close. Empty before `publishing`. */
  unpublish(): Uint8Array[]
}

/** Publishing side of RTMP 1.0, the command sequence of OBS. */
export function createRtmpPublishSession(options: RtmpPublishOptions): RtmpPublishSession {
  return new PublishSession(options)
}

const CONNECT = 1
const RELEASE_STREAM = 2
const FC_PUBLISH = 3
const CREATE_STREAM = 4
const PUBLISH = 5
const FC_UNPUBLISH = 6

class PublishSession implements RtmpPublishSession {
  readonly #options: RtmpPublishOptions
  readonly #handshake: ClientHandshake
  readonly #decoder: ChunkDecoder
  readonly #outbox = new Outbox()
  #state: 'handshake' | 'connecting' | 'publishing' | 'closed' = 'handshake'
  #events: RtmpPublishEvent[] = []
  #deadline: number
  #streamId = 0
  #server = parseCapabilities(null)
  #received = 0
  #acknowledged = 0
  #peerWindow = Number.POSITIVE_INFINITY

  constructor(options: RtmpPublishOptions) {
    this.#options = options
    this.#handshake = new ClientHandshake(options.crypto, options.handshake)
    this.#decoder = new ChunkDecoder(options.limits)
    // A server only answers: nothing it says is large.
    this.#decoder.maxMessageBytes = options.limits.messageBytesBeforeAcceptance
    this.#deadline = options.now + options.limits.handshakeMs
  }

  start(): RtmpOutput<RtmpPublishEvent> {
    this.#outbox.raw(this.#handshake.start())
    return this.#output()
  }

  receive(bytes: Uint8Array, now: number): RtmpOutput<RtmpPublishEvent> {
    if (this.#state === 'closed') return this.#output()
    try {
      this.#read(bytes, now)
    } catch (error) {
      if (!(error instanceof MediaError)) throw error
      this.#close('', error.message)
    }
    return this.#output()
  }

  wake(now: number): RtmpOutput<RtmpPublishEvent> {
    if (this.#state !== 'closed' && now >= this.#deadline) this.#close('', 'the server did not answer in time')
    return this.#output()
  }

  media(kind: 'audio' | 'video', timestamp: number, body: Uint8Array): Uint8Array[] {
    this.#mustPublish()
    const type = kind === 'audio' ? MessageType.audio : MessageType.video
    return this.#outbox.encoder.encode(MEDIA_CHUNK_STREAM, { type, streamId: this.#streamId, timestamp, payload: body })
  }

  metadata(values: Amf0Object): Uint8Array[] {
    this.#mustPublish()
    const message = printSetDataFrame({ name: 'onMetaData', values: [values] }, this.#streamId, 0)
    return this.#outbox.encoder.encode(COMMAND_CHUNK_STREAM, message)
  }

  unpublish(): Uint8Array[] {
    if (this.#state !== 'publishing') return []
    this.#state = 'closed'
    this.#outbox.call('FCUnpublish', FC_UNPUBLISH, [this.#options.key])
    this.#outbox.call('deleteStream', 0, [this.#streamId])
    return this.#outbox.take()
  }

  #mustPublish(): void {
    if (this.#state !== 'publishing') throw new MediaError('wrong-state', 'rtmp: media before publishing was accepted')
  }

  #read(bytes: Uint8Array, now: number): void {
    let rest = bytes
    if (this.#state === 'handshake') {
      const step = this.#handshake.receive(bytes)
      this.#outbox.raw(step.send)
      if (!step.done) return
      rest = bytes.subarray(step.consumed)
      this.#state = 'connecting'
      this.#deadline = now + this.#options.limits.publishMs
      this.#connect()
    }
    this.#received += rest.byteLength
    this.#decoder.push(rest, this.#onMessage)
    if (this.#received - this.#acknowledged >= this.#peerWindow) {
      this.#acknowledged = this.#received
      this.#outbox.control(printControl({ kind: 'acknowledgement', sequence: this.#received % 2 ** 32 }))
    }
  }

  #connect(): void {
    const { app, tcUrl, encoder, chunkBytes, enhanced } = this.#options
    this.#outbox.control(printControl({ kind: 'set-chunk-size', bytes: chunkBytes }))
    this.#outbox.encoder.chunkSize = chunkBytes
    const fields = { app, type: 'nonprivate', flashVer: encoder, tcUrl }
    const more = enhanced ? Object.fromEntries(printCapabilities()) : {}
    this.#outbox.call('connect', CONNECT, [], amf0Object({ ...fields, ...more }))
  }

  readonly #onMessage = (message: RtmpMessage): void => {
    switch (message.type) {
      case MessageType.commandAmf0:
      case MessageType.commandAmf3:
        this.#onCommand(parseCommand(message))
        return
      case MessageType.userControl: {
        const { kind, value } = parseUserControl(message.payload)
        if (kind === 'ping-request') this.#outbox.control(printUserControl({ kind: 'ping-response', value }))
        return
      }
      case MessageType.setChunkSize:
      case MessageType.windowAcknowledgementSize:
      case MessageType.abort: {
        const control = parseControl(message)
        if (control.kind === 'set-chunk-size') this.#decoder.chunkSize = control.bytes
        else if (control.kind === 'abort') this.#decoder.abort(control.chunkStreamId)
        else if (control.kind === 'window-acknowledgement-size') this.#peerWindow = control.bytes || Infinity
        return
      }
      default: // Acknowledgements and bandwidth: the socket's own flow control decides how much is sent.
    }
  }

  #onCommand(command: Command): void {
    const [info] = command.args
    const { key } = this.#options
    if (command.name === '_result' && command.transaction === CONNECT) {
      // It belongs in either of the two.
      const [properties, information] = [parseCapabilities(command.object), parseCapabilities(info)]
      this.#server = properties.enhanced ? properties : information
      this.#outbox.call('releaseStream', RELEASE_STREAM, [key])
      this.#outbox.call('FCPublish', FC_PUBLISH, [key])
      this.#outbox.call('createStream', CREATE_STREAM, [])
    } else if (command.name === '_result' && command.transaction === CREATE_STREAM) {
      this.#streamId = typeof info === 'number' ? info : 1
      this.#outbox.call('publish', PUBLISH, [key, 'live'], null, this.#streamId)
    } else if (
      command.name === '_error' &&
      (command.transaction === CONNECT || command.transaction === CREATE_STREAM)
    ) {
      this.#close(stringField(info, 'code'), stringField(info, 'description'))
    } else if (command.name === 'onStatus') {
      const code = stringField(info, 'code')
      if (code === 'NetConnection.Connect.ReconnectRequest') {
        const tcUrl = stringField(info, 'tcUrl')
        this.#events.push({ type: 'reconnect', tcUrl, text: stringField(info, 'description') })
      } else if (stringField(info, 'level') === 'error') this.#close(code, stringField(info, 'description'))
      else if (code === 'NetStream.Publish.Start' && this.#state === 'connecting') {
        this.#state = 'publishing'
        this.#deadline = Number.POSITIVE_INFINITY
        this.#events.push({ type: 'publishing', server: this.#server })
      }
    }
  }

  #close(code: string, text: string): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#events.push({ type: 'close', code, text })
  }

  #output(): RtmpOutput<RtmpPublishEvent> {
    const events = this.#events
    this.#events = []
    const wakeAt = this.#state === 'closed' ? Number.POSITIVE_INFINITY : this.#deadline
    return { send: this.#outbox.take(), events, wakeAt }
  }
}
