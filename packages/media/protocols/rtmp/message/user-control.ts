import { ByteReader } from '../../../bytes/reader.ts'
import { ByteWriter } from '../../../bytes/writer.ts'
import type { RtmpMessage } from '../chunk/message.ts'
import { MessageType } from './type.ts'

/**
 * User control messages (RTMP 1.0 §7.1.7) that matter to publishing. `value` is the message stream for `stream-begin` and
 * `stream-eof`, the sender's milliseconds for pings; both are 32 bits.
 */
export interface UserControl {
  readonly kind: 'stream-begin' | 'stream-eof' | 'ping-request' | 'ping-response' | 'other'
  readonly value: number
}

const events = new Map<number, UserControl['kind']>([
  [0, 'stream-begin'],
  [1, 'stream-eof'],
  [6, 'ping-request'],
  [7, 'ping-response'],
])

/** @throws MediaError `truncated`. Event types that have no use here are `other`. */
export function parseUserControl(payload: Uint8Array): UserControl {
  const reader = new ByteReader(payload, 'rtmp.user-control')
  const kind = events.get(reader.u16()) ?? 'other'
  return { kind, value: kind === 'other' ? 0 : reader.u32() }
}

export function printUserControl(control: {
  readonly kind: Exclude<UserControl['kind'], 'other'>
  readonly value: number
}): RtmpMessage {
  const type = [...events].find(([, kind]) => kind === control.kind)?.[0] ?? 0
  const payload = new ByteWriter(6).u16(type).u32(control.value).finish()
  return { type: MessageType.userControl, streamId: 0, timestamp: 0, payload }
}
