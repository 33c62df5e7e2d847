import { MediaError } from '../../../error.ts'
import { decodeAmf0 } from '../amf0/decode.ts'
import { encodeAmf0 } from '../amf0/encode.ts'
import type { Amf0Value } from '../amf0/value.ts'
import type { RtmpMessage } from '../chunk/message.ts'
import { MessageType } from './type.ts'

/** A command (RTMP 1.0 §7.2): name, transaction id (0 asks for no answer), command object or null, then arguments. */
export interface Command {
  readonly name: string
  readonly transaction: number
  readonly object: Amf0Value
  readonly args: readonly Amf0Value[]
}

/**
 * Parses types 20 and 17. Type 17 announces AMF3, but is written by every known encoder as one zero byte and then AMF0.
 *
 * @throws MediaError as `decodeAmf0`, and `malformed` without a name.
 */
export function parseCommand(message: RtmpMessage): Command {
  const wrapped = message.type === MessageType.commandAmf3 && message.payload[0] === 0
  const [name, transaction, object, ...args] = decodeAmf0(wrapped ? message.payload.subarray(1) : message.payload)
  if (typeof name !== 'string') {
    throw new MediaError('malformed', 'rtmp.command: no name', { offset: 0, structure: 'rtmp.command' })
  }
  return { name, transaction: typeof transaction === 'number' ? transaction : 0, object: object ?? null, args }
}

/** Always AMF0. */
export function printCommand(command: Command, streamId: number): RtmpMessage {
  return {
    type: MessageType.commandAmf0,
    streamId,
    timestamp: 0,
    payload: encodeAmf0([command.name, command.transaction, command.object, ...command.args]),
  }
}
