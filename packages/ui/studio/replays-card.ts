import type { Asset } from '@bandstand/contract/api/asset.ts'
import { html, LitElement, nothing, type PropertyValues } from 'lit'
import { messageOf } from '../channel/request.ts'
import { clockText } from '../player/time-text.ts'
import { buttons } from '../style/forms.ts'
import { tokens } from '../style/tokens.ts'
import { api } from './api.ts'
import { confirmed } from './confirm.ts'
import { listStyles } from './list-styles.ts'
import { studioStyles } from './styles.ts'
import { momentText, sizeText } from './units.ts'

/** Recordings of a channel: watch, download, delete. Inside the studio only. */
export class StudioReplaysCard extends LitElement {
  static override properties = {
    slug: { type: String },
    /** Changes when a broadcast begins or ends: the list is read again. */
    moment: { type: String },
    _assets: { state: true },
    _next: { state: true },
    _error: { state: true },
  }
  declare slug: string
  declare moment: string
  declare _assets: readonly Asset[] | undefined
  declare _next: string | null
  declare _error: string
  static override styles = [tokens, buttons, studioStyles, listStyles]

  constructor() {
    super()
    this.slug = ''
    this.moment = ''
    this._next = null
    this._error = ''
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has('slug')) this._assets = undefined
    if ((changed.has('slug') || changed.has('moment')) && this.slug) void this.#load()
  }

  async #load(before?: string): Promise<void> {
    const { slug } = this
    try {
      const list = await api.assets(slug, before)
      if (slug !== this.slug) return
      this._assets = before ? [...(this._assets ?? []), ...list.assets] : list.assets
      this._next = list.next
      this._error = ''
    } catch (error) {
      this._error = messageOf(error)
    }
  }

  async #delete(asset: Asset): Promise<void> {
    const yes = await confirmed({
      title: 'Delete this recording?',
      text: `“${asset.title}” of ${dayOf(asset)} is deleted for good.`,
      action: 'Delete',
    })
    if (!yes) return
    try {
      await api.deleteAsset(asset.id)
      this._assets = this._assets?.filter(({ id }) => id !== asset.id)
      await this.updateComplete
      // The button that was pressed has gone with its line.
      this.renderRoot.querySelector('h2')?.focus()
    } catch (error) {
      this._error = messageOf(error)
    }
  }

  #item(asset: Asset) {
    const facts = [
      dayOf(asset),
      ...(asset.duration === null ? [] : [clockText(asset.duration / 1000)]),
      ...(asset.bytes === null ? [] : [sizeText(asset.bytes)]),
    ]
    const named = html`<span class="sr"> ${asset.title}, ${dayOf(asset)}</span>`
    return html`<li>
      <div class="what"><b>${asset.title}</b><span class="hint">${facts.join(' · ')}${asset.live ? ' · live now' : ''}</span></div>
      <div class="row"><a class="button" href=${`/watch/${asset.id}`} target="_blank" rel="noopener">Watch${named}</a>
      ${
        asset.live
          ? nothing
          : html`<a class="button" href=${`/vod/${asset.id}/download.mp4`} download>Download${named}</a>
              <button type="button" class="danger" @click=${() => this.#delete(asset)}>Delete${named}</button>`
      }
      </div></li>`
  }

  override render() {
    return html`<section class="card" aria-labelledby="replays">
      <h2 id="replays" tabindex="-1">Recordings</h2>
      ${this._error ? html`<p class="error" role="status">${this._error}</p>` : nothing}
      ${
        this._assets?.length === 0
          ? html`<p class="hint">Nothing yet. Each broadcast is recorded and appears here while it runs.</p>`
          : nothing
      }
      ${this._assets && this._assets.length > 0 ? html`<ul>${this._assets.map((asset) => this.#item(asset))}</ul>` : nothing}
      ${
        this._next
          ? html`<div class="row"><button type="button" @click=${() => this.#load(this._next ?? undefined)}>Older</button></div>`
          : nothing
      }
    </section>`
  }
}

function dayOf({ startedAt }: Asset): string {
  return momentText(startedAt)
}

customElements.define('studio-replays-card', StudioReplaysCard)
