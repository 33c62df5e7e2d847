import { html, nothing } from 'lit'
import type { Transport } from './choice/transport.ts'
import type { Settings } from './settings-menu.ts'
import type { Span } from './span.ts'
import { behindText, clockText } from './time-text.ts'

export interface Controls {
  readonly span: Span
  /** Address of the previews along the bar. */
  readonly storyboard: string
  /** What is played is still being made. */
  readonly growing: boolean
  /** The channel is live. */
  readonly live: boolean
  readonly atEdge: boolean
  readonly settings: Settings
  readonly onSeek: (seconds: number) => void
  readonly onLive: () => void
  readonly onHelp: () => void
  readonly onTransport: (transport: Transport | undefined) => void
  readonly onMenu: (open: boolean) => void
}

/** The bar from the beginning to now, and the buttons below it. */
export function controls({ span, storyboard, growing, live, atEdge, settings, ...on }: Controls) {
  const { onSeek, onLive, onHelp, onTransport, onMenu } = on
  const { delay } = settings
  return html`
    <div class="bottom">
      ${
        span.length > 5
          ? html`<bandstand-rewind-bar
              .length=${span.length}
              .position=${span.position}
              .live=${span.dates}
              .growing=${growing}
              .storyboard=${storyboard}
              @seek=${(event: CustomEvent<number>) => onSeek(event.detail)}
            ></bandstand-rewind-bar>`
          : nothing
      }
      <media-control-bar>
        <media-play-button></media-play-button>
        <media-mute-button></media-mute-button>
        <media-volume-range class="wide"></media-volume-range>
        ${
          live
            ? html`<button class="live" type="button" ?data-at-edge=${atEdge} @click=${onLive}>
                LIVE${
                  delay === undefined
                    ? nothing
                    : html`<span class="far">${behindText(delay)}</span
                        ><span class="sr"> behind${atEdge ? '' : ', go to live'}</span>`
                }
              </button>`
            : span.length > 0
              ? html`<span class="time">${clockText(span.position)} / ${clockText(span.length)}</span>`
              : nothing
        }
        <span class="grow"></span>
        <button class="plain wide" type="button" aria-label="Keyboard help" @click=${onHelp}>?</button>
        <bandstand-settings-menu
          .settings=${settings}
          @transport=${(event: CustomEvent<Transport | undefined>) => onTransport(event.detail)}
          @opened=${(event: CustomEvent<boolean>) => onMenu(event.detail)}
        ></bandstand-settings-menu>
        <media-pip-button></media-pip-button>
        <media-fullscreen-button></media-fullscreen-button>
      </media-control-bar>
    </div>
  `
}
