import { CLOSE_BANNED } from '@bandstand/contract/chat/close.ts'
import type { ServerMessage } from '@bandstand/contract/chat/server.ts'
import { CHAT_NAME_MAX, CHAT_TEXT_MAX } from '@bandstand/contract/limits.ts'
import { html, LitElement, nothing, type PropertyValues } from 'lit'
import { repeat } from 'lit/directives/repeat.js'
import { serverOf } from '../channel/address.ts'
import { type Feed, feedOf } from '../channel/feed.ts'
import { recall, remember } from '../player/preferences.ts'
import { buttons, fields } from '../style/forms.ts'
import { tokens } from '../style/tokens.ts'
import { type FindLinks, mayHoldLink, stretches } from './links.ts'
import { emptyLog, hidden, received, refused, rejoined, type Shown, said } from './log.ts'
import { banAuthor, hideMessage } from './moderation.ts'
import { chatStyles } from './styles.ts'

/** Closer to the bottom than this (px) the log follows new messages. */
const following = 48

/**
 * The chat of a channel: type a name and talk.
 *
 * | attribute | |
 * |---|---|
 * | `channel` | slug of the channel |
 * | `server` | origin of the Bandstand server; default: where the page came from |
 *
 * | slot | |
 * |---|---|
 * | `empty` | shown while nobody has said anything |
 *
 * | CSS custom property | |
 * |---|---|
 * | `--bandstand-surface`, `--bandstand-raised`, `--bandstand-line` | backgrounds and lines |
 * | `--bandstand-text`, `--bandstand-muted`, `--bandstand-accent` | text and buttons |
 */
export class BandstandChat extends LitElement {
  static override properties = {
    channel: { type: String },
    server: { type: String },
    _log: { state: true },
    _name: { state: true },
    _naming: { state: true },
    _owner: { state: true },
    _notice: { state: true },
    _connected: { state: true },
    _stopped: { state: true },
    _enabled: { state: true },
    _unread: { state: true },
    _find: { state: true },
  }
  declare channel: string
  declare server: string
  declare _log: typeof emptyLog
  declare _name: string | undefined
  declare _naming: boolean
  declare _owner: boolean
  declare _notice: string
  declare _connected: boolean
  /** Banned, or no such channel: it does not connect again by itself. */
  declare _stopped: string
  declare _enabled: boolean
  declare _unread: number
  declare _find: FindLinks | undefined

  static override styles = [tokens, buttons, fields, chatStyles]

  #feed: Feed | undefined
  #leave: (() => void) | undefined
  #follow = true
  #count = 0
  /** What was to be sent when the name was asked for. */
  #draft = ''
  /** What stands in the field when the form comes back. */
  #kept = ''

  constructor() {
    super()
    this.channel = ''
    this.server = ''
    this._log = emptyLog
    this._naming = false
    this._owner = false
    this._notice = ''
    this._connected = false
    this._stopped = ''
    this._enabled = true
    this._unread = 0
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    this.#leave?.()
    this.#leave = undefined
  }

  override connectedCallback(): void {
    super.connectedCallback()
    if (this.hasUpdated) this.#join()
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has('channel') || changed.has('server')) this.#join()
    if (changed.has('_log') && this.#follow) this.#toBottom()
  }

