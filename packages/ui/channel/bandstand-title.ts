import { css, html, LitElement, type PropertyValues } from 'lit'
import { tokens } from '../style/tokens.ts'
import { watchChannel } from './watch-channel.ts'

/**
 * The channel's title, which follows what the owner makes of it while the page is open.
 *
 * | attribute | |
 * |---|---|
 * | `channel` | slug of the channel |
 * | `server` | origin of the Bandstand server; default: where the page came from |
 *
 * | slot | |
 * |---|---|
 * | (default) | shown until the title is known |
 */
export class BandstandTitle extends LitElement {
  static override properties = {
    channel: { type: String },
    server: { type: String },
    _title: { state: true },
  }
  declare channel: string
  declare server: string
  declare _title: string | undefined

  static override styles = [
    tokens,
    css`
      :host {
        font-family: inherit;
        overflow-wrap: anywhere;
      }
    `,
  ]

  readonly #watch = watchChannel(this, (facts) => {
    this._title = facts.title
  })

  constructor() {
    super()
    this.channel = ''
    this.server = ''
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has('channel') || changed.has('server')) this.#watch.follow(this.channel, this.server)
  }

  override render() {
    return this._title === undefined ? html`<slot></slot>` : html`${this._title}`
  }
}

customElements.define('bandstand-title', BandstandTitle)
