import { css, html, LitElement, nothing } from 'lit'
import { buttons, fields } from '../style/forms.ts'
import { tokens } from '../style/tokens.ts'
import { copyField } from './copy.ts'
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
    _refused: { state: true },
  }
  declare label: string
  declare value: string
  declare secret: boolean
  declare _shown: boolean
  declare _copied: boolean
  declare _refused: boolean
  static override styles = [
    tokens,
    buttons,
    fields,
    studioStyles,
    css`
      .field {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        gap: 0.5rem;
        margin-top: 0.3rem;
      }
      .buttons {
        display: flex;
        gap: 0.5rem;
      }
      /* Room for the whole value: the buttons go below it. */
      @media (max-width: 30rem) {
        .field {
          grid-template-columns: minmax(0, 1fr);
        }
        .buttons > button {
          flex: 1;
        }
      }
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
    this._refused = false
  }

  async #copy(button: HTMLElement): Promise<void> {
    const field = this.renderRoot.querySelector('input')
    if (!field) return
    this._copied = await copyField(field)
    this._refused = !this._copied
    if (this._refused) return
    button.focus()
    setTimeout(() => {
      this._copied = false
    }, 2000)
  }

  override render() {
    const hidden = this.secret && !this._shown
    return html`<label for="value">${this.label}</label>
      <div class="field">
        <input
          id="value"
          readonly
          autocomplete="off"
          type=${hidden ? 'password' : 'text'}
          .value=${this.value}
          @focus=${(event: Event) => (event.target as HTMLInputElement).select()}
        />
        <div class="buttons">
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
        <button type="button" aria-label=${`Copy ${this.label}`} @click=${(event: Event) => this.#copy(event.currentTarget as HTMLElement)}>
          ${this._copied ? 'Copied' : 'Copy'}
        </button>
        </div>
        <span class="sr" role="status">${this._copied ? `${this.label} copied` : ''}</span>
      </div>
      ${
        this._refused
          ? html`<p class="error" role="alert">
              Your browser does not let the page copy. ${hidden ? 'Press Show, then select' : 'Select'} the text and copy it.
            </p>`
          : nothing
      }`
  }
}

customElements.define('studio-secret-field', StudioSecretField)
