import { ByteReader } from '../../../bytes/reader.ts'
import type { RtmpMessage } from '../chunk/message.ts'

/**
 * An aggregate message (RTMP 1.0 §7.1.6) is a run of FLV tags, each with its back pointer:
 *
 * ```
 * | type 8 | length 24 | timestamp 24 | timestamp 31–24 8 | stream id 24 | payload | back pointer 32 |
 * ```
 * Times count from the first tag's, which stands for the aggregate's own. Payloads are views.
 *
 * @throws MediaError `truncated`. Only the last back pointer may be missing: some relays leave it away.
 */
export function* parseAggregate(message: RtmpMessage): Generator<RtmpMessage> {
  const reader = new ByteReader(message.payload, 'rtmp.aggregate')
  let first: number | undefined
  while (reader.remaining > 0) {
    const type = reader.u8()
    const length = reader.u24()
    const low = reader.u24()
    const time = (low | (reader.u8() << 24)) >>> 0
    first ??= time
    reader.skip(3)
    const payload = reader.bytes(length)
    if (reader.remaining > 0) reader.skip(4)
    yield { type, streamId: message.streamId, timestamp: (message.timestamp + time - first) >>> 0, payload }
  }
}
