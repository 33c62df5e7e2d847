import type { RenderedText } from '../packager/live.ts'
import type { HttpRequest } from './message.ts'
import { takesGzip } from './respond.ts'

/*
 * A crowd's playlists are compressed before they wait for their turn. An answer that waits for that within its turn is over
 * for the turn, and all of them would be sent in one go when it is done, before any media.
 */

type Ready = Promise<RenderedText | undefined>

/** One promise for all who wait for the same playlist and take gzip, so that these are released together too. */
const compressing = new WeakMap<Ready, Ready>()

/** The playlist that is waited for, compressed where this client takes it so. */
export function readyFor(req: HttpRequest, ready: Ready): Ready {
  if (!takesGzip(req)) return ready
  let both = compressing.get(ready)
  if (both === undefined) {
    both = ready.then(async (playlist) => {
      if (playlist !== undefined) await compress(playlist)
      return playlist
    })
    compressing.set(ready, both)
  }
  return both
}

/** What this client's copy of the playlist waits for; `undefined` where it can be sent at once. */
export function compressionFor(req: HttpRequest, playlist: RenderedText): Promise<void> | undefined {
  return playlist.gzipped !== undefined || !takesGzip(req) ? undefined : compress(playlist)
}

/** What cannot be compressed is sent as it is. */
async function compress(playlist: RenderedText): Promise<void> {
  await playlist.gzip().catch(() => undefined)
}
