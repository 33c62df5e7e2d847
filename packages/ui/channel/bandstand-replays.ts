import type { Replay, ReplayList } from '@bandstand/contract/api/replay.ts'
import { css, html, LitElement, nothing, type PropertyValues } from 'lit'
import { buttons } from '../style/forms.ts'
import { tokens } from '../style/tokens.ts'
import { type Place, serverOf } from './address.ts'
import { askReplays, replayFacts, watchReplays } from './replays.ts'

/**
 * The past broadcasts of a channel as links to their pages, newest first; nothing where there are none. A broadcast that ends
 * while the page is open is added.
 *
 * | attribute | |
 * |---|---|
 * | `channel` | slug of the channel |
 * | `server` | origin of the Bandstand server; default: where the page came from |
 * | `heading` | words above the list; default: Past broadcasts |
 * | `except` | id of a broadcast that is left out, for the page that shows it; the list is then read once |
 *
 * | CSS part | |
 * |---|---|
 * | `heading`, `list`, `link` | the words above, the list, each link |
 *
 * | CSS custom property | |
 * |---|---|
 * | `--bandstand-surface`, `--bandstand-line` | ground and border of a link |
 * | `--bandstand-text`, `--bandstand-muted` | title; day and length |
 */
export class BandstandReplays extends LitElement {
  static override properties = {
    channel: { type: String },
    server: { type: String },
    heading: { type: String },
    except: { type: String },
    _replays: { state: true },
    _next: { state: true },
  }
  declare channel: string
  declare server: string
  declare heading: string
  declare except: string
  declare _replays: readonly Replay[]
  declare _next: string | null

  static override styles = [
    tokens,
    buttons,
    css`
      h2 {
        margin: 0 0 0.6rem;
        font-size: 1rem;
        line-height: 1.3;
      }
      ul {
        list-style: none;
        margin: 0;
        padding: 0;
        display: grid;
        gap: 0.6rem;
        grid-template-columns: repeat(auto-fill, minmax(min(100%, 15rem), 1fr));
      }
      a {
        display: block;
        height: 100%;
        box-sizing: border-box;
        padding: 0.6rem 0.9rem;
        border: 1px solid var(--_line);
        border-radius: var(--_radius);
        background: var(--_surface);
        color: var(--_text);
        text-decoration: none;
      }
      a:hover {
        border-color: var(--_muted);
      }
      b {
        display: -webkit-box;
        -webkit-box-orient: vertical;
        -webkit-line-clamp: 2;
        overflow: hidden;
        overflow-wrap: anywhere;
        font-weight: 600;
      }
      /* Where it takes two lines, the length does not stand alone on the second. */
      span {
        display: block;
        text-wrap: balance;
        color: var(--_muted);
        font-size: 0.9rem;
        font-variant-numeric: tabular-nums;
      }
      button {
        margin-top: 0.6rem;
      }
    `,
  ]

  #stop: (() => void) | undefined

  constructor() {
    super()
    this.channel = ''
    this.server = ''
    this.heading = 'Past broadcasts'
    this.except = ''
    this._replays = []
    this._next = null
  }

  override connectedCallback(): void {
    super.connectedCallback()
    if (this.hasUpdated) this.#start()
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    this.#stop?.()
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has('channel') || changed.has('server') || changed.has('except')) this.#start()
  }

  get #place(): Place {
    return { server: serverOf(this.server, location.href), channel: this.channel }
  }

  #start(): void {
    this.#stop?.()
    this.#stop = undefined
    this._replays = []
    this._next = null
    if (!this.channel || !this.isConnected) return
    const show = ({ replays, next }: ReplayList) => {
      this._replays = replays
      this._next = next
    }
    if (!this.except) {
      this.#stop = watchReplays(this.#place, show)
      return
    }
    let over = false
    this.#stop = () => {
      over = true
    }
    void askReplays(this.#place).then((list) => {
      if (list && !over) show(list)
    })
  }

  async #older(): Promise<void> {
    const before = this._next
    if (before === null) return
    const list = await askReplays(this.#place, before)
    // Pressed twice, or another channel by now.
    if (!list || this._next !== before) return
    this._replays = [...this._replays, ...list.replays]
    this._next = list.next
  }

  override render() {
    const shown = this._replays.filter(({ assetId }) => assetId !== this.except)
    if (shown.length === 0) return nothing
    const { server } = this.#place
    return html`<section aria-labelledby="heading">
      <h2 id="heading" part="heading">${this.heading}</h2>
      <ul part="list">
        ${shown.map(
          (replay) =>
            html`<li>
              <a part="link" href=${server + replay.url}><b>${replay.title}</b><span>${replayFacts(replay)}</span></a>
            </li>`,
        )}
      </ul>
      ${this._next === null ? nothing : html`<button type="button" @click=${() => this.#older()}>Older</button>`}
    </section>`
  }
}

customElements.define('bandstand-replays', BandstandReplays)
