import { css, html, LitElement, nothing, type PropertyValues } from 'lit'
import { tokens } from '../style/tokens.ts'
import { watchChannel } from './watch-channel.ts'

/**
 * How many are watching; nothing while the channel is offline.
 *
 * | attribute | |
 * |---|---|
 * | `channel` | slug of the channel |
 * | `server` | origin of the Bandstand server; default: where the page came from |
 */
export class BandstandViewers extends LitElement {
  static override properties = {
    channel: { type: String },
    server: { type: String },
    _count: { state: true },
  }
  declare channel: string
  declare server: string
  declare _count: number | undefined

  static override styles = [
    tokens,
    css`
      :host {
        font-variant-numeric: tabular-nums;
      }
    `,
  ]

  readonly #watch = watchChannel(this, (facts) => {
    this._count = facts.live ? facts.viewers : undefined
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
    const count = this._count
    if (count === undefined) return nothing
    return html`${new Intl.NumberFormat().format(count)} watching`
  }
}

customElements.define('bandstand-viewers', BandstandViewers)
