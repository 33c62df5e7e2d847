import type { ServerMessage } from '@bandstand/contract/chat/server.ts'

/** A ping without payload (RFC 6455, 5.5.2). */
export const PING = Buffer.of(0x89, 0x00)

/**
 * A server's text frame (RFC 6455, 5.2), made once and written to every reader as it is: final, not masked, not compressed.
 *
 *      0               1               2 .. 10
 *     +-+-+-+-+-------+-+-------------+------------------+---------+
 *     |1|0 0 0|  0x1  |0|   length    | 16 or 64 bit ext | payload |
 *     +-+-+-+-+-------+-+-------------+------------------+---------+
 */
export function printFrame(message: ServerMessage): Buffer {
  const text = JSON.stringify(message)
  const length = Buffer.byteLength(text)
  const head = length < 126 ? 2 : length < 65_536 ? 4 : 10
  const frame = Buffer.allocUnsafeSlow(head + length)
  frame[0] = 0x81
  if (head === 2) frame[1] = length
  else if (head === 4) {
    frame[1] = 126
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = 127
    frame.writeBigUInt64BE(BigInt(length), 2)
  }
  frame.write(text, head, 'utf8')
  return frame
}
