import type { PublishKey, PublishKeyList, ShownKey } from '@bandstand/contract/api/publishing.ts'
import { KEY_NOTE_MAX, KEYS_MAX } from '@bandstand/contract/limits.ts'
import { css, html, LitElement, nothing, type PropertyValues } from 'lit'
import { messageOf } from '../channel/request.ts'
import { buttons, fields } from '../style/forms.ts'
import { tokens } from '../style/tokens.ts'
import { api } from './api.ts'
import { confirmed } from './confirm.ts'
import { listStyles } from './list-styles.ts'
import './secret-field.ts'
import { studioStyles } from './styles.ts'
import { momentText } from './units.ts'

/** The further stream keys of a channel: add, show, copy, revoke. Inside the studio only. */
export class StudioKeysCard extends LitElement {
  static override properties = {
    slug: { type: String },
    /** Changes when another encoder is connected: the list is read again. */
    moment: { type: String },
    _list: { state: true },
    _shown: { state: true },
    _note: { state: true },
    _error: { state: true },
    _busy: { state: true },
  }
  declare slug: string
  declare moment: string
  declare _list: PublishKeyList | undefined
  /** The keys that the owner has asked to see, by their ids. */
  declare _shown: ReadonlyMap<string, string>
  declare _note: string
  declare _error: string
  declare _busy: boolean
  static override styles = [
    tokens,
    buttons,
    fields,
    studioStyles,
    listStyles,
    css`
      .what {
        flex-basis: 12rem;
      }
      studio-secret-field {
        flex: 1 1 100%;
        min-width: 0;
      }
    `,
  ]

  constructor() {
    super()
    this.slug = ''
    this.moment = ''
    this._shown = new Map()
    this._note = ''
    this._error = ''
    this._busy = false
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has('slug')) {
      this._list = undefined
      this._shown = new Map()
      this._note = ''
      this._error = ''
      this._busy = false
    }
    if ((changed.has('slug') || changed.has('moment')) && this.slug) void this.#run((slug) => this.#load(slug))
  }

  /** Carries something out and tells what went wrong, unless another channel is shown by then. */
  async #run(act: (slug: string) => Promise<void>): Promise<void> {
    const { slug } = this
    try {
      await act(slug)
      if (slug === this.slug) this._error = ''
    } catch (error) {
      if (slug === this.slug) this._error = messageOf(error)
    }
  }

  async #load(slug: string): Promise<void> {
    const list = await api.keys(slug)
    if (slug === this.slug) this._list = list
  }

  #show({ id, key }: Pick<ShownKey, 'id' | 'key'>): void {
    this._shown = new Map(this._shown).set(id, key)
  }

  #onShow(id: string): void {
    if (this._shown.has(id)) {
      this._shown = new Map([...this._shown].filter(([other]) => other !== id))
      return
    }
    void this.#run(async (slug) => {
      const shown = await api.showKey(slug, id)
      if (slug === this.slug) this.#show(shown)
    })
  }

  async #onSubmit(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    const form = event.target as HTMLFormElement
    const values = new FormData(form)
    const note = values.get('note') as string
    const expires = values.get('expires') as string
    this._busy = true
    this._note = ''
    await this.#run(async (slug) => {
      const made = await api.createKey(slug, {
        note,
        expiresAt: expires === '' ? null : new Date(expires).toISOString(),
      })
      if (slug !== this.slug) return
      form.reset()
      this.#show(made)
      this._note = 'The new key is in the list.'
      await this.#load(slug)
    })
    this._busy = false
  }

  async #revoke(key: PublishKey): Promise<void> {
    const yes = await confirmed({
      title: 'Revoke this key?',
      text: `${nameOf(key)} stops working at once, and an encoder that is live with it is disconnected.`,
      action: 'Revoke the key',
    })
    if (!yes) return
    this._note = ''
    await this.#run(async (slug) => {
      await api.revokeKey(slug, key.id)
      await this.#load(slug)
      if (slug !== this.slug) return
      await this.updateComplete
      // The button that was pressed has gone with its line.
      this.renderRoot.querySelector('h2')?.focus()
    })
  }

  #item(key: PublishKey) {
    const { id, createdAt, expiresAt, usedAt, inUse } = key
    const value = this._shown.get(id)
    const isOver = expiresAt !== null && Date.parse(expiresAt) <= Date.now()
    const facts = [
      `made ${momentText(createdAt)}`,
      usedAt === null ? 'never used' : `last used ${momentText(usedAt)}`,
      ...(expiresAt === null ? [] : [`${isOver ? 'expired' : 'expires'} ${momentText(expiresAt)}`]),
      ...(inUse ? ['live now'] : []),
    ]
    const named = html`<span class="sr"> ${nameOf(key)}</span>`
    return html`<li>
      <div class="what"><b>${nameOf(key)}</b><span class="hint">${facts.join(' · ')}</span></div>
      <div class="row">
        <button type="button" aria-expanded=${value !== undefined} @click=${() => this.#onShow(id)}>${value === undefined ? 'Show' : 'Hide'}${named}</button>
        <button type="button" class="danger" @click=${() => this.#revoke(key)}>Revoke …${named}</button>
      </div>
      ${value === undefined ? nothing : html`<studio-secret-field label=${`Key of ${nameOf(key)}`} .value=${value}></studio-secret-field>`}
    </li>`
  }

  override render() {
    const list = this._list
    const usedAt = list?.own.usedAt ?? null
    const isFull = (list?.keys.length ?? 0) >= KEYS_MAX
    return html`<section class="card" aria-labelledby="keys">
      <h2 id="keys" tabindex="-1">More keys</h2>
      <p class="hint">One for each person or machine, so that you can take it from one of them alone.${
        usedAt === null ? nothing : ` The channel’s own key was last used ${momentText(usedAt)}.`
      }</p>
      ${list && list.keys.length > 0 ? html`<ul>${list.keys.map((key) => this.#item(key))}</ul>` : nothing}
      <form @submit=${(event: SubmitEvent) => this.#onSubmit(event)}>
        <div class="pair">
          <label>Who or what it is for <input name="note" maxlength=${KEY_NOTE_MAX} autocomplete="off" /></label>
          <label>Expires (never, if empty) <input name="expires" type="datetime-local" /></label>
        </div>
        <div class="row"><button ?disabled=${this._busy || isFull}>Add a key</button></div>
        ${isFull ? html`<p class="hint">There are ${KEYS_MAX}, which is as many as a channel can have.</p>` : nothing}
      </form>
      <div role="status">
        ${this._note ? html`<p class="done">${this._note}</p>` : nothing}
        ${this._error ? html`<p class="error">${this._error}</p>` : nothing}
      </div>
    </section>`
  }
}

/** What the owner calls it. */
function nameOf({ note, createdAt }: PublishKey): string {
  return note || `the key of ${momentText(createdAt)}`
}

customElements.define('studio-keys-card', StudioKeysCard)
