import type { SignedKey } from '@bandstand/contract/api/publishing.ts'
import { html, LitElement, nothing, type PropertyValues } from 'lit'
import { messageOf } from '../channel/request.ts'
import { buttons, fields } from '../style/forms.ts'
import { tokens } from '../style/tokens.ts'
import { api } from './api.ts'
import { confirmed } from './confirm.ts'
import './secret-field.ts'
import { studioStyles } from './styles.ts'
import { momentText } from './units.ts'

const HOUR = 3_600_000
const LENGTHS: readonly (readonly [ms: number, text: string])[] = [
  [HOUR, '1 hour'],
  [4 * HOUR, '4 hours'],
  [24 * HOUR, '1 day'],
  [7 * 24 * HOUR, '7 days'],
  [30 * 24 * HOUR, '30 days'],
]

/** Signed keys, which end by themselves. Inside the studio only. */
export class StudioGuestCard extends LitElement {
  static override properties = {
    slug: { type: String },
    _signed: { state: true },
    _note: { state: true },
    _error: { state: true },
    _busy: { state: true },
  }
  declare slug: string
  declare _signed: SignedKey | undefined
  declare _note: string
  declare _error: string
  declare _busy: boolean
  static override styles = [tokens, buttons, fields, studioStyles]

  constructor() {
    super()
    this.slug = ''
    this._note = ''
    this._error = ''
    this._busy = false
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (!changed.has('slug')) return
    this._signed = undefined
    this._note = ''
    this._error = ''
    this._busy = false
  }

  /** Carries something out and tells what went wrong, unless another channel is shown by then. */
  async #run(act: (slug: string) => Promise<void>): Promise<void> {
    const { slug } = this
    this._note = ''
    try {
      await act(slug)
      if (slug === this.slug) this._error = ''
    } catch (error) {
      if (slug === this.slug) this._error = messageOf(error)
    }
  }

  async #onSubmit(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    const values = new FormData(event.target as HTMLFormElement)
    const now = Date.now()
    const later = (name: string) => new Date(now + Number(values.get(name))).toISOString()
    this._busy = true
    await this.#run(async (slug) => {
      const signed = await api.signKey(slug, {
        expiresAt: later('begins'),
        sessionEndsAt: values.get('ends') === '' ? null : later('ends'),
        addresses: (values.get('addresses') as string).split(/[\s,]+/).filter(Boolean),
      })
      if (slug === this.slug) this._signed = signed
    })
    this._busy = false
  }

  async #revoke(): Promise<void> {
    const yes = await confirmed({
      title: 'Revoke all keys for guests?',
      text: 'Every key that was signed for this channel stops working at once, and who is live with one is disconnected.',
      action: 'Revoke all',
    })
    if (!yes) return
    await this.#run(async (slug) => {
      await api.revokeSigned(slug)
      if (slug !== this.slug) return
      this._signed = undefined
      this._note = 'No key that was signed before works any more.'
    })
  }

  #result({ key, expiresAt, sessionEndsAt, addresses }: SignedKey) {
    const ends = sessionEndsAt === null ? '' : `, and goes off at ${momentText(sessionEndsAt)}`
    const from = addresses.length === 0 ? '' : ` from ${addresses.join(', ')}`
    return html`<studio-secret-field label="Key for a guest" .value=${key}></studio-secret-field>
      <p class="hint">
        Goes into the encoder in place of the stream key. Whoever has it can begin until ${momentText(expiresAt)}${from}${ends}. It is
        not kept here: copy it now.
      </p>`
  }

  override render() {
    const options = (chosen: number) =>
      LENGTHS.map(([ms, text]) => html`<option value=${ms} ?selected=${ms === chosen}>${text}</option>`)
    return html`<section class="card" aria-labelledby="guest">
      <h2 id="guest">A key for a guest</h2>
      <p class="hint">It ends by itself, and can be good from some addresses only.</p>
      <form @submit=${(event: SubmitEvent) => this.#onSubmit(event)}>
        <div class="pair">
          <label>May begin within <select name="begins">${options(24 * HOUR)}</select></label>
          <label
            >Is stopped after
            <select name="ends">
              <option value="">Never</option>
              ${options(0)}
            </select></label
          >
        </div>
        <label>Only from these addresses (any, if empty) <input name="addresses" autocomplete="off" spellcheck="false" placeholder="192.0.2.7, 198.51.100.0/24" /></label>
        <div class="row">
          <button ?disabled=${this._busy}>Make a key</button>
          <button type="button" class="danger" @click=${() => this.#revoke()}>Revoke all …</button>
        </div>
      </form>
      <div role="status">
        ${this._note ? html`<p class="done">${this._note}</p>` : nothing}
        ${this._error ? html`<p class="error">${this._error}</p>` : nothing}
      </div>
      ${this._signed ? this.#result(this._signed) : nothing}
    </section>`
  }
}

customElements.define('studio-guest-card', StudioGuestCard)
