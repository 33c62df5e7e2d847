import type { Amf0Value } from '../amf0/value.ts'
import { ChunkEncoder } from '../chunk/encoder.ts'
import type { RtmpMessage } from '../chunk/message.ts'
import { printCommand } from '../message/command.ts'
import { COMMAND_CHUNK_STREAM, CONTROL_CHUNK_STREAM } from '../message/type.ts'

/** What one side of a connection has to say, gathered during a call and taken at its end. */
export class Outbox {
  readonly encoder = new ChunkEncoder()
  #send: Uint8Array[] = []

  /** Bytes that are no chunks: the handshake. */
  raw(bytes: Uint8Array): void {
    if (bytes.byteLength > 0) this.#send.push(bytes)
  }

  /** A protocol control or user control message. */
  control(message: RtmpMessage): void {
    this.#send.push(...this.encoder.encode(CONTROL_CHUNK_STREAM, message))
  }

  /** A command message. */
  command(message: RtmpMessage): void {
    this.#send.push(...this.encoder.encode(COMMAND_CHUNK_STREAM, message))
  }

  /** A command by its parts. */
  call(name: string, transaction: number, args: readonly Amf0Value[], object: Amf0Value = null, streamId = 0): void {
    this.command(printCommand({ name, transaction, object, args }, streamId))
  }

  take(): Uint8Array[] {
    const send = this.#send
    this.#send = []
    return send
  }
}
