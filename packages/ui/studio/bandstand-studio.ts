import type { Channel } from '@bandstand/contract/api/channel.ts'
import type { Instance } from '@bandstand/contract/api/instance.ts'
import { css, html, LitElement, nothing } from 'lit'
import { buttons, fields } from '../style/forms.ts'
import { tokens } from '../style/tokens.ts'
import { api, messageOf } from './api.ts'
import './chat-card.ts'
import { confirmed } from './confirm.ts'
import './connect-card.ts'
import './health-card.ts'
import './ladder-card.ts'
import './instance-line.ts'
import './latency-card.ts'
import './new-channel.ts'
import type { StudioNewChannel } from './new-channel.ts'
import './page-card.ts'
import './replays-card.ts'
import './sign-in.ts'
import { slugIn } from './slug-in.ts'
import { studioStyles } from './styles.ts'

const every = 5000

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
    _error: { state: true },
  }
  declare _signedIn: boolean | undefined
  declare _channels: readonly Channel[]
  declare _slug: string
  declare _instance: Instance | undefined
  declare _error: string

  static override styles = [
    tokens,
    buttons,
    fields,
    studioStyles,
    css`
      .shell {
        display: grid;
        grid-template-columns: 16rem minmax(0, 1fr);
        min-height: 100dvh;
      }
      header {
        border-inline-end: 1px solid var(--_line);
        background: var(--_surface);
        padding: 1.2rem 1rem;
        display: flex;
        flex-direction: column;
        gap: 1rem;
        position: sticky;
        top: 0;
        height: 100dvh;
        box-sizing: border-box;
        overflow-y: auto;
      }
      header h1 {
        font-size: 1.25rem;
        letter-spacing: -0.02em;
        padding-inline: 0.6rem;
      }
      nav ul {
        list-style: none;
        margin: 0;
        padding: 0;
        display: grid;
        gap: 2px;
      }
      nav a {
        display: flex;
        align-items: center;
        gap: 0.55rem;
        padding: 0.45rem 0.6rem;
        min-height: 24px;
        border-radius: 8px;
        text-decoration: none;
        color: var(--_text);
        overflow-wrap: anywhere;
      }
      nav a:hover {
        background: var(--_raised);
      }
      nav a[aria-current] {
        background: var(--_raised);
        font-weight: 650;
      }
      .dot {
        flex: none;
        width: 9px;
        height: 9px;
        border-radius: 50%;
        border: 1.5px solid var(--_muted);
        box-sizing: border-box;
      }
      .dot.on {
        background: var(--_live);
        border-color: transparent;
      }
      .foot {
        margin-top: auto;
        display: grid;
        gap: 0.8rem;
        padding-inline: 0.6rem;
      }
      main {
        padding: clamp(1rem, 3vw, 2.2rem);
        max-width: 76rem;
        width: 100%;
        box-sizing: border-box;
      }
      .top {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.6rem 1rem;
        margin-bottom: 1.3rem;
      }
      .top h2 {
        font-size: clamp(1.4rem, 3vw, 1.9rem);
        letter-spacing: -0.02em;
        line-height: 1.15;
        overflow-wrap: anywhere;
      }
      .state {
        font-weight: 650;
        font-size: 0.9rem;
        display: inline-flex;
        align-items: center;
        gap: 0.45rem;
      }
      .grow {
        flex: 1;
      }
      .cards {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr));
        gap: 1rem;
        align-items: start;
      }
      .column {
        display: grid;
        gap: 1rem;
        min-width: 0;
      }
      @media (max-width: 52rem) {
        .shell {
          display: block;
        }
        header {
          position: static;
          height: auto;
          border-inline-end: 0;
          border-bottom: 1px solid var(--_line);
          display: grid;
          grid-template-columns: 1fr auto;
          align-items: center;
          gap: 0.8rem;
        }
        header > :not(h1),
        studio-instance-line {
          grid-column: 1 / -1;
        }
        .foot {
          display: contents;
        }
        .foot button {
          grid-area: 1 / 2;
        }
        studio-instance-line {
          padding-inline: 0.6rem;
        }
      }
    `,
  ]

  #timer: ReturnType<typeof setTimeout> | undefined
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
    if (document.visibilityState === 'visible') {
      try {
        const [list, instance] = await Promise.all([api.channels(), api.instance()])
        this._channels = list.channels
        this._instance = instance
        this._error = ''
        this.#follow()
      } catch (error) {
        this._error = messageOf(error)
      }
    }
    this.#later(() => this.#refresh())
  }

  #later(then: () => Promise<void>): void {
    clearTimeout(this.#timer)
    // Taken out of the page while an answer was waited for.
    if (this.isConnected) this.#timer = setTimeout(then, every)
  }

  /** The address says which channel is open, so that reload and back work. */
  #follow(): void {
    const wanted = slugIn(location.hash)
    const known = this._channels.some(({ slug }) => slug === wanted)
    this._slug = known ? wanted : (this._channels[0]?.slug ?? '')
  }

  #onChanged({ was, channel }: { was: string; channel: Channel }): void {
    this._channels = this._channels.map((one) => (one.slug === was ? channel : one))
    // Unless another one was opened meanwhile.
    if (was === this._slug && was !== channel.slug) location.hash = encodeURIComponent(channel.slug)
    this.#follow()
  }

  async #signOut(): Promise<void> {
    try {
      await api.signOut()
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
      <h1>Studio</h1>
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
    const onChanged = (event: CustomEvent<{ was: string; channel: Channel }>) => this.#onChanged(event.detail)
    return html`
      <div class="top">
        <h2>${channel.title}</h2>
        <span class="state"
          ><span class=${channel.live ? 'dot on' : 'dot'} aria-hidden="true"></span>${
            channel.live ? `Live, ${channel.viewers} watching` : 'Offline'
          }</span
        >
        <span class="grow"></span>
        <a class="button" href=${`/@${channel.slug}`} target="_blank" rel="noopener">Open the page</a>
      </div>
      <div class="cards">
        <div class="column">
          <studio-connect-card .slug=${channel.slug} .instance=${this._instance}></studio-connect-card>
          <studio-health-card .slug=${channel.slug}></studio-health-card>
          <studio-replays-card .slug=${channel.slug} .moment=${`${channel.live} ${channel.assetId}`}></studio-replays-card>
        </div>
        <div class="column">
          <studio-chat-card .channel=${channel} @changed=${onChanged}></studio-chat-card>
          <studio-latency-card .channel=${channel} @changed=${onChanged}></studio-latency-card>
          <studio-page-card .channel=${channel} @changed=${onChanged}></studio-page-card>
          <studio-ladder-card .slug=${channel.slug}></studio-ladder-card>
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
