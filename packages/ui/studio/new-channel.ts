import { SLUG_MAX, TITLE_MAX } from '@bandstand/contract/limits.ts'
import { html, LitElement, nothing } from 'lit'
import { messageOf } from '../channel/request.ts'
import { buttons, fields } from '../style/forms.ts'
import { tokens } from '../style/tokens.ts'
import { api } from './api.ts'
import { studioStyles } from './styles.ts'
import { slugOf } from './units.ts'

/** A dialog that makes a channel. Fires `created` with it. Inside the studio only. */
export class StudioNewChannel extends LitElement {
  static override properties = { taken: { attribute: false }, _error: { state: true } }
  /** Addresses of the channels that there are. */
  declare taken: readonly string[]
  declare _error: string
  static override styles = [tokens, buttons, fields, studioStyles]

  constructor() {
    super()
    this.taken = []
    this._error = ''
  }

  open(): void {
    this._error = ''
    this.renderRoot.querySelector('form')?.reset()
    delete this.#address?.dataset.touched
    this.renderRoot.querySelector('dialog')?.showModal()
  }

  #onTitle(event: Event): void {
    const address = this.#address
    const title = (event.target as HTMLInputElement).value
    if (address && !address.dataset.touched) address.value = slugOf(title, this.taken)
  }

  get #address(): HTMLInputElement | null {
    return this.renderRoot.querySelector('[name=slug]')
  }

  async #onSubmit(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    const values = new FormData(event.target as HTMLFormElement)
    const text = (name: string) => (values.get(name) as string).trim()
    try {
      const title = text('title')
      const channel = await api.createChannel({ slug: text('slug'), ...(title ? { title } : {}) })
      this.renderRoot.querySelector('dialog')?.close()
      this.dispatchEvent(new CustomEvent('created', { detail: channel }))
    } catch (error) {
      this._error = messageOf(error)
    }
  }

  override render() {
    return html`<dialog aria-labelledby="title">
      <form @submit=${(event: SubmitEvent) => this.#onSubmit(event)}>
        <h2 id="title">New channel</h2>
        <label>Title <input name="title" required autofocus maxlength=${TITLE_MAX} @input=${(event: Event) => this.#onTitle(event)} /></label>
        <label
          >Address
          <input
            name="slug"
            class="mono"
            required
            maxlength=${SLUG_MAX}
            pattern="[a-z0-9]+(?:-+[a-z0-9]+)*"
            title="Small letters, digits and hyphens between them"
            @input=${(event: Event) => {
              ;(event.target as HTMLInputElement).dataset.touched = 'yes'
            }}
        /></label>
        ${this._error ? html`<p class="error" role="alert" style="margin:0">${this._error}</p>` : nothing}
        <div class="row" style="justify-content:end">
          <button type="button" @click=${() => this.renderRoot.querySelector('dialog')?.close()}>Cancel</button>
          <button class="primary">Make channel</button>
        </div>
      </form>
    </dialog>`
  }
}

customElements.define('studio-new-channel', StudioNewChannel)
