import type Hls from 'hls.js'
import type { Fragment } from 'hls.js'

/** By so much the picture may stand before the segment that it waits for; seconds. */
const margin = 0.5

/**
 * How many bytes are there of the segment that the picture waits for, as long as it is on its way; `undefined` while none is. Of parts
 * nothing is said: one plays for a third of a second.
 */
export function arrivalOf(HlsClass: typeof Hls, hls: Hls): () => number | undefined {
  let coming: Fragment | undefined

  hls.on(HlsClass.Events.FRAG_LOADING, (_, { frag, part }) => {
    if ((frag.type as string) === 'main' && frag.sn !== 'initSegment') coming = part ? undefined : frag
  })

  return () => {
    const { media } = hls
    if (!coming || !media) return undefined
    // hls.js changes them with each attempt.
    const { loaded, loading, aborted } = coming.stats
    if (loaded === 0 || loading.end > 0 || aborted) return undefined
    const { buffered, currentTime } = media
    const isAwaited = coming.start <= currentTime + margin && coming.end > currentTime
    return isAwaited || buffered.length === 0 ? loaded : undefined
  }
}
