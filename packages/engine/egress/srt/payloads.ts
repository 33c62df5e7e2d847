/** Length of a packet of a transport stream (ISO/IEC 13818-1 §2.4.3.2). */
const TS_PACKET = 188

/** Cuts a transport stream into payloads of whole packets, as many as fit: receivers expect no others. */
export interface Payloads {
  /** @param bytes a multiple of 188 */
  push(bytes: Uint8Array): void
  /** What is left: the last payload of a unit that nothing follows at once. */
  flush(): void
}

/** @param bytes that a payload has at most */
export function createPayloads(bytes: number, send: (payload: Uint8Array) => void): Payloads {
  // Seven, as everybody sends them; more would not fit where a tunnel is on the way.
  const size = Math.min(7, Math.floor(bytes / TS_PACKET)) * TS_PACKET
  let rest = new Uint8Array(size)
  let length = 0

  function flush(): void {
    if (length === 0) return
    send(rest.subarray(0, length))
    rest = new Uint8Array(size)
    length = 0
  }

  return {
    push(pushed) {
      for (let at = 0; at < pushed.byteLength; ) {
        const taken = Math.min(size - length, pushed.byteLength - at)
        rest.set(pushed.subarray(at, at + taken), length)
        length += taken
        at += taken
        if (length === size) flush()
      }
    },
    flush,
  }
}
