import { css, html, LitElement, nothing } from 'lit'
import { tokens } from '../../style/tokens.ts'
import { studioStyles } from '../styles.ts'
import { rateText } from '../units.ts'
import type { LiveHealth } from './health.ts'
import { limitText } from './words.ts'

/** How the stream fares while it is live. Inside the page to go live from only. */
export class StudioLiveHealth extends LitElement {
  static override properties = { health: { attribute: false } }
  declare health: LiveHealth | undefined
  static override styles = [
    tokens,
    studioStyles,
    css`
      dl {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(7.5rem, 1fr));
        gap: 0.9rem 1.2rem;
        margin: 0;
      }
      dt {
        color: var(--_muted);
        font-size: 0.85rem;
      }
      dd {
        margin: 0;
        font-weight: 650;
        font-variant-numeric: tabular-nums;
      }
    `,
  ]

  override render() {
    const { health } = this
    const facts: readonly (readonly [string, string])[] = health
      ? [
          ['Bitrate', rateText(health.bitrate)],
          ['Picture', health.width > 0 ? `${health.width} × ${health.height}` : '–'],
          ['Pictures a second', health.width > 0 ? String(Math.round(health.frameRate)) : '–'],
          ['Round trip', health.roundTrip === undefined ? '–' : `${Math.round(health.roundTrip)}\u00a0ms`],
          ['Lost', `${(health.loss * 100).toFixed(1).replace('.0', '')}\u00a0%`],
        ]
      : []
    const limit = health ? limitText(health.limit) : ''
    return html`<section class="card" aria-labelledby="health">
      <h2 id="health">Your stream</h2>
      ${
        health
          ? html`<dl>
            ${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}
          </dl>`
          : html`<p class="hint">Its bitrate, its loss and what holds it back are shown here while you are live.</p>`
      }
      <div role="status">${limit ? html`<p class="hint">${limit}</p>` : nothing}</div>
    </section>`
  }
}

customElements.define('studio-live-health', StudioLiveHealth)
