import type { Channel } from '@bandstand/contract/api/channel.ts'
import type { Instance } from '@bandstand/contract/api/instance.ts'
import { html, LitElement, nothing, type PropertyValues } from 'lit'
import { messageOf } from '../channel/request.ts'
import { buttons, fields } from '../style/forms.ts'
import { tokens } from '../style/tokens.ts'
import { api } from './api.ts'
import './chat-card.ts'
import { confirmed } from './confirm.ts'
import './connect-card.ts'
import './guest-card.ts'
import './health-card.ts'
import type { HealthNews } from './health-card.ts'
import './ladder-card.ts'
import './instance-line.ts'
import './keys-card.ts'
import './latency-card.ts'
import './new-channel.ts'
import type { StudioNewChannel } from './new-channel.ts'
import './multitrack-card.ts'
import './page-card.ts'
import './replays-card.ts'
import { pageStyles } from './page-styles.ts'
import { shellStyles } from './shell-styles.ts'
import './sign-in.ts'
import { slugIn } from './slug-in.ts'
import { studioStyles } from './styles.ts'

const every = 5000

/** Detail of the cards' `changed`. */
interface Changed {
  /** The channel's address until then. */
  readonly was: string
  /** What is known of it now. */
  readonly channel: Partial<Channel>
}

/**
 * The owner's studio: channels, stream keys, health, recordings, chat. Works on the server's own pages only, because the
 * session's cookie goes nowhere else.
 */
export class BandstandStudio extends LitElement {
  static override properties = {
    _signedIn: { state: true },
    _channels: { state: true },
    _slug: { state: true },
    _instance: { state: true },
    _health: { state: true },
    _error: { state: true },
  }
  declare _signedIn: boolean | undefined
  declare _channels: readonly Channel[]
  declare _slug: string
  declare _instance: Instance | undefined
  declare _health: HealthNews | undefined
  declare _error: string

  static override styles = [tokens, buttons, fields, studioStyles, pageStyles, shellStyles]

