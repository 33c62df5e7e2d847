import { opusDuration } from '../../codecs/opus/packet.ts'
import { MediaError } from '../../error.ts'
import { packetizeH264 } from './h264.ts'
import { RTP_LIMITS } from './limits.ts'
import { packetizeOpus } from './opus.ts'
import { parseRtp } from './packet.ts'
import { writeRtpHeader } from './payload.ts'

/**
 * The input as a packet, as an access unit behind a byte that gives the payloads' bound, and as an Opus packet. What is made is
 * within its bounds and reads back. Allowed: a MediaError.
 */
export const target = {
  name: 'rtp',
  corpus: new URL('corpus/rtp/', import.meta.url),
  run(input: Uint8Array): void {
    for (const run of [packet, units, opus]) {
      try {
        run(input)
      } catch (error) {
        if (!(error instanceof MediaError)) throw error
      }
    }
  },
}

function packet(input: Uint8Array): void {
  const { payload, extensions } = parseRtp(input)
  const size = extensions.reduce((sum, { data }) => sum + data.byteLength, payload.byteLength)
  if (size > input.byteLength) throw new RangeError('a packet holds more than its bytes')
}

function units(input: Uint8Array): void {
  const max = 4 + (input[0] ?? 0)
  const payloads = packetizeH264(input.subarray(1), new Uint8Array(), max)
  for (const [i, payload] of payloads.entries()) {
    const header = { payloadType: 96, sequence: i & 0xffff, timestamp: 0, ssrc: 1 }
    const again = parseRtp(writeRtpHeader(payload, header, new Uint8Array()))
    if (again.payload.byteLength > max || again.payload.byteLength === 0) throw new RangeError('payload out of bounds')
    if (again.marker !== (i === payloads.length - 1)) throw new RangeError('marker at the wrong place')
  }
}

function opus(input: Uint8Array): void {
  if (opusDuration(input) > 5760) throw new RangeError('more than 120 ms')
  const { buffer } = packetizeOpus(input, RTP_LIMITS.payload)
  if (buffer.byteLength !== RTP_LIMITS.headroom + input.byteLength) throw new RangeError('payload of another size')
}
