import type { Channel } from '@bandstand/contract/api/channel.ts'
import type { Ban } from '@bandstand/contract/api/moderation.ts'
import { css, html, LitElement, nothing, type PropertyValues } from 'lit'
import { live } from 'lit/directives/live.js'
import '../chat/bandstand-chat.ts'
import { messageOf } from '../channel/request.ts'
import { buttons, fields } from '../style/forms.ts'
import { tokens } from '../style/tokens.ts'
import { api } from './api.ts'
import { studioStyles } from './styles.ts'

/** The chat as the owner sees it, its rules, and who is banned. Fires `changed`. Inside the studio only. */
export class StudioChatCard extends LitElement {
  static override properties = {
    channel: { attribute: false },
    _bans: { state: true },
    _wanted: { state: true },
    _error: { state: true },
  }
  declare channel: Channel | undefined
  declare _bans: readonly Ban[]
  /** What was pressed, until the server has answered. */
  declare _wanted: Partial<Channel['chat']> | undefined
  declare _error: string
  static override styles = [
    tokens,
    buttons,
    fields,
    studioStyles,
    css`
      bandstand-chat {
        height: 26rem;
        border: 1px solid var(--_line);
        border-radius: 10px;
        overflow: hidden;
      }
      .check {
        display: flex;
        gap: 0.5rem;
        align-items: center;
        min-height: 32px;
      }
      input[type='checkbox'] {
        width: 20px;
        height: 20px;
        accent-color: var(--_accent);
      }
      select {
        width: auto !important;
      }
      @media (hover: none) {
        .pointing {
          display: none;
        }
      }
      ul {
        margin: 0;
        padding: 0;
        list-style: none;
      }
    `,
  ]

  constructor() {
    super()
    this._bans = []
    this._error = ''
  }

  protected override willUpdate(changed: PropertyValues): void {
    const before = changed.get('channel') as Channel | undefined
    if (!changed.has('channel') || before?.slug === this.channel?.slug) return
    this._bans = []
    this._wanted = undefined
    this._error = ''
    void this.#load()
  }

  /** Carries something out and tells what went wrong, unless another channel is shown by then. */
  async #run(act: (slug: string) => Promise<void>): Promise<void> {
    const slug = this.channel?.slug
    if (!slug) return
    try {
      await act(slug)
      if (slug === this.channel?.slug) this._error = ''
    } catch (error) {
      if (slug === this.channel?.slug) this._error = messageOf(error)
    }
  }

  async #load(): Promise<void> {
    await this.#run(async (slug) => {
      const { bans } = await api.bans(slug)
      if (slug === this.channel?.slug) this._bans = bans
    })
  }

  async #set(chat: Partial<Channel['chat']>): Promise<void> {
    this._wanted = chat
    await this.#run(async (slug) => {
      const channel = await api.updateChannel(slug, { chat })
      this.dispatchEvent(new CustomEvent('changed', { detail: { was: slug, channel } }))
    })
    if (this._wanted === chat) this._wanted = undefined
  }

  async #lift(ban: Ban): Promise<void> {
    await this.#run(async (slug) => {
      await api.liftBan(slug, ban.id)
      await this.#load()
      await this.updateComplete
      // The button that was pressed has gone with its line.
      this.renderRoot.querySelector('h3')?.focus()
    })
  }

  override render() {
    const { channel } = this
    if (!channel) return nothing
    const { enabled, slowMode } = { ...channel.chat, ...this._wanted }
    return html`<section class="card" aria-labelledby="chat">
      <h2 id="chat">Chat</h2>
      <div class="row" style="gap:0.4rem 1.5rem">
        <label class="check"
          ><input
            type="checkbox"
            .checked=${live(enabled)}
            @change=${(event: Event) => this.#set({ enabled: (event.target as HTMLInputElement).checked })}
          />
          Open for everybody</label
        >
        <label class="check"
          >Slow mode
          <select .value=${live(String(slowMode))} @change=${(event: Event) => this.#set({ slowMode: Number((event.target as HTMLSelectElement).value) })}>
            ${[0, 3, 10, 30, 60, 300].map(
              (seconds) =>
                html`<option value=${seconds} ?selected=${slowMode === seconds}>
                  ${seconds === 0 ? 'off' : `one message in ${seconds} s`}
                </option>`,
            )}
          </select></label
        >
      </div>
      ${this._error ? html`<p class="error" role="status">${this._error}</p>` : nothing}
      <bandstand-chat channel=${channel.slug} @moderated=${() => this.#load()}></bandstand-chat>
      <div class="row">
        <h3 tabindex="-1">Banned</h3>
        <button type="button" class="quiet" @click=${() => this.#load()}>Refresh<span class="sr"> the list of bans</span></button>
      </div>
      ${
        this._bans.length === 0
          ? html`<p class="hint">
              Nobody. Each message has “Hide” and
              “Ban”<span class="pointing">, which appear when you point at it or go to it by keyboard</span>.
            </p>`
          : html`<ul>
              ${this._bans.map(
                (ban) =>
                  html`<li class="row">
                    <span class="fill"
                      >${ban.name}
                      <span class="hint"
                        >${new Date(ban.createdAt).toLocaleDateString()}${
                          ban.address ? ', with everybody at the same network address' : ''
                        }</span
                      ></span
                    >
                    <button type="button" @click=${() => this.#lift(ban)}>Let back in<span class="sr"> ${ban.name}</span></button>
                  </li>`,
              )}
            </ul>`
      }
    </section>`
  }
}

customElements.define('studio-chat-card', StudioChatCard)
