import type { Channel, UpdateChannel } from '@bandstand/contract/api/channel.ts'
import {
  DESCRIPTION_MAX,
  OFFLINE_IMAGE_MAX,
  OFFLINE_TEXT_MAX,
  SLUG_MAX,
  TITLE_MAX,
} from '@bandstand/contract/limits.ts'
import { css, html, LitElement, nothing, type PropertyValues } from 'lit'
import { keyed } from 'lit/directives/keyed.js'
import { messageOf } from '../channel/request.ts'
import { buttons, fields } from '../style/forms.ts'
import { tokens } from '../style/tokens.ts'
import { api } from './api.ts'
import { studioStyles } from './styles.ts'

/** Title, description, address, offline screen. Fires `changed` with what is known of the channel now. Inside the studio only. */
export class StudioPageCard extends LitElement {
  static override properties = {
    channel: { attribute: false },
    _error: { state: true },
    _note: { state: true },
    _busy: { state: true },
  }
  declare channel: Channel | undefined
  declare _error: string
  declare _note: string
  declare _busy: boolean
  static override styles = [
    tokens,
    buttons,
    fields,
    studioStyles,
    css`
      img {
        width: 100%;
        max-width: 20rem;
        aspect-ratio: 16 / 9;
        object-fit: cover;
        border-radius: 10px;
        border: 1px solid var(--_line);
      }
      input[type='file'] {
        padding: 0.4em;
      }
    `,
  ]

  /** Rises when another channel is shown: what was asked for the one before is told no more. */
  #turn = 0
  /** The address that this channel was last saved under: a new one of the same channel. */
  #slug: string | undefined

  constructor() {
    super()
    this._error = ''
    this._note = ''
    this._busy = false
  }

  protected override willUpdate(changed: PropertyValues): void {
    const { channel } = this
    if (!changed.has('channel') || channel?.slug === this.#slug) return
    this.#slug = channel?.slug
    this.#turn++
    this._note = ''
    this._error = ''
    this._busy = false
  }

  async #run(act: () => Promise<Partial<Channel>>, note: string): Promise<void> {
    this._busy = true
    this._note = ''
    this._error = ''
    const turn = this.#turn
    const was = this.channel?.slug
    try {
      const channel = await act()
      if (turn === this.#turn) {
        this.#slug = channel.slug ?? this.#slug
        this._note = note
      }
      this.dispatchEvent(new CustomEvent('changed', { detail: { was, channel } }))
    } catch (error) {
      if (turn === this.#turn) this._error = messageOf(error)
    } finally {
      if (turn === this.#turn) this._busy = false
    }
  }

  #onSubmit(event: SubmitEvent): void {
    event.preventDefault()
    const { channel } = this
    if (!channel) return
    const values = new FormData(event.target as HTMLFormElement)
    const text = (name: string) => values.get(name) as string
    const slug = text('slug').trim()
    const update: UpdateChannel = {
      title: text('title').trim(),
      description: text('description'),
      offlineText: text('offlineText'),
      ...(slug === channel.slug ? {} : { slug }),
    }
    void this.#run(() => api.updateChannel(channel.slug, update), 'Saved.')
  }

  #onImage(event: Event): void {
    const field = event.target as HTMLInputElement
    const file = field.files?.[0]
    const { channel } = this
    if (!file || !channel) return
    if (file.size > OFFLINE_IMAGE_MAX) {
      this._error = `The picture may be up to ${OFFLINE_IMAGE_MAX / 1024 / 1024} MB.`
      return
    }
    // No more than the picture: other things may have been set while it was on its way.
    void this.#run(() => api.setOfflineImage(channel.slug, file), 'Picture saved.')
    field.value = ''
  }

  #removeImage(): void {
    const { channel } = this
    if (!channel) return
    void this.#run(async () => {
      await api.removeOfflineImage(channel.slug)
      return { offlineImage: null }
    }, 'Picture removed.')
  }

  override render() {
    const { channel } = this
    if (!channel) return nothing
    return html`<section class="card" aria-labelledby="page">
      <h2 id="page">Your page</h2>
      ${keyed(
        channel.slug,
        html`<form @submit=${(event: SubmitEvent) => this.#onSubmit(event)}>
        <label>Title <input name="title" required maxlength=${TITLE_MAX} .value=${channel.title} /></label>
        <label
          >Description
          <textarea name="description" rows="4" maxlength=${DESCRIPTION_MAX} .value=${channel.description}></textarea>
        </label>
        <label
          >Words shown while offline
          <textarea
            name="offlineText"
            rows="2"
            maxlength=${OFFLINE_TEXT_MAX}
            placeholder="Every Thursday at nine"
            .value=${channel.offlineText}
          ></textarea>
        </label>
        <label
          >Address
          <input
            name="slug"
            class="mono"
            required
            maxlength=${SLUG_MAX}
            pattern="[a-z0-9]+(?:-+[a-z0-9]+)*"
            title="Small letters, digits and hyphens between them"
            aria-describedby="slug-hint"
            .value=${channel.slug}
        /></label>
        <p class="hint" id="slug-hint">The page is at <code>/@${channel.slug}</code>. Links to it go on working after a change, until another channel takes it.</p>
        <div class="row"><button class="primary" ?disabled=${this._busy}>Save</button></div>
      </form>`,
      )}
      <div role="status">
        ${this._note ? html`<p class="done">${this._note}</p>` : nothing}
        ${this._error ? html`<p class="error">${this._error}</p>` : nothing}
      </div>
      <label
        >Picture shown while offline
        <input type="file" accept="image/png,image/jpeg,image/webp,image/avif" @change=${(event: Event) => this.#onImage(event)}
      /></label>
      ${
        channel.offlineImage
          ? html`<img src=${channel.offlineImage} alt="The picture shown while offline" />
              <div class="row"><button type="button" @click=${() => this.#removeImage()}>Remove picture</button></div>`
          : nothing
      }
    </section>`
  }
}

customElements.define('studio-page-card', StudioPageCard)
