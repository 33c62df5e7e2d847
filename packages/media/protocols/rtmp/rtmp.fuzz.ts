import { MediaError } from '../../error.ts'
import { ChunkDecoder } from './chunk/decoder.ts'
import type { RtmpCrypto } from './handshake/crypto.ts'
import { RTMP_LIMITS } from './limits.ts'
import { createRtmpServerSession } from './session/server.ts'

/** A digest that only depends on the input's first bytes: nobody can fuzz through a real one. */
const crypto: RtmpCrypto = {
  hmacSha256: (_key, data) => data.slice(0, 32),
  randomBytes: (length) => new Uint8Array(length),
}

/**
 * The input's first byte says how the rest is cut; then it goes through a bare chunk decoder, a session from its first byte
 * and one behind its handshake. Allowed: events, a `close` event, a MediaError of the decoder.
 */
export const target = {
  name: 'rtmp',
  corpus: new URL('corpus/', import.meta.url),
  run(input: Uint8Array): void {
    const step = 1 + (input[0] ?? 0)
    const rest = input.subarray(1)
    chunks(rest, step)
    session(rest, step, false)
    session(rest, step, true)
  },
}

function chunks(input: Uint8Array, step: number): void {
  const decoder = new ChunkDecoder({ ...RTMP_LIMITS, messageBytes: 65_536, pendingBytes: 131_072 })
  try {
    for (let at = 0; at < input.byteLength; at += step) {
      decoder.push(input.subarray(at, at + step), () => {})
      if (decoder.pendingBytes < 0 || decoder.pendingBytes > 131_072) {
        throw new RangeError(`pending bytes ${decoder.pendingBytes} are out of bounds`)
      }
    }
  } catch (error) {
    if (!(error instanceof MediaError)) throw error
  }
}

function session(input: Uint8Array, step: number, shaken: boolean): void {
  const server = createRtmpServerSession({ crypto, limits: RTMP_LIMITS, app: 'live', now: 0 })
  if (shaken) {
    const handshake = new Uint8Array(1 + 2 * 1536)
    handshake[0] = 3
    server.receive(handshake, 0)
  }
  for (let at = 0; at < input.byteLength; at += step) {
    for (const event of server.receive(input.subarray(at, at + step), at).events) {
      if (event.type === 'publish') server.acceptPublish(at)
      if (event.type === 'close') return
    }
  }
  server.wake(60_000)
}
