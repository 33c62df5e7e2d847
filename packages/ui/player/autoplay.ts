/** What came of trying to play by itself. */
export type AutoplayOutcome = 'with-sound' | 'muted' | 'refused'

/**
 * Plays with sound where the browser lets a page do so, else without, else waits for the viewer.
 * @param wantMuted the viewer (or the page) asked for silence: no sound is tried.
 */
export async function autoplay(
  video: { muted: boolean; play(): Promise<void> },
  wantMuted: boolean,
): Promise<AutoplayOutcome> {
  if (!wantMuted) {
    try {
      video.muted = false
      await video.play()
      return 'with-sound'
    } catch (error) {
      // An AbortError only says that another load came in between; the element tries again with that one.
      if (!(error instanceof Error) || error.name !== 'NotAllowedError') return 'refused'
    }
  }
  try {
    video.muted = true
    await video.play()
    return 'muted'
  } catch {
    return 'refused'
  }
}
