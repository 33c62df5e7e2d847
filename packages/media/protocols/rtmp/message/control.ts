import { ByteReader } from '../../../bytes/reader.ts'
import { ByteWriter } from '../../../bytes/writer.ts'
import { MediaError } from '../../../error.ts'
import type { RtmpMessage } from '../chunk/message.ts'
import { MessageType } from './type.ts'

/** Protocol control messages (RTMP 1.0 §5.4). All are one 32-bit number, Set Peer Bandwidth adds a byte. */
export type ControlMessage =
  | { readonly kind: 'set-chunk-size'; readonly bytes: number }
  | { readonly kind: 'abort'; readonly chunkStreamId: number }
  /** Bytes received so far, modulo 2^32. */
  | { readonly kind: 'acknowledgement'; readonly sequence: number }
  | { readonly kind: 'window-acknowledgement-size'; readonly bytes: number }
  | { readonly kind: 'set-peer-bandwidth'; readonly bytes: number; readonly limit: 'hard' | 'soft' | 'dynamic' }

const types: Readonly<Record<ControlMessage['kind'], number>> = {
  'set-chunk-size': MessageType.setChunkSize,
  abort: MessageType.abort,
  acknowledgement: MessageType.acknowledgement,
  'window-acknowledgement-size': MessageType.windowAcknowledgementSize,
  'set-peer-bandwidth': MessageType.setPeerBandwidth,
}
const limits = ['hard', 'soft', 'dynamic'] as const

/** @throws MediaError `truncated` or `malformed`; `unsupported` for a type that is none of these. */
export function parseControl(message: RtmpMessage): ControlMessage {
  const reader = new ByteReader(message.payload, 'rtmp.control')
  const value = reader.u32()
  switch (message.type) {
    case MessageType.setChunkSize:
      // The top bit must be zero and the size at least 1 (§5.4.1).
      if (value === 0 || value > 0x7fffffff) {
        throw new MediaError('malformed', `rtmp.control: chunk size ${value}`, reader.context(0))
      }
      return { kind: 'set-chunk-size', bytes: value }
    case MessageType.abort:
      return { kind: 'abort', chunkStreamId: value }
    case MessageType.acknowledgement:
      return { kind: 'acknowledgement', sequence: value }
    case MessageType.windowAcknowledgementSize:
      return { kind: 'window-acknowledgement-size', bytes: value }
    case MessageType.setPeerBandwidth:
      // Some encoders leave the limit type away; dynamic is the harmless reading.
      return {
        kind: 'set-peer-bandwidth',
        bytes: value,
        limit: (reader.remaining > 0 ? limits[reader.u8()] : undefined) ?? 'dynamic',
      }
    default:
      throw new MediaError('unsupported', `rtmp.control: type ${message.type}`, reader.context(0))
  }
}

/** Always on message stream 0 with timestamp 0. */
export function printControl(control: ControlMessage): RtmpMessage {
  const writer = new ByteWriter(8)
  if (control.kind === 'abort') writer.u32(control.chunkStreamId)
  else if (control.kind === 'acknowledgement') writer.u32(control.sequence)
  else writer.u32(control.bytes)
  if (control.kind === 'set-peer-bandwidth') writer.u8(limits.indexOf(control.limit))
  return { type: types[control.kind], streamId: 0, timestamp: 0, payload: writer.finish() }
}
