import { decodeAmf0 } from '../amf0/decode.ts'
import { encodeAmf0 } from '../amf0/encode.ts'
import type { Amf0Value } from '../amf0/value.ts'
import type { RtmpMessage } from '../chunk/message.ts'
import { MessageType } from './type.ts'

/** A data message (RTMP 1.0 §7.1.2), `@setDataFrame` taken off: `onMetaData` and its fields, or whatever was sent. */
export interface DataMessage {
  readonly name: string
  readonly values: readonly Amf0Value[]
}

/** Parses types 18 and 15. @throws MediaError as `decodeAmf0`. A message without a name has an empty one. */
export function parseData(message: RtmpMessage): DataMessage {
  const wrapped = message.type === MessageType.dataAmf3 && message.payload[0] === 0
  const values = decodeAmf0(wrapped ? message.payload.subarray(1) : message.payload)
  const from = values[0] === '@setDataFrame' ? 1 : 0
  const name = values[from]
  return { name: typeof name === 'string' ? name : '', values: values.slice(from + 1) }
}

/** A data message as publishers send it, with `@setDataFrame` in front. `timestamp` in milliseconds. */
export function printSetDataFrame(data: DataMessage, streamId: number, timestamp: number): RtmpMessage {
  return {
    type: MessageType.dataAmf0,
    streamId,
    timestamp,
    payload: encodeAmf0(['@setDataFrame', data.name, ...data.values]),
  }
}