  #join(): void {
    this.#leave?.()
    if (!this.channel || !this.isConnected) return
    const server = serverOf(this.server, location.href)
    this.#feed = feedOf({ server, channel: this.channel })
    const tokenName = `chat-token ${server}`
    this.#leave = this.#feed.join({
      hello: () => {
        const token = recall(tokenName)
        const name = this._name ?? recall('chat-name')
        return { type: 'hello', chat: true, ...(token ? { token } : {}), ...(name ? { name } : {}) }
      },
      message: (message) => this.#onMessage(message, tokenName),
      closed: ({ code, final }) => {
        this._connected = false
        if (final && !this._stopped) {
          this._stopped = code === CLOSE_BANNED ? 'You cannot write in this chat.' : 'This channel is gone.'
        }
      },
    })
  }

  #onMessage(message: ServerMessage, tokenName: string): void {
    switch (message.type) {
      case 'welcome':
        this._connected = true
        this._stopped = ''
        this._enabled = message.settings.enabled
        if (message.you) {
          remember(tokenName, message.you.token)
          this._name = message.you.name ?? undefined
          this._owner = message.you.owner
        }
        this._log = rejoined(this._log, message.history, message.you?.id)
        this.#findLinks(message.history)
        return
      case 'messages':
        if (!this.#follow) this._unread += message.messages.length
        this._log = received(this._log, message.messages)
        this.#findLinks(message.messages)
        return
      case 'renamed':
        this._name = message.name
        this._naming = false
        this._notice = ''
        remember('chat-name', message.name)
        return this.#sendDraft()
      case 'hidden':
        this._log = hidden(this._log, message.ids)
        return
      case 'settings':
        this._enabled = message.settings.enabled
        return
      case 'banned':
        this._stopped = message.text
        return
      case 'error':
        if (message.clientId !== undefined) this._log = refused(this._log, message.clientId, message.text)
        else this._notice = message.text
        return
      case 'channel':
      case 'pong':
      // The feed deals with these.
    }
  }

  #findLinks(messages: readonly { readonly text: string }[]): void {
    if (this._find || !messages.some(({ text }) => mayHoldLink(text))) return
    import('linkifyjs').then(
      ({ find }) => {
        this._find = (text) => find(text, { defaultProtocol: 'https' })
      },
      // Links stay plain text until a later message asks again.
      () => undefined,
    )
  }

  /** Sends what was typed before the name was asked for. */
  #sendDraft(): void {
    const text = this.#draft
    this.#draft = ''
    if (text && !this.#say(text)) this.#kept = text
  }

  /** @returns whether it was sent */
  #say(text: string): boolean {
    const clientId = `c${Date.now().toString(36)}${(this.#count++).toString(36)}`
    if (!this.#feed?.send({ type: 'say', text, clientId })) {
      this._notice = 'Not connected just now. Your text is kept; try again in a moment.'
      return false
    }
    this._notice = ''
    const field = this.renderRoot.querySelector<HTMLInputElement>('#text')
    if (field) field.value = ''
    this.#follow = true
    this._log = said(this._log, {
      id: clientId,
      at: new Date().toISOString(),
      author: { id: '', name: this._name ?? '', owner: this._owner },
      text,
      clientId,
    })
    return true
  }

  #onSubmit(event: SubmitEvent): void {
    event.preventDefault()
    const text = this.renderRoot.querySelector<HTMLInputElement>('#text')?.value.trim() ?? ''
    if (!text) return
    if (this._name) this.#say(text)
    else this.#askName({ draft: text, kept: '' })
  }

  /** The form of the name takes the place of the text's. */
  #askName({ draft, kept }: { readonly draft: string; readonly kept: string }): void {
    this.#draft = draft
    this.#kept = kept
    this._naming = true
    this._notice = ''
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLInputElement>('#name')?.focus())
  }

  #changeName(): void {
    this.#askName({ draft: '', kept: this.renderRoot.querySelector<HTMLInputElement>('#text')?.value ?? '' })
  }

  #cancelName(): void {
    this.#kept ||= this.#draft
    this.#draft = ''
    this._naming = false
    this._notice = ''
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLInputElement>('#text')?.focus())
  }

  #onName(event: SubmitEvent): void {
    event.preventDefault()
    const name = this.renderRoot.querySelector<HTMLInputElement>('#name')?.value.trim() ?? ''
    if (!name) return
    if (name === this._name) {
      this._naming = false
      return
    }
    if (!this.#feed?.send({ type: 'rename', name })) this._notice = 'Not connected just now. Try again in a moment.'
  }

  #onScroll(event: Event): void {
    const log = event.target as HTMLElement
    this.#follow = log.scrollHeight - log.scrollTop - log.clientHeight < following
    if (this.#follow) this._unread = 0
  }

  #toBottom(): void {
    this._unread = 0
    this.#follow = true
    const log = this.renderRoot.querySelector('.log')
    if (log) log.scrollTop = log.scrollHeight
  }

  async #moderate(what: 'hide' | 'ban', message: Shown): Promise<void> {
    if (!this.#feed) return
    if (what === 'ban' && !confirm(`Ban ${message.author.name} from this chat and hide what they wrote?`)) return
    const act = what === 'hide' ? hideMessage : banAuthor
    this._notice = (await act(this.#feed.place, message.id)) ?? ''
  }

  #message(message: Shown) {
    const { author } = message
    const mine = this._owner && !message.pending && !message.refused
    return html`<li class=${message.refused ? 'refused' : message.pending ? 'pending' : ''}>
      <p>
        <time datetime=${message.at}>${timeOf(message.at)}</time>
        <b style="--hue:${hueOf(author.id || author.name)}" class=${author.owner ? 'owner' : ''}
          ><bdi>${author.name}</bdi>${author.owner ? html` <span class="badge">Host</span>` : nothing}</b
        >
        <span class="text" dir="auto"
          >${stretches(message.text, this._find).map((part) =>
            part.href
              ? html`<a href=${part.href} target="_blank" rel="noopener noreferrer nofollow ugc">${part.text}</a>`
              : part.text,
          )}</span
        >
      </p>
      ${message.refused ? html`<p class="why">Not sent: ${message.refused}</p>` : nothing}
      ${
        mine
          ? html`<span class="act">
              <button class="quiet" type="button" @click=${() => this.#moderate('hide', message)}
                >Hide<span class="sr"> message of ${author.name}</span></button
              >
              ${
                author.owner
                  ? nothing
                  : html`<button class="quiet" type="button" @click=${() => this.#moderate('ban', message)}
                      >Ban<span class="sr"> ${author.name}</span></button
                    >`
              }
            </span>`
          : nothing
      }
    </li>`
  }

  #foot() {
    if (this._stopped) return html`<p class="notice" role="status">${this._stopped}</p>`
    if (!this._enabled && !this._owner) return html`<p class="notice" role="status">The host has closed the chat.</p>`
    if (this._naming) {
      return html`<form @submit=${(event: SubmitEvent) => this.#onName(event)}>
        <label for="name">What should we call you?</label>
        <div class="row">
          <input
            id="name"
            autocomplete="nickname"
            maxlength=${CHAT_NAME_MAX}
            required
            .value=${this._name ?? recall('chat-name') ?? ''}
          />
          <button class="primary">${this.#draft ? 'Send' : 'Save'}</button>
          <button type="button" @click=${() => this.#cancelName()}>Cancel</button>
        </div>
        ${this._notice ? html`<p class="notice" role="alert">${this._notice}</p>` : nothing}
      </form>`
    }
    return html`<form @submit=${(event: SubmitEvent) => this.#onSubmit(event)}>
      ${this._notice ? html`<p class="notice" role="alert">${this._notice}</p>` : nothing}
      <label class="sr" for="text">Message</label>
      <div class="row">
        <input
          id="text"
          autocomplete="off"
          maxlength=${CHAT_TEXT_MAX}
          placeholder="Say something"
          enterkeyhint="send"
          .value=${this.#kept}
        />
        <button class="primary">Send</button>
      </div>
      ${
        this._name
          ? html`<p class="who">
              as <b>${this._name}</b>
              <button class="quiet small" type="button" @click=${() => this.#changeName()}>Change name</button>
            </p>`
          : nothing
      }
    </form>`
  }

  override render() {
    const { messages } = this._log
    return html`
      <div class="log" role="log" aria-live="polite" aria-label="Chat messages" tabindex="0" @scroll=${(event: Event) => this.#onScroll(event)}>
        ${
          messages.length === 0
            ? html`<slot name="empty"
                ><p class="empty">${this._connected ? 'Nobody has said anything yet. Be the first.' : 'Joining the chat …'}</p></slot
              >`
            : html`<ul>
                ${repeat(
                  messages,
                  (message) => message.id,
                  (message) => this.#message(message),
                )}
              </ul>`
        }
      </div>
      ${
        this._unread > 0
          ? html`<button class="unread primary" type="button" @click=${() => this.#toBottom()}>
              ${this._unread} new message${this._unread === 1 ? '' : 's'} ↓
            </button>`
          : nothing
      }
      ${
        !this._connected && messages.length > 0 && !this._stopped
          ? html`<p class="notice" role="status">Connection lost. Joining again …</p>`
          : nothing
      }
      <div class="foot">${this.#foot()}</div>
    `
  }
}

/** Local time of day; the full moment is in the element's `datetime`. */
function timeOf(at: string): string {
  const date = new Date(at)
  return Number.isNaN(date.getTime()) ? '' : date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
}

/** The same hue for the same chatter on every screen. */
function hueOf(id: string): number {
  let hash = 0
  for (const char of id) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) >>> 0
  return hash % 360
}

customElements.define('bandstand-chat', BandstandChat)
