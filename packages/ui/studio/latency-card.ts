import type { Channel, Latency } from '@bandstand/contract/api/channel.ts'
import { css, html, LitElement, nothing, type PropertyValues } from 'lit'
import { live } from 'lit/directives/live.js'
import { messageOf } from '../channel/request.ts'
import { tokens } from '../style/tokens.ts'
import { api } from './api.ts'
import { studioStyles } from './styles.ts'

const choices: readonly (readonly [Latency, name: string, means: string])[] = [
  ['real-time', 'Real time', 'Under half a second, to talk with viewers. Who cannot have it gets low delay.'],
  ['low', 'Low', 'About two seconds. Right for most.'],
  ['normal', 'Normal', 'About ten seconds. The steadiest on bad connections.'],
]

/** How far behind live viewers are meant to be. Fires `changed` with the channel as it is now. Inside the studio only. */
export class StudioLatencyCard extends LitElement {
  static override properties = { channel: { attribute: false }, _wanted: { state: true }, _error: { state: true } }
  declare channel: Channel | undefined
  /** What was pressed, until the server has answered. */
  declare _wanted: Latency | undefined
  declare _error: string
  static override styles = [
    tokens,
    studioStyles,
    css`
      fieldset {
        display: grid;
        gap: 0.7rem;
        margin: 0;
        padding: 0;
        border: 0;
        min-width: 0;
      }
      label {
        grid-template-columns: auto 1fr;
        column-gap: 0.6rem;
        cursor: pointer;
      }
      input {
        width: 20px;
        height: 20px;
        margin: 0.1rem 0 0;
        accent-color: var(--_accent);
      }
      .hint {
        grid-column: 2;
        font-weight: 400;
      }
    `,
  ]

  constructor() {
    super()
    this._error = ''
  }

  protected override willUpdate(changed: PropertyValues): void {
    const before = changed.get('channel') as Channel | undefined
    if (!changed.has('channel') || before?.slug === this.channel?.slug) return
    this._wanted = undefined
    this._error = ''
  }

  async #set(latency: Latency): Promise<void> {
    const was = this.channel?.slug
    if (!was) return
    this._wanted = latency
    this._error = ''
    try {
      const channel = await api.updateChannel(was, { latency })
      this.dispatchEvent(new CustomEvent('changed', { detail: { was, channel } }))
    } catch (error) {
      if (this.channel?.slug === was) this._error = messageOf(error)
    } finally {
      if (this.channel?.slug === was && this._wanted === latency) this._wanted = undefined
    }
  }

  override render() {
    const { channel } = this
    if (!channel) return nothing
    return html`<section class="card" aria-labelledby="latency">
      <h2 id="latency">Delay</h2>
      <fieldset aria-labelledby="latency">
        ${choices.map(
          ([latency, name, means]) =>
            html`<label
              ><input
                type="radio"
                name="latency"
                .checked=${live((this._wanted ?? channel.latency) === latency)}
                aria-describedby=${latency}
                @change=${() => this.#set(latency)}
              />${name}<span class="hint" id=${latency} aria-hidden="true">${means}</span></label
            >`,
        )}
      </fieldset>
      ${this._error ? html`<p class="error" role="status">${this._error}</p>` : nothing}
    </section>`
  }
}

customElements.define('studio-latency-card', StudioLatencyCard)
