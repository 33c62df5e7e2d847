import { type Amf0Object, amf0Object } from '../amf0/value.ts'
import type { RtmpMessage } from '../chunk/message.ts'
import { printCommand } from '../message/command.ts'

/** Status codes this server sends in `onStatus` (RTMP 1.0 §7.2.2 names the object, not the codes). */
export type PublishStatus =
  | 'NetStream.Publish.Start'
  | 'NetStream.Publish.BadName'
  | 'NetStream.Publish.Rejected'
  | 'NetStream.Unpublish.Success'
  | 'NetStream.Play.Failed'

/**
 * `_result` of connect (§7.2.1.1). The object encoding is always AMF0: who asked for AMF3 falls back to it.
 *
 * @param capabilities for an encoder that has said what it can do beyond RTMP 1.0. Enhanced RTMP does not name the one of the two
 *   objects that it belongs in, and encoders look in either, so it is in both.
 */
export function printConnectResult(transaction: number, capabilities?: Amf0Object): RtmpMessage {
  const more = capabilities === undefined ? {} : Object.fromEntries(capabilities)
  return printCommand(
    {
      name: '_result',
      transaction,
      // Encoders look at neither value but must find both; these are what everybody sends.
      object: amf0Object({ fmsVer: 'FMS/3,5,7,7009', capabilities: 31, mode: 1, ...more }),
      args: [
        amf0Object({
          level: 'status',
          code: 'NetConnection.Connect.Success',
          description: 'Connected.',
          objectEncoding: 0,
          ...more,
        }),
      ],
    },
    0,
  )
}

/** `_error` of connect. */
export function printConnectError(
  transaction: number,
  code: 'NetConnection.Connect.InvalidApp' | 'NetConnection.Connect.Rejected',
  description: string,
): RtmpMessage {
  const info = amf0Object({ level: 'error', code, description })
  return printCommand({ name: '_error', transaction, object: null, args: [info] }, 0)
}

/** Plain `_result`. */
export function printResult(transaction: number, value: number | undefined): RtmpMessage {
  return printCommand({ name: '_result', transaction, object: null, args: value === undefined ? [] : [value] }, 0)
}

/** `onStatus` on a message stream. */
export function printStatus(
  streamId: number,
  level: 'status' | 'error',
  code: PublishStatus,
  description: string,
): RtmpMessage {
  const info = amf0Object({ level, code, description })
  return printCommand({ name: 'onStatus', transaction: 0, object: null, args: [info] }, streamId)
}

/** `onStatus` of the connection: the encoder is to come back (Enhanced RTMP v2, "Reconnect Request"), to the address it used. */
export function printReconnectRequest(description: string): RtmpMessage {
  const info = amf0Object({ level: 'status', code: 'NetConnection.Connect.ReconnectRequest', description })
  return printCommand({ name: 'onStatus', transaction: 0, object: null, args: [info] }, 0)
}

/** `onFCPublish` and `onFCUnpublish`, which Flash Media Live Encoder waits for. */
export function printFcStatus(name: 'onFCPublish' | 'onFCUnpublish', code: PublishStatus, key: string): RtmpMessage {
  const info = amf0Object({ level: 'status', code, description: key })
  return printCommand({ name, transaction: 0, object: null, args: [info] }, 0)
}
