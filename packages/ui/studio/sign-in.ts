import { css, html, LitElement, nothing } from 'lit'
import { messageOf } from '../channel/request.ts'
import { buttons, fields } from '../style/forms.ts'
import { tokens } from '../style/tokens.ts'
import { api } from './api.ts'
import { studioStyles } from './styles.ts'

/** Asks for the owner's password. Fires `signed-in`. Inside the studio only. */
export class StudioSignIn extends LitElement {
  static override properties = { _error: { state: true }, _busy: { state: true } }
  declare _error: string
  declare _busy: boolean
  static override styles = [
    tokens,
    buttons,
    fields,
    studioStyles,
    css`
      main {
        min-height: 100dvh;
        display: grid;
        place-items: center;
        padding: 1rem;
        box-sizing: border-box;
      }
      .card {
        width: min(24rem, 100%);
        box-sizing: border-box;
        padding: 2rem;
      }
      h1 {
        font-size: 1.6rem;
        letter-spacing: -0.02em;
      }
    `,
  ]

  constructor() {
    super()
    this._error = ''
    this._busy = false
  }

  protected override firstUpdated(): void {
    this.renderRoot.querySelector('input')?.focus()
  }

  async #onSubmit(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    const field = this.renderRoot.querySelector('input')
    if (!field?.value) return
    this._busy = true
    this._error = ''
    try {
      await api.signIn(field.value)
      this.dispatchEvent(new Event('signed-in'))
    } catch (error) {
      this._error = messageOf(error)
      field.select()
    } finally {
      this._busy = false
    }
  }

  override render() {
    return html`<main>
      <div class="card">
        <h1>Studio</h1>
        <form @submit=${(event: SubmitEvent) => this.#onSubmit(event)}>
          <label
            >Owner’s password
            <input
              type="password"
              autocomplete="current-password"
              required
              aria-describedby="hint"
              aria-invalid=${this._error ? 'true' : 'false'}
          /></label>
          ${this._error ? html`<p class="error" role="alert">${this._error}</p>` : nothing}
          <button class="primary" ?disabled=${this._busy}>Sign in</button>
          <p class="hint" id="hint">It was shown once when the server started for the first time, unless you set your own.</p>
        </form>
      </div>
    </main>`
  }
}

customElements.define('studio-sign-in', StudioSignIn)
