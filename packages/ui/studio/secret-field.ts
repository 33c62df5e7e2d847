import { css, html, LitElement, nothing } from 'lit'
import { buttons, fields, tokens } from '../style/tokens.ts'
import { studioStyles } from './styles.ts'

/**
 * A value to be copied into another program, hidden on demand. Inside the studio only.
 *
 * | property | |
 * |---|---|
 * | `label`, `value` | |
 * | `secret` | shown as dots until the owner asks |
 */
export class StudioSecretField extends LitElement {
  static override properties = {
    label: { type: String },
    value: { type: String },
    secret: { type: Boolean },
    _shown: { state: true },
    _copied: { state: true },
  }
  declare label: string
  declare value: string
  declare secret: boolean
  declare _shown: boolean
  declare _copied: boolean
  static override styles = [
    tokens,
    buttons,
    fields,
    studioStyles,
    css`
      input {
        font-family: ui-monospace, 'Cascadia Mono', 'DejaVu Sans Mono', Menlo, monospace !important;
        font-size: 0.92rem !important;
      }
    `,
  ]

  constructor() {
    super()
    this.label = ''
    this.value = ''
    this.secret = false
    this._shown = false
    this._copied = false
  }

  async #copy(): Promise<void> {
    const field = this.renderRoot.querySelector('input')
    try {
      await navigator.clipboard.writeText(this.value)
    } catch {
      // Plain http has no clipboard interface; the old way still works there.
      if (!field) return
      const type = field.type
      field.type = 'text'
      field.select()
      document.execCommand('copy')
      field.type = type
    }
    this._copied = true
    setTimeout(() => {
      this._copied = false
    }, 2000)
  }

  override render() {
    const hidden = this.secret && !this._shown
    return html`<label for="value">${this.label}</label>
      <div class="row" style="margin-top:0.3rem">
        <input
          id="value"
          class="fill"
          readonly
          autocomplete="off"
          type=${hidden ? 'password' : 'text'}
          .value=${this.value}
          @focus=${(event: Event) => (event.target as HTMLInputElement).select()}
        />
        ${
          this.secret
            ? html`<button
                type="button"
                aria-label=${hidden ? `Show ${this.label}` : `Hide ${this.label}`}
                @click=${() => {
                  this._shown = hidden
                }}
              >
                ${hidden ? 'Show' : 'Hide'}
              </button>`
            : nothing
        }
        <button type="button" aria-label=${`Copy ${this.label}`} @click=${() => this.#copy()}>
          ${this._copied ? 'Copied' : 'Copy'}
        </button>
        <span class="sr" role="status">${this._copied ? `${this.label} copied` : ''}</span>
      </div>`
  }
}

customElements.define('studio-secret-field', StudioSecretField)
