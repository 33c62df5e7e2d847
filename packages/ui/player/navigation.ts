import { type CommandTarget, runCommand } from './keyboard.ts'
import type { Command } from './keys.ts'
import type { Playback } from './playback.ts'
import type { Session } from './session.ts'
import { type Span, spanOf } from './span.ts'
import type { Watching } from './watching.ts'

/** Where the picture is in what is watched, and the ways to move it. */
export interface Navigation {
  readonly span: Span
  /** @param seconds from the beginning of `span` */
  seekTo(seconds: number): void
  goLive(): void
  run(command: Command): void
}

interface NavigationHost extends Pick<CommandTarget, 'press'> {
  readonly video: HTMLVideoElement | null
  readonly dialog: HTMLDialogElement | null
}

export function createNavigation(
  host: NavigationHost,
  watching: Watching,
  playback: Pick<Playback, 'play' | 'pause' | 'paused' | 'refused'>,
): Navigation {
  const navigation: Navigation = {
    get span() {
      const { session, facts } = watching
      const { startedAt, live, assetId } = facts ?? { live: false }
      const ofChannel = live && startedAt && session?.state.source?.assetId === assetId
      return spanOf({
        startedAt: ofChannel ? Date.parse(startedAt) : undefined,
        edge: session?.edge ?? 0,
        date: session && dateOf(session),
        duration: session?.engine?.duration,
        window: session?.engine?.window,
        currentTime: host.video?.currentTime ?? 0,
      })
    },
    seekTo(seconds) {
      const { session, phase } = watching
      const { video } = host
      if (!session || !video) return
      const { span } = navigation
      const to = Math.min(Math.max(0, seconds), span.length)
      if (span.dates) session.seekDate(span.start + to * 1000)
      else video.currentTime = to
      if (phase === 'ended') void video.play().catch(() => undefined)
    },
    goLive() {
      watching.session?.send({ type: 'go-live' })
      playback.play()
    },
    run(command) {
      const { video, dialog } = host
      if (!video) return
      const { phase, missing } = watching
      // There is nothing to pause, and what comes next begins by itself.
      if (command.kind === 'toggle-play' && (phase === 'offline' || missing)) return
      const isLoading = phase === 'starting' || phase === 'stalled'
      const { position, length } = navigation.span
      runCommand(command, {
        ...{ video, dialog, position, length },
        stands: isLoading ? playback.paused || playback.refused : video.paused,
        play: () => playback.play(),
        pause: () => playback.pause(),
        seekTo: navigation.seekTo,
        goToEnd: () => (watching.facts?.live ? navigation.goLive() : navigation.seekTo(length)),
        press: (name) => host.press(name),
      })
    },
  }
  return navigation
}

/** Unix milliseconds. Until a source has shown a picture it is the moment that was asked for: engines begin at their playlist's start. */
function dateOf({ state, date }: Session): number | undefined {
  return state.seen ? (date ?? state.at) : (state.at ?? date)
}
