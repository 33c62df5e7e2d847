import { type Command, commandOf } from './keys.ts'
import { recall } from './preferences.ts'

/** The element that keys are for. */
export interface KeyboardHost extends HTMLElement {
  readonly video: HTMLVideoElement | null
  readonly dialog: HTMLDialogElement | null
  /** `page`: also while nothing on the page has the focus. */
  readonly hotkeys: string
}

/** The command that a key press means for this player; `undefined` when the key belongs to something else. */
export function commandFor(event: KeyboardEvent, host: KeyboardHost): Command | undefined {
  if (event.defaultPrevented) return undefined
  const path = event.composedPath()
  const inside = path.includes(host)
  const page = host.hotkeys === 'page' && event.target === document.body && recall('page-keys') !== 'off'
  if ((!inside && !page) || host.dialog?.open) return undefined
  const target = path[0]
  if (target instanceof Element) {
    if (target.matches('input:not([type=range]), textarea, select')) return undefined
    // These keys belong to the control that has the focus.
    if (event.key === ' ' && inside && target !== host && target.matches(pressed)) return undefined
    // The bar's own step is a second: at the edge that is nothing, and what the help says is more.
    const isVolume = path.some((node) => node instanceof Element && node.matches('media-volume-range'))
    if (isVolume && /^(Arrow|Home|End|Page)/.test(event.key)) return undefined
  }
  return commandOf(event)
}

const pressed =
  'button, a, [role=button], media-play-button, media-mute-button, media-pip-button, media-fullscreen-button'

/** What only the player itself can do about a command. */
export interface CommandTarget {
  readonly video: HTMLVideoElement
  readonly dialog: HTMLDialogElement | null
  /** Seconds from the beginning, and of the whole. */
  readonly position: number
  readonly length: number
  /** It waits for the viewer: he has paused it, it is over, or the browser has not let it begin. */
  readonly stands: boolean
  play(): void
  pause(): void
  seekTo(seconds: number): void
  /** To the newest there is. */
  goToEnd(): void
  /** Presses one of the controls. */
  press(name: 'media-fullscreen-button' | 'media-pip-button'): void
}

export function runCommand(command: Command, { video, dialog, ...target }: CommandTarget): void {
  switch (command.kind) {
    case 'toggle-play':
      // Not what the video says: while another source is loaded it is paused, and goes on by itself.
      return target.stands ? target.play() : target.pause()
    case 'mute':
      video.muted = !video.muted
      return
    case 'volume':
      video.volume = Math.min(1, Math.max(0, video.volume + command.by))
      if (video.volume > 0) video.muted = false
      return
    case 'skip':
      return target.seekTo(target.position + command.seconds)
    case 'tenth':
      return target.seekTo((target.length * command.tenth) / 10)
    case 'start':
      return target.seekTo(0)
    case 'live':
      return target.goToEnd()
    case 'full-screen':
      return target.press('media-fullscreen-button')
    case 'picture-in-picture':
      return target.press('media-pip-button')
    case 'captions':
      for (const track of Array.from(video.textTracks)) track.mode = track.mode === 'showing' ? 'hidden' : 'showing'
      return
    case 'help':
      dialog?.showModal()
  }
}
