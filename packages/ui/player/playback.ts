import { autoplay } from './autoplay.ts'
import { recall, remember } from './preferences.ts'

/** Playing and sound: what the browser allows of what the viewer wants. */
export interface Playback {
  /** The viewer has paused. */
  readonly paused: boolean
  /** The browser refused sound, and the video is muted for that. */
  readonly silenced: boolean
  /** The browser refused to play at all. */
  readonly refused: boolean
  /** Volume and silence as they were left at the last visit. */
  restore(): void
  /** Plays by itself, unless the viewer has paused. */
  begin(): Promise<void>
  /** The viewer asks for the picture. */
  play(): void
  /** The viewer wants the picture to stand. Where it was asked of the video itself (by a key of a headset, say) `onPause` tells. */
  pause(): void
  /** The viewer asks for what the browser has refused: the picture, with sound unless he wants none. */
  playWithSound(): void
  /** To be called on the video's events. */
  onPlay(): void
  onPlaying(): void
  onPause(): void
  onVolume(): void
}

/** @param host its `muted` is whether the viewer, or the page, wants silence */
export function createPlayback(host: {
  readonly video: HTMLVideoElement | null
  muted: boolean
  requestUpdate(): void
}): Playback {
  let silenced = false
  let refused = false
  let paused = false
  /** The volume and silence of the video as they were made here or last heard of: what is not the viewer's doing is no news. */
  let known: { readonly volume: number; readonly muted: boolean } | undefined

  function set(next: { silenced?: boolean; refused?: boolean }): void {
    silenced = next.silenced ?? silenced
    refused = next.refused ?? refused
    host.requestUpdate()
  }

  function note({ volume, muted }: HTMLVideoElement): void {
    known = { volume, muted }
  }

  const playback: Playback = {
    get paused() {
      return paused
    },
    get silenced() {
      return silenced
    },
    get refused() {
      return refused
    },
    restore() {
      const { video } = host
      const volume = Number.parseFloat(recall('volume') ?? '')
      if (video && volume >= 0 && volume <= 1) video.volume = volume
      if (video) note(video)
      if (recall('muted') === 'yes') host.muted = true
    },
    async begin() {
      const { video } = host
      if (!video || paused) return
      const playing = autoplay(video, silenced || host.muted, () => set({ silenced: true }))
      note(video)
      const outcome = await playing
      if (outcome !== 'interrupted') set({ refused: outcome === 'refused' && video.paused })
    },
    play() {
      paused = false
      void host.video?.play().catch(() => undefined)
    },
    pause() {
      // Not only with the event, which comes later: by then another source may have been put in place, which would begin by itself.
      paused = true
      host.video?.pause()
      host.requestUpdate()
    },
    playWithSound() {
      const { video } = host
      if (!video) return
      // What the browser has silenced, not what the viewer or the page has.
      video.muted = host.muted
      set({ silenced: false })
      playback.play()
    },
    onPlay() {
      // The event of a play() that the viewer has since paused says nothing.
      if (!host.video?.paused) paused = false
    },
    onPlaying() {
      set({ refused: false })
    },
    onPause() {
      const { video } = host
      // Browsers pause by themselves what has ended, and what they cannot go on with.
      paused ||= video !== null && !video.ended && video.error === null && video.readyState > 1
    },
    onVolume() {
      const { video } = host
      if (!video) return
      if (!video.muted) set({ silenced: false })
      const isOurs = video.volume === known?.volume && video.muted === known.muted
      note(video)
      // Only what the viewer chose is remembered, not what the page wants or the browser's rules made of it. Firefox before 120 does not
      // say whether he has done anything yet.
      if (!silenced && !isOurs && (navigator.userActivation?.hasBeenActive ?? true)) {
        remember('volume', String(video.volume))
        remember('muted', video.muted ? 'yes' : 'no')
        host.muted = video.muted
      }
    },
  }
  return playback
}
