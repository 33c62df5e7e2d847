import { MediaError } from '../../../error.ts'
import type { RtmpLimits } from '../limits.ts'
import type { RtmpMessage } from './message.ts'

/** Longest chunk header: 3 bytes basic, 11 message, 4 extended timestamp. */
const MAX_HEADER = 18
const EXTENDED = 0xffffff
/** Messages up to this many bytes are cut from allocations of that many; who keeps one keeps those beside it. */
const SHARED_MESSAGE = 1_024
const SHARED_BYTES = 16_384
/** Bytes of the message header by `fmt` (§5.3.1.2). */
const MESSAGE_HEADER = [11, 7, 3, 0] as const

/** What is remembered of a chunk stream between chunks. */
interface ChunkStream {
  /** Absolute, 32 bits. */
  timestamp: number
  /** The timestamp field of the last type 0, 1 or 2 chunk: what a type 3 chunk repeats. */
  field: number
  /** `fmt` of that chunk: 0 means that `field` is absolute. */
  fieldFormat: number
  extended: boolean
  length: number
  type: number
  streamId: number
  /** Reassembly of the message in progress. */
  payload: Uint8Array | undefined
  have: number
}

/**
 * Chunk stream decoder (RTMP 1.0 §5.3) for any split of the input. A message is allocated once, when its length is known
 * and within the limits, and its bytes are copied once.
 */
export class ChunkDecoder {
  /** Largest message accepted from now on, in bytes. */
  maxMessageBytes: number
  /** Largest sum of declared lengths in reassembly, in bytes. */
  maxPendingBytes: number
  readonly #limits: RtmpLimits
  readonly #streams = new Map<number, ChunkStream>()
  readonly #header = new Uint8Array(MAX_HEADER)
  #headerLength = 0
  #chunkSize = 128
  #pendingBytes = 0
  #abandoned = 0
  #shared = new ArrayBuffer(0)
  #sharedUsed = 0
  /** The chunk whose payload is being read, and how much of it is to come. */
  #current: ChunkStream | undefined
  #chunkLeft = 0

  constructor(limits: RtmpLimits) {
    this.#limits = limits
    this.maxMessageBytes = limits.messageBytes
    this.maxPendingBytes = limits.pendingBytes
  }

  /** Set Chunk Size (§5.4.1) from the peer; the caller has checked the bound. */
  set chunkSize(bytes: number) {
    this.#chunkSize = bytes
  }

  /** Abort (§5.4.2): the partial message of a chunk stream is dropped. */
  abort(chunkStreamId: number): void {
    const stream = this.#streams.get(chunkStreamId)
    if (stream?.payload === undefined) return
    // Each costs an allocation of up to a whole message for a few bytes on the wire; encoders hardly ever do it.
    if (++this.#abandoned > this.#limits.abandonedMessages)
      throw this.#error('too-large', 'too many abandoned messages')
    this.#pendingBytes -= stream.length
    stream.payload = undefined
  }

  /** Declared bytes of the messages in reassembly. */
  get pendingBytes(): number {
    return this.#pendingBytes
  }

  /**
   * Decodes as much as there is. `onMessage` is called for each whole message and may change the limits and the chunk size,
   * which hold from the next chunk on.
   *
   * @throws MediaError `too-large` or `malformed`; the connection cannot go on after it.
   */
  push(input: Uint8Array, onMessage: (message: RtmpMessage) => void): void {
    let at = 0
    while (at < input.byteLength) {
      const current = this.#current
      if (current === undefined) at = this.#readHeader(input, at, onMessage)
      else at = this.#readPayload(current, input, at, onMessage)
    }
  }

  #readPayload(stream: ChunkStream, input: Uint8Array, at: number, onMessage: (message: RtmpMessage) => void): number {
    const count = Math.min(this.#chunkLeft, input.byteLength - at)
    const payload = stream.payload as Uint8Array
    payload.set(input.subarray(at, at + count), stream.have)
    stream.have += count
    this.#chunkLeft -= count
    if (this.#chunkLeft === 0) {
      this.#current = undefined
      if (stream.have === stream.length) this.#complete(stream, payload, onMessage)
    }
    return at + count
  }

  #complete(stream: ChunkStream, payload: Uint8Array, onMessage: (message: RtmpMessage) => void): void {
    this.#pendingBytes -= stream.length
    stream.payload = undefined
    onMessage({ type: stream.type, streamId: stream.streamId, timestamp: stream.timestamp, payload })
  }

  /** Reads one header, over several calls where it is cut; returns the offset behind what it used. */
  #readHeader(input: Uint8Array, at: number, onMessage: (message: RtmpMessage) => void): number {
    const kept = this.#headerLength
    if (kept === 0) {
      const used = this.#parseHeader(input, at, input.byteLength, onMessage)
      if (used > 0) return at + used
    }
    // Cut: gathered here, at most 18 bytes, and parsed again from the start.
    const count = Math.min(MAX_HEADER - kept, input.byteLength - at)
    this.#header.set(input.subarray(at, at + count), kept)
    this.#headerLength = kept + count
    if (kept === 0) return at + count
    const used = this.#parseHeader(this.#header, 0, this.#headerLength, onMessage)
    if (used === 0) return at + count
    this.#headerLength = 0
    if (used < kept) {
      // An extended timestamp that was waited for turned out to be payload.
      this.push(this.#header.slice(used, kept), onMessage)
      return at
    }
    return at + used - kept
  }

