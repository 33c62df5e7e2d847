import type { Readable } from 'node:stream'

/**
 * Reads the sockets of encoders in gulps. An encoder writes each picture and each frame of sound by itself, some seventy
 * times a second, and waking up for each costs more than what is done with it: with twenty encoders a quarter of all
 * processor time. Where nobody waits for single units they wait in the kernel, and all sockets are read in one turn.
 */
export interface Gulps {
  /**
   * From the next gulp on the socket is read so while `isUrgent` says no, and as its bytes come while it says yes. Both times
   * they are given by `data` events.
   *
   * @param socket with a high-water mark of 1 byte: whatever was read then stops the reading until the next gulp. One of TLS has
   *   Node's own of 64 KB: it gives records of at most 16 KB, of which one a gulp would be too little.
   */
  begin(socket: Readable, isUrgent: () => boolean): void
  /** The socket flows again. No effect on one that was not begun. */
  end(socket: Readable): void
}

/** What Node takes with one read at most: so much says that more is waiting. */
const READ_BYTES = 65_536

/** @param intervalMs between two gulps. Bytes wait for one and a half of them on average. */
export function createGulps(intervalMs: number): Gulps {
  const sockets = new Map<Readable, () => boolean>()
  let timer: NodeJS.Timeout | undefined

  function gulp(): void {
    for (const [socket, isUrgent] of sockets) {
      if (isUrgent()) {
        if (socket.isPaused()) socket.resume()
        continue
      }
      if (!socket.isPaused()) socket.pause()
      const bytes: Uint8Array | null = socket.read()
      // Whoever was given them may have ended this.
      if (bytes !== null && bytes.byteLength >= READ_BYTES && sockets.has(socket)) socket.resume()
    }
  }

  return {
    begin(socket, isUrgent) {
      sockets.set(socket, isUrgent)
      timer ??= setInterval(gulp, intervalMs)
    },
    end(socket) {
      if (!sockets.delete(socket)) return
      socket.resume()
      if (sockets.size > 0) return
      clearInterval(timer)
      timer = undefined
    },
  }
}
