/** What came of trying to play by itself. `interrupted`: nothing yet, for another load came in between, or there is no source. */
export type AutoplayOutcome = 'with-sound' | 'muted' | 'refused' | 'interrupted'

/**
 * Plays with sound where the browser lets a page do so, else without, else waits for the viewer.
 * @param wantMuted the viewer (or the page) asked for silence: no sound is tried.
 * @param onSoundRefused called before the video is muted for that, so that its event is known for what it is
 */
export async function autoplay(
  video: { muted: boolean; play(): Promise<void> },
  wantMuted: boolean,
  onSoundRefused: () => void,
): Promise<AutoplayOutcome> {
  if (!wantMuted) {
    try {
      video.muted = false
      await video.play()
      return 'with-sound'
    } catch (error) {
      if (!isRefusal(error)) return 'interrupted'
      onSoundRefused()
    }
  }
  try {
    video.muted = true
    await video.play()
    return 'muted'
  } catch (error) {
    return isRefusal(error) ? 'refused' : 'interrupted'
  }
}

/** An AbortError only says that another load came in between; the element tries again with that one. */
function isRefusal(error: unknown): boolean {
  return error instanceof Error && error.name === 'NotAllowedError'
}