  #timer: ReturnType<typeof setTimeout> | undefined
  /** Rises with each question and each change: what was asked before a change says how it was before. */
  #turn = 0
  readonly #onHash = () => this.#follow()
  readonly #onSignedOut = () => {
    this._signedIn = false
  }

  constructor() {
    super()
    this._channels = []
    this._slug = ''
    this._error = ''
  }

  override connectedCallback(): void {
    super.connectedCallback()
    addEventListener('hashchange', this.#onHash)
    addEventListener('bandstand-signed-out', this.#onSignedOut)
    void this.#begin()
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    removeEventListener('hashchange', this.#onHash)
    removeEventListener('bandstand-signed-out', this.#onSignedOut)
    clearTimeout(this.#timer)
  }

  protected override update(changed: PropertyValues): void {
    const held = this.shadowRoot?.activeElement
    super.update(changed)
    // The password's form had the focus, and has gone.
    if (held?.isConnected === false) this.renderRoot.querySelector('h1')?.focus()
  }

  async #begin(): Promise<void> {
    try {
      this._signedIn = (await api.session()).signedIn
      this._error = ''
    } catch (error) {
      this._error = messageOf(error)
      this.#later(() => this.#begin())
      return
    }
    if (this._signedIn) await this.#refresh()
  }

  async #refresh(): Promise<void> {
    clearTimeout(this.#timer)
    if (!this._signedIn) return
    if (document.visibilityState === 'visible') await this.#ask()
    this.#later(() => this.#refresh())
  }

  async #ask(): Promise<void> {
    const turn = ++this.#turn
    try {
      const [list, instance] = await Promise.all([api.channels(), api.instance()])
      if (turn !== this.#turn) return
      this._channels = list.channels
      this._instance = instance
      this._error = ''
      this.#follow()
    } catch (error) {
      if (turn === this.#turn) this._error = messageOf(error)
    }
  }

  #later(then: () => Promise<void>): void {
    clearTimeout(this.#timer)
    // Taken out of the page while an answer was waited for.
    if (this.isConnected) this.#timer = setTimeout(then, every)
  }

  /**
   * The address says which channel is open, so that reload and back work. Where it says none, the one that is open stays: the list may
   * come in another order, and what is pressed next was meant for what is seen.
   */
  #follow(): void {
    const wanted = [slugIn(location.hash), this._slug]
    const known = wanted.find((one) => this._channels.some(({ slug }) => slug === one))
    this._slug = known ?? this._channels[0]?.slug ?? ''
  }

  #onChanged({ was, channel }: Changed): void {
    this.#turn++
    this._channels = this._channels.map((one) => (one.slug === was ? { ...one, ...channel } : one))
    const { slug = was } = channel
    // Unless another one was opened meanwhile.
    if (was === this._slug && was !== slug) location.hash = encodeURIComponent(slug)
    this.#follow()
  }

  async #signOut(): Promise<void> {
    try {
      await api.signOut()
      this.#turn++
      this._signedIn = false
      this._channels = []
    } catch (error) {
      this._error = messageOf(error)
    }
  }

  async #delete(channel: Channel): Promise<void> {
    const yes = await confirmed({
      title: `Delete the channel “${channel.title}”?`,
      text: 'Its stream key, its recordings and its chat are deleted for good, and a broadcast that runs on it ends.',
      action: 'Delete the channel',
    })
    if (!yes) return
    try {
      await api.deleteChannel(channel.slug)
      await this.#refresh()
    } catch (error) {
      this._error = messageOf(error)
    }
  }

  #nav() {
    return html`<header>
      <h1 tabindex="-1">Studio</h1>
      <nav aria-label="Channels">
        <ul>
          ${this._channels.map(
            ({ slug, title, live }) =>
              html`<li>
                <a href=${`#${encodeURIComponent(slug)}`} aria-current=${slug === this._slug ? 'page' : nothing}
                  ><span class=${live ? 'dot on' : 'dot'} aria-hidden="true"></span>${title}${
                    live ? html`<span class="sr"> (live)</span>` : nothing
                  }</a
                >
              </li>`,
          )}
        </ul>
      </nav>
      <button
        type="button"
        @click=${() => this.renderRoot.querySelector<StudioNewChannel>('studio-new-channel')?.open()}
      >
        New channel
      </button>
      <div class="foot">
        <studio-instance-line .instance=${this._instance}></studio-instance-line>
        <button type="button" class="quiet" @click=${() => this.#signOut()}>Sign out</button>
      </div>
    </header>`
  }

  #channel(channel: Channel) {
    const onChanged = (event: CustomEvent<Changed>) => this.#onChanged(event.detail)
    const onHealth = (event: CustomEvent<HealthNews>) => {
      this._health = event.detail
    }
    const health = this._health?.slug === channel.slug ? this._health.health : undefined
    return html`
      <div class="top">
        <h2>${channel.title}</h2>
        <span class="state"
          ><span class=${channel.live ? 'dot on' : 'dot'} aria-hidden="true"></span>${
            channel.live ? `Live, ${channel.viewers} watching` : 'Offline'
          }</span
        >
        <span class="grow"></span>
        <a class="button" href=${`/studio/live#${encodeURIComponent(channel.slug)}`}>Go live from here</a>
        <a class="button" href=${`/@${channel.slug}`} target="_blank" rel="noopener">Open the page</a>
      </div>
      <div class="cards">
        <div class="column">
          <studio-connect-card .slug=${channel.slug} .instance=${this._instance}></studio-connect-card>
          <studio-health-card .slug=${channel.slug} @health=${onHealth}></studio-health-card>
          <studio-keys-card .slug=${channel.slug} .moment=${health?.encoder?.connectedAt ?? ''}></studio-keys-card>
          <studio-guest-card .slug=${channel.slug}></studio-guest-card>
          <studio-replays-card .slug=${channel.slug} .moment=${`${channel.live} ${channel.assetId}`}></studio-replays-card>
        </div>
        <div class="column">
          <studio-chat-card .channel=${channel} @changed=${onChanged}></studio-chat-card>
          <studio-latency-card .channel=${channel} @changed=${onChanged}></studio-latency-card>
          <studio-page-card .channel=${channel} @changed=${onChanged}></studio-page-card>
          <studio-ladder-card .slug=${channel.slug} .health=${health?.encoder?.ladder ?? undefined}></studio-ladder-card>
          <studio-multitrack-card .slug=${channel.slug}></studio-multitrack-card>
          <section class="card" aria-labelledby="danger">
            <h2 id="danger">Delete this channel</h2>
            <p class="hint">With all its recordings and its chat. This cannot be undone.</p>
            <div class="row">
              <button type="button" class="danger" @click=${() => this.#delete(channel)}>Delete channel …</button>
            </div>
          </section>
        </div>
      </div>
    `
  }

  override render() {
    if (this._signedIn === undefined) {
      return html`<main>${this._error ? html`<p class="error" role="alert">${this._error}</p>` : nothing}</main>`
    }
    if (!this._signedIn) return html`<studio-sign-in @signed-in=${() => this.#begin()}></studio-sign-in>`
    const channel = this._channels.find(({ slug }) => slug === this._slug)
    return html`<div class="shell">
        ${this.#nav()}
        <main>
          ${this._error ? html`<p class="error" role="alert">${this._error}</p>` : nothing}
          ${channel ? this.#channel(channel) : html`<p class="hint">There is no channel. Make one.</p>`}
        </main>
      </div>
      <studio-new-channel
        .taken=${this._channels.map(({ slug }) => slug)}
        @created=${async (event: CustomEvent<Channel>) => {
          location.hash = encodeURIComponent(event.detail.slug)
          await this.#refresh()
        }}
      ></studio-new-channel>`
  }
}

customElements.define('bandstand-studio', BandstandStudio)
