import type { Instance } from '@bandstand/contract/api/instance.ts'
import { css, html, LitElement, nothing } from 'lit'
import { tokens } from '../style/tokens.ts'
import { studioStyles } from './styles.ts'
import { sizeText } from './units.ts'

/** Recording and disk, in one glance. Inside the studio only. */
export class StudioInstanceLine extends LitElement {
  static override properties = { instance: { attribute: false } }
  declare instance: Instance | undefined
  static override styles = [
    tokens,
    studioStyles,
    css`
      :host {
        font-size: 0.88rem;
        color: var(--_muted);
      }
      .meters {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 9.5rem), 1fr));
        gap: 0 1.2rem;
      }
      .bar {
        height: 6px;
        border-radius: 6px;
        background: var(--_line);
        overflow: hidden;
        margin: 0.25rem 0 0.8rem;
      }
      .bar i {
        display: block;
        height: 100%;
        background: light-dark(#6d5f7c, #9c8fb0);
      }
    `,
  ]

  #bar(share: number) {
    return html`<div class="bar" aria-hidden="true"><i style="width:${Math.min(100, share * 100).toFixed(1)}%"></i></div>`
  }

  override render() {
    const { instance } = this
    if (!instance) return nothing
    const { recording, disk, version } = instance
    const used = sizeText(recording.bytes)
    return html`
      ${
        recording.state === 'stopped'
          ? html`<p class="error" role="alert">Not recording: ${recording.reason ?? 'see the log'}</p>`
          : nothing
      }
      <div class="meters">
        <div>
          <p>
            ${recording.state === 'off' ? 'Recording is off' : 'Recordings'}
            ${recording.limitBytes === null ? used : `${used} of ${sizeText(recording.limitBytes)}`}
          </p>
          ${recording.limitBytes ? this.#bar(recording.bytes / recording.limitBytes) : nothing}
        </div>
        ${
          disk
            ? html`<div><p>Disk: ${sizeText(disk.free)} free</p>${this.#bar(1 - disk.free / Math.max(1, disk.total))}</div>`
            : nothing
        }
      </div>
      <p>Bandstand ${version}</p>
    `
  }
}

customElements.define('studio-instance-line', StudioInstanceLine)
