import type Hls from 'hls.js'
import type { LevelDetails } from 'hls.js'

/**
 * Keeps what a playlist lists before the zero of media time in its place. hls.js has the first playlist begin there, and a
 * rendition that lists more of the past begins before it. With each segment that is loaded hls.js 1.7 moves such begins to zero
 * (`updateFromToPTS`), takes the next delta update for that much longer, and waits for media that come long after those that it
 * could play: the picture stood for ten seconds, until the player loaded anew.
 */
export function keepBeforeZero({ Events }: typeof Hls, hls: Hls): void {
  hls.on(Events.LEVEL_PTS_UPDATED, (_, { details }) => putBack(details))
  hls.on(Events.LEVEL_UPDATED, (_, { details }) => putBack(details))
  hls.on(Events.AUDIO_TRACK_UPDATED, (_, { details }) => putBack(details))
}

function putBack({ fragments }: LevelDetails): void {
  for (let i = fragments.length - 1; i > 0; i--) {
    const [before, after] = [fragments[i - 1], fragments[i]]
    if (!before || !after) return
    const start = after.start - before.duration
    if (before.start === 0 && start < 0) before.setStart(start)
  }
}