  /** Parses a header at `at`; 0 when it is not whole yet, else its length. */
  #parseHeader(data: Uint8Array, at: number, end: number, onMessage: (message: RtmpMessage) => void): number {
    const first = data[at] as number
    const format = first >> 6
    let id = first & 63
    let p = at + 1
    if (id === 0) {
      if (p + 1 > end) return 0
      id = 64 + (data[p++] as number)
    } else if (id === 1) {
      if (p + 2 > end) return 0
      id = 64 + (data[p] as number) + (data[p + 1] as number) * 256
      p += 2
    }
    const body = p
    p += MESSAGE_HEADER[format] as number
    if (p > end) return 0

    const stream = this.#streams.get(id)
    if (format === 3) {
      if (stream === undefined) throw this.#error('malformed', `type 3 chunk on new chunk stream ${id}`)
      if (stream.extended) {
        // The specification repeats the extended timestamp in type 3 chunks; old librtmp and some hardware encoders
        // do not. The four bytes tell: they equal the field (or, from encoders that repeat it absolute, the timestamp).
        if (p + 4 > end) return 0
        const repeated = u32(data, p)
        if (repeated === stream.field || repeated === stream.timestamp) p += 4
      }
      if (stream.payload === undefined) {
        this.#advance(stream, 3)
        this.#begin(stream, onMessage)
      } else this.#continue(stream)
      return p - at
    }

    let field = u24(data, body)
    const extended = field === EXTENDED
    if (extended) {
      if (p + 4 > end) return 0
      field = u32(data, p)
      p += 4
    }
    const target = stream ?? this.#open(id, format)
    target.field = field
    target.fieldFormat = format
    target.extended = extended
    // A header that starts over drops what was left of the message before (encoders do it after an abort).
    if (target.payload !== undefined) this.abort(id)
    if (format <= 1) {
      target.length = u24(data, body + 3)
      target.type = data[body + 6] as number
    }
    if (format === 0) target.streamId = u32le(data, body + 7)
    this.#advance(target, format)
    this.#begin(target, onMessage)
    return p - at
  }

  #open(id: number, format: number): ChunkStream {
    // The specification wants type 0 first; librtmp begins a new chunk stream with type 1 now and then.
    if (format > 1) throw this.#error('malformed', `type ${format} chunk on new chunk stream ${id}`)
    if (this.#streams.size >= this.#limits.chunkStreams) throw this.#error('too-large', 'too many chunk streams')
    const stream: ChunkStream = {
      timestamp: 0,
      field: 0,
      fieldFormat: 0,
      extended: false,
      length: 0,
      type: 0,
      streamId: 0,
      payload: undefined,
      have: 0,
    }
    this.#streams.set(id, stream)
    return stream
  }

  #advance(stream: ChunkStream, format: number): void {
    if (format === 0) stream.timestamp = stream.field
    else if (format < 3 || stream.fieldFormat !== 0) stream.timestamp = (stream.timestamp + stream.field) >>> 0
    // Type 3 after type 0: §5.3.1.2.4 takes the absolute timestamp as the delta, and ffmpeg does so within the first
    // milliseconds; librtmp and nginx-rtmp mean "same time". A delta of a second or more tells which.
    else if (stream.field < 1000) stream.timestamp = (stream.timestamp + stream.field) >>> 0
  }

  #begin(stream: ChunkStream, onMessage: (message: RtmpMessage) => void): void {
    if (stream.length > this.maxMessageBytes) {
      throw this.#error('too-large', `message of ${stream.length} bytes, at most ${this.maxMessageBytes}`)
    }
    if (this.#pendingBytes + stream.length > this.maxPendingBytes) {
      throw this.#error('too-large', `more than ${this.maxPendingBytes} bytes in reassembly`)
    }
    this.#pendingBytes += stream.length
    stream.payload = this.#allocate(stream.length)
    stream.have = 0
    if (stream.length === 0) this.#complete(stream, stream.payload, onMessage)
    else this.#continue(stream)
  }

  /** Small messages, most of them sound, share an allocation: each of its own would cost more than its bytes. */
  #allocate(length: number): Uint8Array {
    if (length > SHARED_MESSAGE) return new Uint8Array(length)
    if (this.#sharedUsed + length > this.#shared.byteLength) {
      this.#shared = new ArrayBuffer(SHARED_BYTES)
      this.#sharedUsed = 0
    }
    const payload = new Uint8Array(this.#shared, this.#sharedUsed, length)
    this.#sharedUsed += length
    return payload
  }

  #continue(stream: ChunkStream): void {
    this.#current = stream
    this.#chunkLeft = Math.min(this.#chunkSize, stream.length - stream.have)
  }

  #error(code: 'malformed' | 'too-large', message: string): MediaError {
    return new MediaError(code, `rtmp.chunk: ${message}`, { structure: 'rtmp.chunk' })
  }
}

function u24(data: Uint8Array, at: number): number {
  return ((data[at] as number) << 16) | ((data[at + 1] as number) << 8) | (data[at + 2] as number)
}

function u32(data: Uint8Array, at: number): number {
  return ((u24(data, at) << 8) | (data[at + 3] as number)) >>> 0
}

function u32le(data: Uint8Array, at: number): number {
  const low = (data[at] as number) | ((data[at + 1] as number) << 8) | ((data[at + 2] as number) << 16)
  return (low | ((data[at + 3] as number) << 24)) >>> 0
}
